package source

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestIgnorePatterns holds the rules and examples of gitignore(5), and real git to the
// same answers where there is one.
func TestIgnorePatterns(t *testing.T) {
	tests := map[string]struct {
		rules string
		out   []string // what is ignored
		in    []string
	}{
		"name at any level":         {"hello.*", []string{"hello.txt", "a/hello.java", "hello.d/x"}, []string{"a/shello.txt"}},
		"leading slash":             {"/hello.*", []string{"hello.txt", "hello.c"}, []string{"a/hello.java"}},
		"directory only":            {"foo/", []string{"foo/x", "a/foo/y"}, []string{"b/foo"}},
		"middle slash":              {"doc/frotz", []string{"doc/frotz"}, []string{"a/doc/frotz"}},
		"middle slash, directory":   {"doc/frotz/", []string{"doc/frotz/x"}, []string{"a/doc/frotz/x"}},
		"name, directory":           {"frotz/", []string{"frotz/x", "a/frotz/x"}, []string{"b/frotz"}},
		"star stops at a slash":     {"foo/*", []string{"foo/test.json", "foo/bar/hello.c"}, []string{"a/foo/b"}},
		"leading stars":             {"**/foo", []string{"foo", "a/foo", "a/b/foo"}, []string{"a/foob"}},
		"leading stars, path":       {"**/foo/bar", []string{"foo/bar", "a/foo/bar/x"}, []string{"foo/a/bar"}},
		"trailing stars":            {"abc/**", []string{"abc/x", "abc/d/y"}, []string{"a/abc/x"}},
		"stars between":             {"a/**/b", []string{"a/b", "a/x/b", "a/x/y/b"}, []string{"a/xb", "c/a/b"}},
		"other stars are one":       {"a**b", []string{"ab", "axxb", "c/ab"}, []string{"a/b"}},
		"negation":                  {"*.log\n!keep.log", []string{"a.log", "d/b.log"}, []string{"keep.log", "d/keep.log"}},
		"negation, order":           {"!keep.log\n*.log", []string{"keep.log"}, []string{"x"}},
		"negation under a folder":   {"d/\n!d/keep", []string{"d/keep", "d/x"}, []string{"x"}},
		"all but one folder":        {"/*\n!/foo\n/foo/*\n!/foo/bar", []string{"x", "foo/x", "y/z"}, []string{"foo/bar/z"}},
		"comment, blank, escapes":   {"#no\n\n\\#hash\n\\!bang", []string{"#hash", "!bang"}, []string{"no", "#no"}},
		"trailing spaces":           {"a  \nb\\ ", []string{"a", "b "}, []string{"b", "a  "}},
		"line ends":                 {"a\r\nb\n", []string{"b"}, []string{"c"}},
		"question mark":             {"a?c", []string{"abc", "d/axc"}, []string{"ac", "a/c"}},
		"classes":                   {"[abc].[!x-z]\n[[:digit:]]k", []string{"a.a", "c.w", "7k"}, []string{"d.a", "a.x", "ak"}},
		"class holds no slash":      {"a[+-0]b\nc[!x]d", []string{"a+b", "a0b", "cyd"}, []string{"a/b", "c/d", "cxd"}},
		"class of signs":            {"[]a]1\n[a\\]b]2\n[\\d]3\n[^a]4", []string{"]1", "a1", "]2", "d3", "b4"}, []string{"b1", "c2", "73", "a4"}},
		"backslash":                 {"\\a\\*b", []string{"a*b"}, []string{"axb"}},
		"dot is a dot":              {"a.b", []string{"a.b"}, []string{"axb"}},
		"broken patterns":           {"[a\nb\\\n[]\nok", []string{"ok"}, []string{"a", "b", "[a"}},
		"slash alone":               {"/\n//\n!", nil, []string{"a", "b/c"}},
		"name of a folder and file": {"build", []string{"build/x", "a/build"}, []string{"builds"}},
		"other letters":             {"café\nüber*", []string{"café", "überall"}, []string{"cafe"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{".gitignore": tt.rules}
			for _, f := range slices.Concat(tt.out, tt.in) {
				files[f] = "x"
			}
			root := tree(t, files)
			var got []string
			for _, o := range list(t, mustOpen(t, root, Options{})) {
				got = append(got, strings.TrimPrefix(o.URI, "docs/"))
			}
			want := slices.Sorted(slices.Values(tt.in))
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(got))); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(slices.Sorted(slices.Values(tt.out)), gitIgnores(t, root, slices.Concat(tt.in, tt.out))); diff != "" {
				t.Errorf("git thinks otherwise: %s", diff)
			}
		})
	}
}

