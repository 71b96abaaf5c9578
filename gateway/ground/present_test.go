package ground

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"
)

var styles = []Style{Annotations, Links, Footnotes, None}

// library is what the numbers stand for in tests: 2 and 3 are passages of one page, 12 has
// nothing to link, 120 has nothing at all.
func library(n int) Source {
	return map[int]Source{
		1:  {URL: "https://docs.example/a_b?x=1&y=(2)#p=3", Title: "A [draft] *plan*"},
		2:  {URL: "/v1/documents/7", Title: "Leave"},
		3:  {URL: "/v1/documents/7", Title: "Leave"},
		12: {URL: "javascript:alert(1)", Title: "Notes"},
	}[n]
}

func styled(s Style) Options {
	o := testOptions()
	o.Style, o.Lookup = s, library
	return o
}

func TestMarkersGoOutInTheirStyle(t *testing.T) {
	tests := []struct {
		name, text string
		want       map[Style]string
	}{
		{"one", "Ten days [1].", map[Style]string{
			Links:     "Ten days [[1]](https://docs.example/a_b?x=1&y=%282%29#p=3).",
			Footnotes: "Ten days [^1].\n\n[^1]: [A \\[draft\\] \\*plan\\*](https://docs.example/a_b?x=1&y=%282%29#p=3)",
			None:      "Ten days.",
		}},
		{"several in one", "Ten [1, 9, 2] days.", map[Style]string{
			Links:     "Ten [[1]](https://docs.example/a_b?x=1&y=%282%29#p=3)[[2]](/v1/documents/7) days.",
			Footnotes: "Ten [^1][^2] days.\n\n[^1]: [A \\[draft\\] \\*plan\\*](https://docs.example/a_b?x=1&y=%282%29#p=3)\n[^2]: [Leave](/v1/documents/7)",
			None:      "Ten days.",
		}},
		{"passages of one page", "Ten [2] or [3] [2, 3].", map[Style]string{
			Links:     "Ten [[2]](/v1/documents/7) or [[3]](/v1/documents/7) [[2]](/v1/documents/7)[[3]](/v1/documents/7).",
			Footnotes: "Ten [^2] or [^2] [^2].\n\n[^2]: [Leave](/v1/documents/7)",
			None:      "Ten or.",
		}},
		{"nothing to link", "Ten [12][120].\n", map[Style]string{
			Links:     "Ten [12][120].\n",
			Footnotes: "Ten [^12][^120].\n\n[^12]: Notes\n[^120]: Source",
			None:      "Ten.\n",
		}},
		{"other spellings", "A 【2†source】 b [^2^] c [doc2] d [[2]](https://made.up) e.", map[Style]string{
			Annotations: "A 【2†source】 b [^2^] c [doc2] d [[2]](https://made.up) e.",
			Links:       "A [[2]](/v1/documents/7) b [[2]](/v1/documents/7) c [[2]](/v1/documents/7) d [[2]](/v1/documents/7) e.",
			Footnotes:   "A [^2] b [^2] c [^2] d [^2] e.\n\n[^2]: [Leave](/v1/documents/7)",
			None:        "A b c d e.",
		}},
		{"blanks of a list", "Ten [1], [2] and (see [2], [9]).", map[Style]string{
			Links: "Ten [[1]](https://docs.example/a_b?x=1&y=%282%29#p=3), [[2]](/v1/documents/7) and (see [[2]](/v1/documents/7)).",
			None:  "Ten and (see).",
		}},
		{"at the start of a line", "[2] says\n- [2] says", map[Style]string{None: "says\n- says"}},
		{"no image", "Great![2]", map[Style]string{
			Annotations: "Great![2]",
			Links:       "Great! [[2]](/v1/documents/7)",
			Footnotes:   "Great! [^2]\n\n[^2]: [Leave](/v1/documents/7)",
			None:        "Great!",
		}},
		{"cut within a link", "Ten [[2]](https://docs.exa", map[Style]string{
			Annotations: "Ten [[2]](https://docs.exa", Links: "Ten [[2]](https://docs.exa", None: "Ten [[2]](https://docs.exa",
		}},
		{"no link", "Ten [[2]](see the annex).", map[Style]string{Links: "Ten [[2]](see the annex).", None: "Ten [[2]](see the annex)."}},
		{"nothing cited", "Ten.\n", map[Style]string{Annotations: "Ten.\n", Links: "Ten.\n", Footnotes: "Ten.\n", None: "Ten.\n"}},
		{"notes behind open code", "See [2].\n```go\nx[2]", map[Style]string{
			Footnotes: "See [^2].\n```go\nx[2]\n```\n\n[^2]: [Leave](/v1/documents/7)",
		}},
		{"notes behind closed code", "See [2].\n```go\nx[2]\n```", map[Style]string{
			Footnotes: "See [^2].\n```go\nx[2]\n```\n\n[^2]: [Leave](/v1/documents/7)",
		}},
	}
	for _, test := range tests {
		for style, want := range test.want {
			got, _, _ := Cite(test.text, styled(style))
			if got != want {
				t.Errorf("%s, %s: Cite(%q) =\n%q, want\n%q", test.name, style, test.text, got, want)
			}
		}
	}
}

