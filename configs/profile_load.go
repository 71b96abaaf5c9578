package configs

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"
)

var profileName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// maxProfile is some 60,000 tokens, more than belongs in front of every question.
const maxProfile = 256 * KiB

// profileFile is one profile with where its keys stand, for what is found out later.
type profileFile struct {
	profile Profile
	decoder
}

// profileLoader reads files over one another.
type profileLoader struct {
	files    map[string]*profileFile
	problems Problems // of what has no file to be kept with
}

// LoadProfiles returns the shipped profiles, of which DefaultProfileName is one, and those of
// a folder by name, "" for no folder. A file replaces the shipped profile of its name. Files that do not end in .yaml or .yml,
// hidden files and folders are passed over. The error is Problems with every mistake in every
// file; there are then no profiles at all.
func LoadProfiles(dir string) (map[string]Profile, error) {
	l := profileLoader{files: map[string]*profileFile{DefaultProfileName: {profile: defaultProfile()}}}
	shipped, err := fs.Sub(shippedProfiles, "profiles")
	if err != nil {
		return nil, err
	}
	l.readFolder(shipped, "")
	if dir != "" {
		l.readFolder(os.DirFS(dir), dir)
	}
	l.checkVariants()
	out, problems := map[string]Profile{}, l.problems
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		f := l.files[name]
		out[name] = f.profile
		problems = append(problems, f.problems.sorted()...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return out, nil
}

func (l *profileLoader) readFolder(folder fs.FS, dir string) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		l.problems = append(l.problems, unreadable(dir, err))
		return
	}
	for _, e := range entries {
		ext := filepath.Ext(e.Name())
		if ext != ".yaml" && ext != ".yml" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		info, err := fs.Stat(folder, e.Name()) // through links: a ConfigMap's files are some
		if err == nil && !info.Mode().IsRegular() {
			continue
		}
		l.readFile(folder, e.Name(), dir)
	}
}

func (l *profileLoader) readFile(folder fs.FS, file, dir string) {
	origin := filepath.Join(dir, file)
	fail := func(p Problem) { l.problems = append(l.problems, p) }
	name := strings.TrimSuffix(file, filepath.Ext(file))
	data, err := readProfile(folder, file)
	switch first := l.files[name]; {
	case errors.Is(err, errTooLarge):
		fail(Problem{Origin: origin, Message: "is larger than " + maxProfile.String() + ": not a profile"})
		return
	case err != nil:
		fail(unreadable(origin, err))
		return
	case first != nil && first.profile.File != "":
		fail(Problem{Origin: origin, Message: "the profile " + name + " is in " + filepath.Base(first.origin) + " already"})
		return
	case !profileName.MatchString(name):
		fail(Problem{Origin: origin, Message: "a profile's name is 1 to 63 of a-z, 0-9 and -, the first a letter or digit"})
	}
	f := &profileFile{profile: emptyProfile(), decoder: decoder{origin: origin, root: reflect.TypeFor[Profile](), places: map[string]*token.Token{}}}
	f.decode(data, reflect.ValueOf(&f.profile).Elem(), "")
	if dir != "" {
		f.profile.File = origin
	}
	f.check()
	l.files[name] = f
}

var errTooLarge = errors.New("too large")

func readProfile(folder fs.FS, file string) ([]byte, error) {
	info, err := fs.Stat(folder, file)
	if err != nil {
		return nil, err
	}
	if info.Size() > int64(maxProfile) {
		return nil, errTooLarge
	}
	return fs.ReadFile(folder, file)
}

// check adds what is wrong with values, except where it is known already that there is none.
func (f *profileFile) check() {
	var k checks
	f.profile.check(&k)
	for _, key := range slices.Sorted(maps.Keys(f.places)) {
		alone := len(f.profile.Variants) == 0 || key == "" || strings.ContainsAny(key, ".[")
		k.that(alone || key == "variants" || key == "description", key, "stands beside variants, which are all that a profile of them has")
	}
	for _, p := range k.problems {
		if !slices.ContainsFunc(f.problems, func(known Problem) bool { return covers(known.Key, p.Key) }) {
			f.fail(p.Key, p.Message)
		}
	}
}

// covers reports whether key is, or is part of, what stands at whole.
func covers(whole, key string) bool {
	rest, ok := strings.CutPrefix(key, whole)
	return ok && (rest == "" || whole == "" || rest[0] == '.' || rest[0] == '[')
}

// fail adds a problem with a key, at its value or else at what it is missing from.
func (f *profileFile) fail(key, message string) {
	p := Problem{Origin: f.origin, Line: 1, Column: 1, Key: key, Message: message}
	for at := key; ; {
		if t := f.places[at]; t != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
			break
		}
		if at == "" {
			break
		}
		at = at[:max(0, strings.LastIndexAny(at, ".["))]
	}
	f.problems = append(f.problems, p)
}

// checkVariants wants each variant to be a profile, and none to lead back to where it came
// from.
func (l *profileLoader) checkVariants() {
	known := slices.Sorted(maps.Keys(l.files))
	for _, name := range known {
		f := l.files[name]
		for i, v := range f.profile.Variants {
			key := item("variants", i) + ".profile"
			switch way := l.wayBack(v.Profile, name); {
			case v.Profile == "":
			case !slices.Contains(known, v.Profile):
				f.fail(key, fmt.Sprintf("there is no profile %q%s", v.Profile, didYouMean(v.Profile, known)))
			case way != nil:
				f.fail(key, "leads back to "+name+": "+strings.Join(append([]string{name}, way...), " > "))
			}
		}
	}
}

// wayBack are the profiles passed from one to another by variants, nil when it is not
// reached.
func (l *profileLoader) wayBack(from, to string) []string {
	seen := map[string]bool{}
	var search func(at string) []string
	search = func(at string) []string {
		if at == to {
			return []string{at}
		}
		f := l.files[at]
		if f == nil || seen[at] {
			return nil
		}
		seen[at] = true
		for _, v := range f.profile.Variants {
			if way := search(v.Profile); way != nil {
				return append([]string{at}, way...)
			}
		}
		return nil
	}
	return search(from)
}