// gitIgnores asks the real one which of the paths it ignores.
func gitIgnores(t *testing.T, root string, paths []string) []string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here: ", err)
	}
	git := func(stdin string, args ...string) string {
		cmd := exec.Command("git", append([]string{"-C", root, "-c", "core.excludesFile=", "-c", "core.ignoreCase=false"}, args...)...)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
			t.Fatal(args, err)
		}
		return string(out)
	}
	git("", "init", "-q")
	out := git(strings.Join(paths, "\x00"), "check-ignore", "-z", "--stdin")
	if out == "" {
		return nil
	}
	return slices.Sorted(strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00"))
}

func TestIgnoreFilesOfInnerFoldersAndOurOwn(t *testing.T) {
	root := tree(t, map[string]string{
		".gitignore": "*.log\nout/", "a/.gitignore": "!keep.log\n/only", "a/only": "x", "a/b/only": "x", "a/keep.log": "x", "a/b/keep.log": "x",
		"keep.log": "x", "out/x": "x", ".ragwayignore": "!shown.log\ndraft", "shown.log": "x", "draft/x": "x", "a/draft": "x",
	})
	uris := func(s Source) (out []string) {
		for _, o := range list(t, s) {
			out = append(out, o.URI)
		}
		return out
	}
	want := []string{"docs/a/b/keep.log", "docs/a/b/only", "docs/a/keep.log", "docs/shown.log"}
	if diff := cmp.Diff(want, uris(mustOpen(t, root, Options{}))); diff != "" {
		t.Error(diff)
	}
	if got := uris(mustOpen(t, root, Options{NoIgnore: true})); len(got) != 9 {
		t.Errorf("with NoIgnore: %q", got)
	}
	if got := uris(mustOpen(t, filepath.Join(root, "keep.log"), Options{})); len(got) != 1 {
		t.Errorf("a file named itself: %q", got)
	}
	folder := mustOpen(t, root, Options{}).(*folder)
	if !folder.Covers("docs/keep.log") {
		t.Error("an ignored document is not the folder's any more: it could never be pruned")
	}
}

func TestIgnoreFileThatCannotBeReadClosesItsFolder(t *testing.T) {
	root := tree(t, map[string]string{"a/.gitignore": strings.Repeat("x\n", longestIgnoreFile/2+1), "a/secret": "s", "b/.gitignore": strings.Repeat("x\n", mostIgnoreRules+1), "b/x": "x", "c": "c"})
	want := []offered{
		{URI: "docs/a", Err: "unreadable: .gitignore: over the bound of 1048576 bytes"},
		{URI: "docs/b", Err: "unreadable: .gitignore: more than 10000 rules"}, {URI: "docs/c", Text: "c"},
	}
	if diff := cmp.Diff(want, list(t, mustOpen(t, root, Options{}))); diff != "" {
		t.Error(diff)
	}
	if err := os.WriteFile(filepath.Join(root, ".ragwayignore"), []byte(strings.Repeat("x\n", mostIgnoreRules+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	got := list(t, mustOpen(t, root, Options{}))
	if len(got) != 1 || got[0].URI != "" || got[0].Err != ".ragwayignore: more than 10000 rules" {
		t.Errorf("%+v", got)
	}
}

// FuzzIgnore holds every pattern to: no panic, and what ignores a file ignores a
// folder of its name.
func FuzzIgnore(f *testing.F) {
	for _, seed := range []string{"*.log", "!a/", "/a/**/b", "[!a-z]", "[[:alpha:]", "a\\", "[]-]", "**", "[a-\\]]", "\xff[\xfe-z]"} {
		f.Add(seed, "a/b.log")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		rule, ok := parseIgnoreRule(pattern)
		if !ok {
			return
		}
		stack := []ignoreRules{{rules: []ignoreRule{rule}}}
		if ignored(stack, name, false) && !ignored(stack, name, true) {
			t.Error("a file of the name is ignored, and a folder is not")
		}
	})
}