func TestCountsDoNotDependOnTheStyle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := answers().Draw(t, "text")
		_, want, counts := Cite(text, styled(Annotations))
		for _, style := range styles {
			_, got, n := Cite(text, styled(style))
			if n != counts || len(got) != len(want) {
				t.Fatalf("%s: %d citations and %v, want %d and %v", style, len(got), n, len(want), counts)
			}
			for i := range got {
				if got[i].Source != want[i].Source {
					t.Fatalf("%s: citation %d is of %d, want %d", style, i, got[i].Source, want[i].Source)
				}
			}
		}
	})
}

// What a citation's offsets have to point at.
var shown = map[Style]*regexp.Regexp{
	Links:     regexp.MustCompile(`^\[\[\d+\]\]\([^\s()]+\)$|^\[\d+\]$`),
	Footnotes: regexp.MustCompile(`^\[\^\d+\]$`),
	None:      regexp.MustCompile(`^$`),
}

func TestOffsetsAreOfTheTextPutOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := answers().Filter(utf8.ValidString).Draw(t, "text")
		for _, style := range styles {
			out, citations, _ := Cite(text, styled(style))
			runes := []rune(out)
			for _, c := range citations {
				chars, bytes := string(runes[c.Start:c.End]), out[c.ByteStart:c.ByteEnd]
				if chars != bytes {
					t.Fatalf("%s: %q in characters, %q in bytes", style, chars, bytes)
				}
				if re := shown[style]; re != nil && !re.MatchString(chars) {
					t.Fatalf("%s: %+v points at %q of %q", style, c, chars, out)
				}
			}
		}
	})
}

func TestNoStyleDependsOnThePieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := answers().Draw(t, "text")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 60).Draw(t, "sizes")
		for _, style := range styles {
			want, citations, counts := Cite(text, styled(style))
			got, c := cutsOf(text, sizes, styled(style))
			if got != want {
				t.Fatalf("%s: in pieces %q, whole %q", style, got, want)
			}
			if diff := cmp.Diff(citations, c.Citations()); diff != "" || c.Counts() != counts {
				t.Fatalf("%s: counts %v and %v, citations (-whole +pieces):\n%s", style, counts, c.Counts(), diff)
			}
		}
	})
}

// hostile generates titles and addresses that try to break out of a link.
func hostile() *rapid.Generator[string] {
	pieces := []string{"]", "[", "(", ")", "](", "![", "<", ">", "\\", "`", "*", "_", "|", "&", "&lt;", "\n", "\r\n\n", " ", "\"", "'", "javascript:", "data:", "http://evil.example/", "x", "é", "\u202e", "\x00", "^1", ":", "#", "- ", "~~~", "</a>", "<script>"}
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 3, -1)), 0, 12), func(s []string) string { return strings.Join(s, "") })
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote))

func TestNoSourceBreaksOutOfItsLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := Source{URL: "https://docs.example/" + hostile().Draw(t, "url"), Title: "x" + hostile().Draw(t, "title")}
		o := Options{Sources: []int{1}, Style: rapid.SampledFrom([]Style{Links, Footnotes}).Draw(t, "style"), Lookup: func(int) Source { return src }}
		out, _, _ := Cite("Before [1] after.", o)
		var links []string
		root := markdown.Parser().Parse(text.NewReader([]byte(out)))
		err := ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			switch n := n.(type) {
			case *ast.Link:
				if entering {
					links = append(links, string(n.Destination))
				}
				return ast.WalkSkipChildren, nil
			case *ast.Document, *ast.Paragraph, *ast.Text, *ast.TextBlock, *east.FootnoteList, *east.Footnote, *east.FootnoteLink, *east.FootnoteBacklink:
			default:
				return ast.WalkStop, fmt.Errorf("a %s in %q", n.Kind(), out)
			}
			return ast.WalkContinue, nil
		})
		if err != nil || len(links) != 1 || !strings.HasPrefix(links[0], "https://docs.example/") {
			t.Fatalf("links %q, error %v, in %q", links, err, out)
		}
	})
}

