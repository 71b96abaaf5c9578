package docs

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"ragway/configs"
)

// pages returns the text of every page by name.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(FS, "*.md")
	if err != nil || len(names) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	out := map[string]string{}
	for _, name := range names {
		data, err := fs.ReadFile(FS, name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(data)
	}
	return out
}

var link = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	all := pages(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if target := m[1]; !strings.Contains(target, "://") && all[path.Clean(target)] == "" {
				t.Errorf("%s links to %s, which is no page", name, target)
			}
		}
	}
}

func TestIndexLinksEveryPage(t *testing.T) {
	all := pages(t)
	for name := range all {
		if name != "index.md" && !strings.Contains(all["index.md"], "]("+name+")") {
			t.Errorf("index.md does not link %s", name)
		}
	}
}

func TestEveryPageHasOneTitle(t *testing.T) {
	for name, text := range pages(t) {
		inCode, titles := false, 0
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "```") {
				inCode = !inCode
			}
			if !inCode && strings.HasPrefix(line, "# ") {
				titles++
			}
		}
		if titles != 1 || inCode {
			t.Errorf("%s has %d titles, want 1 (code fence left open: %v)", name, titles, inCode)
		}
	}
}

var fence = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestConfigurationsInTheManualAreValid(t *testing.T) {
	seen := 0
	environment := func(name string) string {
		if strings.HasSuffix(name, "_API_KEY") && !strings.HasPrefix(name, configs.EnvPrefix) && !strings.HasPrefix(name, "OPENAI_") {
			return "a key"
		}
		return ""
	}
	for name, text := range pages(t) {
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(m[1], "---") || profile.MatchString(m[1]) { // front matter of a document
				continue
			}
			seen++
			c, err := configs.Load(configs.Sources{File: name, Data: []byte(m[1]), Getenv: environment})
			if err == nil {
				err = c.Validate()
			}
			if err != nil {
				t.Errorf("%s:\n%s%v", name, m[1], err)
			}
		}
	}
	if seen == 0 {
		t.Error("no configuration was read")
	}
}

// profile is the first line of a file with a prompt profile.
var profile = regexp.MustCompile(`^# ([a-z0-9-]+\.yaml)\n`)

func TestProfilesInTheManualAreValid(t *testing.T) {
	seen := 0
	for name, text := range pages(t) {
		dir := t.TempDir()
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			if file := profile.FindStringSubmatch(m[1]); file != nil {
				seen++
				if err := os.WriteFile(filepath.Join(dir, file[1]), []byte(m[1]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := configs.LoadProfiles(dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if seen == 0 {
		t.Error("no profile was read")
	}
}

func TestManualHasEveryKeyAndNameOfProfiles(t *testing.T) {
	page := pages(t)["profiles.md"]
	for i, p := 0, reflect.TypeFor[configs.Profile](); i < p.NumField(); i++ {
		if key := p.Field(i).Tag.Get("yaml"); key != "-" && !strings.Contains(page, "| `"+key+"` |") {
			t.Errorf("profiles.md has no line for %s", key)
		}
	}
	shipped, err := configs.LoadProfiles("")
	if err != nil {
		t.Fatal(err)
	}
	for name := range shipped {
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("profiles.md has no line for %s", name)
		}
	}
}

var variable = regexp.MustCompile(`\bRAGWAY_[A-Z0-9_]+`)

func TestVariablesInTheManualExist(t *testing.T) {
	for name, text := range pages(t) {
		for _, v := range variable.FindAllString(text, -1) {
			if complaint := configs.UnknownEnv([]string{v + "="}); complaint != nil {
				t.Errorf("%s: %s", name, complaint[0])
			}
		}
	}
}
