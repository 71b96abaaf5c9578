package extract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest/extract"
)

func TestCodeIsCutAtDefinitions(t *testing.T) {
	tests := map[string]struct {
		name, in string
		want     []string // the first line of each block, and its header
	}{
		"Go, which has empty lines in literals": {"a.go", "// Package a is.\npackage a\n\nconst s = `x\n\ny`\n\n// B does.\nfunc B(\n\tx int,\n) {\n\n\tc()\n}\n",
			[]string{"// Package a is.|package a", "const s = `x|const s = `x", "// B does.|func B("}},
		"Go that does not parse": {"a.go", "package a\n\nfunc (\n", []string{"package a|package a", "func (|func ("}},
		"Python": {"a.py", "import x\n\n\n@cached\n# why\ndef f(a):\n    b\n\n    c\n\nclass D:\n    pass\n",
			[]string{"import x|import x", "@cached|def f(a):", "class D:|class D:"}},
		"TypeScript": {"a.ts", "/** Doc.\n * more */\nexport function f() {\n  a;\n\n  b;\n}\n\nconst c = 1;\n", []string{"/** Doc.|export function f() {", "const c = 1;|const c = 1;"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := textOf(t, tt.name, tt.in)
			var blocks []string
			runes := []rune(got.Text)
			for _, b := range got.Blocks {
				first, _, _ := strings.Cut(string(runes[b.Start:b.End]), "\n")
				blocks = append(blocks, first+"|"+b.Header)
			}
			if diff := cmp.Diff(tt.want, blocks); diff != "" {
				t.Errorf("blocks (-want +got):\n%s", diff)
			}
		})
	}
}

// Frames are told by the pages they are on, which takes a document of pages to test: the
// reader of PDFs hands each page's text to the same function.
func TestRunningHeadersAndFootersAreToldOnce(t *testing.T) {
	page := func(n, body string) string {
		return "Annual Report\r\nChapter One\r\n" + body + "\r\nConfidential\r\n" + n + "\r\n"
	}
	tests := map[string]struct{ in, want []string }{
		"many pages": {[]string{page("1", "first text"), page("2", "second text"), page("3", "third text")},
			[]string{"Annual Report\nChapter One\nfirst text\nConfidential\n", "second text\n", "third text\n"}},
		"two pages":            {[]string{page("1", "a"), page("2", "b")}, []string{page("1", "a"), page("2", "b")}},
		"text that is its own": {[]string{"a\nx", "b\ny", "c\nz"}, []string{"a\nx", "b\ny", "c\nz"}},
		"numbers of their own": {[]string{"Total 41\n-- 1 --", "Total 77\n-- 2 --", "Total 13\n-- 3 --"}, []string{"Total 41", "Total 77", "Total 13"}},
		"number in the header": {[]string{"Report 2024 5\na", "Report 2024 6\nb", "Report 2024 7\nc"}, []string{"Report 2024 5\na", "b", "c"}},
		"page of pages":        {[]string{"a\nPage 1 of 3", "b\nPage 2 of 3", "c\nPage 3 of 3"}, []string{"a", "b", "c"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			extract.WithoutFrames(tt.in)
			if diff := cmp.Diff(tt.want, tt.in); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
}