func TestOnlyAddressesOfPagesAreLinked(t *testing.T) {
	for url, want := range map[string]string{
		"https://a.example/b c":      "https://a.example/b%20c",
		"HTTP://a.example":           "HTTP://a.example",
		" https://a.example ":        "https://a.example",
		"https://[::1]:8080/x":       "https://[::1]:8080/x",
		"https://a.example/ü%20(x)":  "https://a.example/ü%20%28x%29",
		"https://a.example/\u202ex|": "https://a.example/%E2%80%AEx%7C",
		"/v1/documents/1":            "/v1/documents/1",
		"//evil.example":             "",
		`/\evil.example`:             "",
		"javascript:alert(1)":        "",
		"JavaScript:alert(1)":        "",
		"java\nscript:alert(1)":      "",
		"data:text/html,x":           "",
		"vbscript:x":                 "",
		"file:///etc/passwd":         "",
		"docs/leave.md":              "",
		"":                           "",
	} {
		if got := linkTarget(url); got != want {
			t.Errorf("linkTarget(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestHistoryWithLinksAndNotesCounts(t *testing.T) {
	for text, want := range map[string]int{
		"Ten [[3]](https://docs.example/x) days.": 3,
		"Ten [^4] days.\n\n[^4]: [Leave](/x)":     4,
		"Ten [[5]](":                              0,
	} {
		if got := MaxMarker(text); got != want {
			t.Errorf("MaxMarker(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestDataIsLeftAlone(t *testing.T) {
	for _, data := range []string{
		`{"rows":[[9],[8]],"note":"see [7]"}`,
		" \n{ \"a\": [9]}",
		"{}",
		`["a [9]", "b"]`,
		`[{"a":[9]}]`,
		"[[1, 2], [9, 8]]",
		"[ [1], [9] ]",
		"[2, 3, 5, 7, 11]",
		"[1, 9]\n",
		`{"a": "[9`,
	} {
		for _, style := range styles {
			got, citations, counts := Cite(data, styled(style))
			if got != data || len(citations) > 0 || counts != (Counts{}) {
				t.Errorf("%s: Cite(%q) = %q, %v, %v", style, data, got, citations, counts)
			}
		}
	}
}

func TestProseThatStartsLikeDataIsCited(t *testing.T) {
	for text, want := range map[string]string{
		"[1] says so [9].":           "[1] says so.",
		"[1, 2] say so [9].":         "[1, 2] say so.",
		"[9] says so [1].":           "says so [1].",
		"[1]":                        "[1]",
		"[1][9]":                     "[1]",
		"[[1]] says [9].":            "[[1]] says.",
		"[[1]](/x) says [9].":        "[[1]](/x) says.",
		"[sic] says [9].":            "[sic] says.",
		"{name} is [9].":             "{name} is.",
		"{{template}} [9].":          "{{template}}.",
		"[see [9]] x":                "[see] x",
		"\n\n[2] x [9].":             "\n\n[2] x.",
		"[2023] was a year [9].":     "[2023] was a year.",
		"[1, 2]" + "\n\nsay so [9].": "[1, 2]\n\nsay so.",
	} {
		if got, _, _ := Cite(text, testOptions()); got != want {
			t.Errorf("Cite(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzStyles(f *testing.F) {
	f.Add("Paris [1], [9]. `[9]` 【2†x】 [[3]](x)", uint8(3), uint8(1))
	f.Add("```\n[9]\n```\n[2] x ![doc1]", uint8(1), uint8(2))
	f.Add("[1, 2]\n", uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, text string, size, style uint8) {
		o := styled(styles[int(style)%len(styles)])
		want, citations, _ := Cite(text, o)
		var sizes []int
		for i := 0; size > 0 && i < len(text); i += int(size) {
			sizes = append(sizes, int(size))
		}
		got, c := cutsOf(text, sizes, o)
		if got != want || !cmp.Equal(citations, c.Citations()) {
			t.Errorf("%s, in pieces of %d: %q, whole %q", o.Style, size, got, want)
		}
		for _, c := range citations {
			if c.ByteStart < 0 || c.ByteEnd < c.ByteStart || c.ByteEnd > len(want) {
				t.Errorf("citation %+v of %d bytes", c, len(want))
			}
		}
		if o.Style == None && bytes.Count([]byte(want), []byte("[")) > strings.Count(text, "[") {
			t.Errorf("%q grew to %q", text, want)
		}
	})
}
