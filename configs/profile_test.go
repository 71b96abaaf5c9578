package configs

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each folder testdata/profiles/MISTAKE has the exact message in testdata/profiles/MISTAKE.txt.
func TestBadProfilesSayWhatIsWrong(t *testing.T) {
	files, err := filepath.Glob("testdata/profiles/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad profiles: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			profiles, err := LoadProfiles(strings.TrimSuffix(file, ".txt"))
			if err == nil || profiles != nil {
				t.Fatalf("accepted, want:\n%s", want)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), filepath.ToSlash(err.Error())); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryRuleOfProfilesHasABadOne(t *testing.T) {
	free := map[string]bool{"instructions": true, "voice": true, "refusal": true}
	covered := map[string]bool{}
	index := regexp.MustCompile(`\[\d+\]`)
	folders, _ := filepath.Glob("testdata/profiles/*")
	for _, folder := range folders {
		_, err := LoadProfiles(folder)
		for _, p := range asProblems(err) {
			covered[index.ReplaceAllString(p.Key, "")] = true
		}
	}
	for path, v := range walk(reflect.ValueOf(new(Profile)).Elem(), "") {
		if !isSection(v.Type()) && !covered[path] && !free[path] && !strings.HasPrefix(path, "wording.") &&
			!covered[path+".user"] && !covered[path+".profile"] {
			t.Errorf("no profile below testdata/profiles has a mistake in %s", path)
		}
	}
}

func asProblems(err error) Problems {
	var ps Problems
	errors.As(err, &ps)
	return ps
}

func TestProfilesOfAFolderReplaceShippedOnes(t *testing.T) {
	shipped, err := LoadProfiles("")
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadProfiles("testdata/profiles/good")
	if err != nil {
		t.Fatal(err)
	}
	want := shipped
	want["code"] = Profile{
		Description: "Ours.", Instructions: "You help.\n\nMuch.", Rules: []string{"One", "Two, on lines"},
		Examples: []Example{{User: "a", Assistant: "b\n  c"}}, DynamicExamples: DynamicExamples{Collection: "answers", K: 3},
		Reasoning: "native", Effort: "low", Variables: []string{"date", "locale", "user", "tenant", "groups"}, TimeZone: "Europe/Zurich",
		Citations: "none", OnEmpty: "refuse", Refusal: "No.", Placement: "user",
		Wording:  Wording{Grounding: "g", Found: "f", Empty: "e", Close: "c"},
		Variants: []Variant{}, File: filepath.Join("testdata", "profiles", "good", "code.yaml"),
	}
	test := emptyProfile()
	test.Description, test.File = "A and B.", filepath.Join("testdata", "profiles", "good", "test.yml")
	test.Variants = []Variant{{"code", 1}, {"default", 3}}
	want["test"] = test
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// In ".", the shipped profiles and the folder's have the same paths.
func TestProfilesOfTheWorkingFolder(t *testing.T) {
	t.Chdir("testdata/profiles/good")
	got, err := LoadProfiles(".")
	if err != nil || got["code"].File != "code.yaml" {
		t.Errorf("%v, %v", got["code"], err)
	}
}

func TestShippedProfilesAreComplete(t *testing.T) {
	profiles, err := LoadProfiles("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"code", "customer-support", "internal-assistant", "product-descriptions", "regulated"} {
		p, ok := profiles[name]
		if !ok {
			t.Errorf("%s is not shipped", name)
			continue
		}
		for key, value := range map[string]string{"description": p.Description, "instructions": p.Instructions, "voice": p.Voice, "refusal": p.Refusal} {
			if isBlank(value) {
				t.Errorf("%s has no %s", name, key)
			}
		}
		if len(p.Rules) == 0 || len(p.Examples) == 0 {
			t.Errorf("%s has %d rules and %d examples", name, len(p.Rules), len(p.Examples))
		}
	}
	if p := profiles["regulated"]; p.OnEmpty != "refuse" {
		t.Errorf("regulated has on_empty %q", p.OnEmpty)
	}
}

func TestPrintedProfilesLoadAgain(t *testing.T) {
	want, err := LoadProfiles("testdata/profiles/good")
	if err != nil {
		t.Fatal(err)
	}
	odd := want["code"]
	odd.Voice, odd.Instructions = "  indented\n\nthen not: # no comment\n", "\"quoted\": [x]"
	odd.Rules = []string{"- dash", "yes", "12", "a: b", "' and \"", "trailing  \n  more"}
	want["odd"] = odd
	dir := t.TempDir()
	for name, p := range want {
		var b strings.Builder
		if err := p.Print(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := LoadProfiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range want {
		p.File = filepath.Join(dir, name+".yaml")
		if diff := cmp.Diff(p, got[name]); diff != "" {
			t.Errorf("%s (-printed +loaded):\n%s", name, diff)
		}
	}
}

func TestFolderThatIsNotThere(t *testing.T) {
	_, err := LoadProfiles("testdata/none")
	if want := "testdata/none: cannot be read: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestHugeProfileIsRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(file, []byte("voice: "+strings.Repeat("x", int(maxProfile))), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadProfiles(dir)
	if want := file + ": is larger than 256KiB: not a profile"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A ConfigMap is mounted as links into a hidden folder.
func TestLinkedProfilesAreRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "..data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "..data", "a.yaml"), []byte("voice: calm"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join("..data", "a.yaml"), filepath.Join(dir, "a.yaml")); err != nil {
		t.Skip("no links here: ", err)
	}
	got, err := LoadProfiles(dir)
	if err != nil || got["a"].Voice != "calm" {
		t.Errorf("%+v, %v", got["a"], err)
	}
}

// FuzzProfile holds that no file makes LoadProfiles panic, and that its problems say where
// they are.
func FuzzProfile(f *testing.F) {
	for _, seed := range []string{"", "a: &a [*a]", "variants: [{profile: a, weight: 1}]", "rules:\n- |\n  x", "examples: {}"} {
		f.Add(seed)
	}
	files, _ := filepath.Glob("profiles/*.yaml")
	for _, file := range files {
		if data, err := os.ReadFile(file); err == nil {
			f.Add(string(data))
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		profiles, err := LoadProfiles(dir)
		if (err == nil) == (profiles == nil) {
			t.Fatalf("%d profiles with the error %v", len(profiles), err)
		}
		for _, p := range asProblems(err) {
			if p.Origin == "" || p.Message == "" || p.Key != "" && p.Line == 0 {
				t.Fatalf("a problem without a place or a message: %+v", p)
			}
		}
	})
}
