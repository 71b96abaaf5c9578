package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ignoreFiles are read in each folder of a walk; the rules of the second win.
var ignoreFiles = []string{".gitignore", ".ragwayignore"}

const (
	longestIgnoreFile = 1 << 20
	mostIgnoreRules   = 10_000 // in one file: each is tried on each name below
)

// ignoreRules are those of one folder, in the manner of gitignore(5). What git knows from
// elsewhere plays no part: folders above the one that is walked, .git/info/exclude and
// the user's own file.
type ignoreRules struct {
	folder string // relative to the root of the walk; "" is the root
	rules  []ignoreRule
}

type ignoreRule struct {
	path    *regexp.Regexp // of the path relative to the folder
	negated bool
	folders bool // matches folders only
}

// readIgnoreRules reads the ignore files in a folder. One that is there and cannot be
// read is an error: it may be what keeps a secret out.
func readIgnoreRules(dir, rel string) (ignoreRules, error) {
	r := ignoreRules{folder: rel}
	for _, name := range ignoreFiles {
		text, err := readIgnoreFile(filepath.Join(dir, name))
		if err != nil {
			return r, fmt.Errorf("%s: %w", name, withoutPath(err))
		}
		for l := range bytes.Lines(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
			if rule, ok := parseIgnoreRule(string(bytes.TrimRight(l, "\r\n"))); ok {
				r.rules = append(r.rules, rule)
			}
		}
		if len(r.rules) > mostIgnoreRules {
			return r, fmt.Errorf("%s: more than %d rules", name, mostIgnoreRules)
		}
	}
	return r, nil
}

func readIgnoreFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(bufio.NewReader(f), longestIgnoreFile+1))
	if err == nil && len(text) > longestIgnoreFile {
		err = fmt.Errorf("over the bound of %d bytes", longestIgnoreFile)
	}
	return text, err
}

// ignored reports whether the last rule that matches says so; a folder's own rules come
// after those of the folders above it. The caller does not look below an ignored folder,
// so nothing there can be taken back.
func ignored(stack []ignoreRules, rel string, folder bool) bool {
	for i := len(stack) - 1; i >= 0; i-- {
		below := rel
		if stack[i].folder != "" {
			below = strings.TrimPrefix(rel, stack[i].folder+"/")
		}
		for j := len(stack[i].rules) - 1; j >= 0; j-- {
			if r := stack[i].rules[j]; (folder || !r.folders) && r.path.MatchString(below) {
				return !r.negated
			}
		}
	}
	return false
}

// parseIgnoreRule reads one line; ok is false where it holds no rule, or one that matches
// nothing.
func parseIgnoreRule(text string) (r ignoreRule, ok bool) {
	if strings.HasPrefix(text, "#") {
		return r, false
	}
	text = norm.NFC.String(trimTrailingSpaces(text))
	text, r.negated = strings.CutPrefix(text, "!")
	text, r.folders = strings.CutSuffix(text, "/")
	anchored := strings.Contains(text, "/")
	text = strings.TrimPrefix(text, "/")
	if text == "" {
		return r, false
	}
	expr, ok := wildcardExpr(text)
	if !ok {
		return r, false
	}
	if !anchored {
		expr = `(?:.*/)?` + expr
	}
	var err error
	r.path, err = regexp.Compile(`^(?s:` + expr + `)$`)
	return r, err == nil
}

// trimTrailingSpaces keeps a space behind a backslash.
func trimTrailingSpaces(s string) string {
	t := strings.TrimRight(s, " ")
	slashes := len(t) - len(strings.TrimRight(t, `\`))
	if len(t) < len(s) && slashes%2 == 1 {
		t += " "
	}
	return t
}

// wildcardExpr is the pattern as a regular expression, which matches in linear time
// whatever the pattern is.
func wildcardExpr(p string) (expr string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(p); {
		start := i == 0 || p[i-1] == '/'
		switch rest := p[i:]; {
		case start && strings.HasPrefix(rest, "**/"):
			b.WriteString(`(?:.*/)?`)
			i += 3
		case start && rest == "**":
			b.WriteString(`.+`)
			i += 2
		case rest[0] == '*':
			b.WriteString(`[^/]*`)
			i += len(rest) - len(strings.TrimLeft(rest, "*"))
		case rest[0] == '?':
			b.WriteString(`[^/]`)
			i++
		case rest[0] == '[':
			class, n := wildcardClass(rest)
			if n == 0 {
				return "", false
			}
			b.WriteString(class)
			i += n
		case rest[0] == '\\' && len(rest) == 1:
			return "", false
		default:
			if rest[0] == '\\' {
				i, rest = i+1, rest[1:]
			}
			_, n := utf8.DecodeRuneInString(rest)
			b.WriteString(regexp.QuoteMeta(rest[:n]))
			i += n
		}
	}
	return b.String(), true
}

var classEnd = regexp.MustCompile(`^\[[!^]?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]`)

// wildcardClass is a bracket expression and its length, 0 when it is never closed. It
// does not match a slash.
func wildcardClass(p string) (class string, n int) {
	whole := classEnd.FindString(p)
	if whole == "" {
		return "", 0
	}
	in := whole[1 : len(whole)-1]
	not := in != "" && (in[0] == '!' || in[0] == '^')
	if not {
		in = in[1:]
	}
	var b strings.Builder
	for in != "" {
		if name, rest, named := strings.Cut(strings.TrimPrefix(in, "[:"), ":]"); named && strings.HasPrefix(in, "[:") {
			b.WriteString("[:" + name + ":]")
			in = rest
			continue
		}
		var first, last rune
		first, in = classChar(in)
		last = first
		if len(in) > 1 && in[0] == '-' {
			last, in = classChar(in[1:])
		}
		writeRange(&b, first, min(last, '/'-1))
		writeRange(&b, max(first, '/'+1), last)
	}
	switch {
	case not:
		return `[^/` + b.String() + `]`, len(whole)
	case b.Len() == 0:
		return `[^\x00-\x{10FFFF}]`, len(whole) // matches nothing
	}
	return `[` + b.String() + `]`, len(whole)
}

func classChar(s string) (char rune, rest string) {
	if s[0] == '\\' && len(s) > 1 {
		s = s[1:]
	}
	char, n := utf8.DecodeRuneInString(s)
	return char, s[n:]
}

func writeRange(b *strings.Builder, first, last rune) {
	if first <= last {
		fmt.Fprintf(b, `\x{%x}-\x{%x}`, first, last)
	}
}
