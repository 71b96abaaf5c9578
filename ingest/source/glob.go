package source

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// pattern is a glob cut at its slashes. Each segment is a path.Match pattern; "**" matches
// any number of folders, none included.
type pattern struct{ segments []string }

func openGlob(abs string, o Options) (Source, error) {
	if o.Name == "" {
		return nil, fmt.Errorf("a glob %w", ErrNeedsName)
	}
	root, glob, err := splitGlob(abs)
	if err != nil {
		return nil, err
	}
	name, err := checkName(o.Name)
	if err != nil {
		return nil, err
	}
	return &folder{name: name, root: root, glob: glob, text: newDecoded(o), o: o}, nil
}

// splitGlob cuts the folder without a pattern off the front.
func splitGlob(abs string) (root string, _ *pattern, err error) {
	parts := strings.Split(filepath.ToSlash(abs), "/")
	fixed := 0
	for fixed < len(parts)-1 && !strings.ContainsAny(parts[fixed], `*?[`) {
		fixed++
	}
	p := &pattern{}
	for _, s := range parts[fixed:] {
		s = norm.NFC.String(s)
		if _, err := path.Match(s, ""); err != nil {
			return "", nil, fmt.Errorf("pattern %q: %w", s, err)
		}
		p.segments = append(p.segments, s)
	}
	root = filepath.FromSlash(strings.Join(parts[:fixed], "/"))
	if root == "" || strings.HasSuffix(root, ":") {
		root += string(filepath.Separator)
	}
	return root, p, nil
}

// matches reports whether the relative path of a file is one of the glob's.
func (p *pattern) matches(rel string) bool {
	return match(p.segments, strings.Split(rel, "/"), false)
}

// mayHold reports whether a file below the folder rel could be one of the glob's.
func (p *pattern) mayHold(rel string) bool {
	return match(p.segments, strings.Split(rel, "/"), true)
}

// match matches names against segments; with prefix set it is enough that the names are
// the beginning of something that matches.
func match(segments, names []string, prefix bool) bool {
	for len(segments) > 0 {
		if len(names) == 0 {
			return prefix || len(segments) == 1 && segments[0] == "**"
		}
		if segments[0] == "**" {
			if match(segments[1:], names, prefix) {
				return true
			}
			names = names[1:]
			continue
		}
		if ok, err := path.Match(segments[0], names[0]); err != nil || !ok {
			return false
		}
		segments, names = segments[1:], names[1:]
	}
	return len(names) == 0
}
