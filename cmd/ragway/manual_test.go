package main

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"ragway/docs"
)

func newGrammar(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(new(grammar), kong.Name("ragway"))
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// manual is the text of the README and of every page by name.
func manual(t *testing.T) map[string]string {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"README.md": string(readme)}
	names, err := fs.Glob(docs.FS, "*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		page, err := fs.ReadFile(docs.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(page)
	}
	return pages
}

func TestManualNamesEveryCommandAndFlag(t *testing.T) {
	page := manual(t)["cli.md"]
	for _, command := range newGrammar(t).Model.Leaves(true) {
		for _, word := range strings.Fields(command.Path()) {
			if !strings.Contains(page, word) {
				t.Errorf("cli.md does not name %q of %s", word, command.FullPath())
			}
		}
		for _, flags := range command.AllFlags(true) {
			for _, f := range flags {
				name := "--" + f.Name
				if len(f.Name) == 1 {
					name = "-" + f.Name
				}
				if f.Name != "help" && !strings.Contains(page, "`"+name) {
					t.Errorf("cli.md does not name %s of %s", name, command.FullPath())
				}
			}
		}
	}
}

var (
	shellBlock   = regexp.MustCompile("(?s)```sh\n(.*?)```")
	inlineScript = regexp.MustCompile("`(ragway [^`]+)`")
	runsRagway   = regexp.MustCompile(`(?m)(?:^|&& |\| |=\S+ )(?:bin/)?ragway ([^#&|>\n]+)`)
	anything     = strings.NewReplacer("'", "", `"`, "", "…", "", "[", "", "]", "")
)

func TestCommandsInTheManualAreUnderstood(t *testing.T) {
	seen := 0
	for name, page := range manual(t) {
		var scripts []string
		for _, re := range []*regexp.Regexp{shellBlock, inlineScript} {
			for _, m := range re.FindAllStringSubmatch(page, -1) {
				scripts = append(scripts, m[1])
			}
		}
		for _, m := range runsRagway.FindAllStringSubmatch(strings.Join(scripts, "\n"), -1) {
			args := strings.Fields(anything.Replace(m[1]))
			if args[len(args)-1] == "--help" { // would end the test
				continue
			}
			seen++
			_, err := newGrammar(t).Parse(args)
			if err != nil && !strings.HasPrefix(err.Error(), "expected ") { // running text leaves out arguments
				t.Errorf("%s: ragway %s: %v", name, m[1], err)
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d commands found", seen)
	}
}
