package ground

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestMarkersThatPointNowhereGo(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"valid stays", "Paris [1].", "Paris [1]."},
		{"before punctuation", "Paris [9].", "Paris."},
		{"between words", "Paris [9] is", "Paris is"},
		{"without a blank", "Paris[9] is", "Paris is"},
		{"before a word", "Paris [9]is", "Paris is"},
		{"at the end", "Paris [9]", "Paris"},
		{"at the start", "[9] Paris", "Paris"},
		{"in a list item", "- [9] Paris", "- Paris"},
		{"before a line break", "Paris [9]\nis", "Paris\nis"},
		{"two in a row", "Paris [8][9].", "Paris."},
		{"two with a comma", "Paris [8], [9].", "Paris."},
		{"invalid then valid", "Paris [9], [1].", "Paris [1]."},
		{"valid then invalid", "Paris [1], [9].", "Paris [1]."},
		{"valid, invalid, valid", "Paris [1], [9], [2].", "Paris [1], [2]."},
		{"valid, invalid, word", "Paris [1], [9] and", "Paris [1] and"},
		{"invalid, comma, word", "Paris [9], and", "Paris, and"},
		{"half a list", "Paris [1, 9].", "Paris [1]."},
		{"list out of order", "Paris [9,2,8, 1].", "Paris [2, 1]."},
		{"no blank in Chinese", "首都【9】是北京[1]。", "首都是北京[1]。"},
		{"blank in Chinese", "首都 [9]。", "首都。"},
		{"lenticular", "Paris 【1】 or 【9】.", "Paris 【1】 or."},
		{"dagger", "Paris 【1†source】 or 【9†L1-L5】.", "Paris 【1†source】 or."},
		{"another system's", "Paris【4:0†source】.", "Paris."},
		{"fullwidth", "Paris ［1］ or ［9］.", "Paris ［1］ or."},
		{"footnote", "Paris [^1] or [^9].", "Paris [^1] or."},
		{"footnote of Bing", "Paris [^1^] or [^9^].", "Paris [^1^] or."},
		{"labels", "Paris [citation:1] [Passage 2] [ref_1] [doc-3] [citation:9].", "Paris [citation:1] [Passage 2] [ref_1] [doc-3]."},
		{"an invented link", "Paris [[1]](http://a) or [[9]](http://b).", "Paris [[1]](http://a) or."},
		{"named", "Paris [doc1] [Source 2] [doc9].", "Paris [doc1] [Source 2]."},
		{"double", "Paris [[1]] or [[9]].", "Paris [[1]] or."},
		{"valid range", "Paris [1-3].", "Paris [1-3]."},
		{"bold", "**Paris [9]**", "**Paris**"},
		{"brackets stay text", "Paris [sic] [9]", "Paris [sic]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, _, _ := Cite(test.text, Options{Sources: []int{1, 2, 3}})
			if got != test.want {
				t.Errorf("Cite(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func TestTextThatLooksLikeMarkersStays(t *testing.T) {
	var literals Literals
	literals.Scan("what does [99] mean, and [97, 98]?")
	texts := []string{
		"a link [1](https://example.org) and [9](https://example.org)",
		"an image ![9](x.png)",
		"[9]: https://example.org",
		"a[9] and x[1][2] and row_ids[9] and $argv[7]",
		"A[9] and myList[9]",
		"`code [9]` and ``more ` [9]``",
		"```\n[9]\n```",
		"text\n\n```go\nx := []int{[9]}\n````\n",
		"> ~~~\n> [9]\n> ~~~\n",
		"1. item\n   ```\n   [9]\n   ``` no\n   [9]\n   ```\n",
		"```inline [9]```",
		`\[9\] escaped`,
		"[2023] and [404] and [0] and [01]",
		"the literal [99] and [97] and [98, 99]",
		"digits [1-9] and [4–2]",
		"[", "[1", "【", "【1†sour", "[doc", "[1, ",
		"an unclosed ` tick [9]",
		"[x] [ ] [a1] [1a] [] [^x] [doc] [docs1]",
		"[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]",
	}
	for _, text := range texts {
		got, citations, counts := Cite(text, Options{Sources: []int{1}, Literals: literals})
		if got != text {
			t.Errorf("Cite(%q) = %q", text, got)
		}
		if len(citations) > 0 || counts != (Counts{}) {
			t.Errorf("Cite(%q): citations %v, counts %v", text, citations, counts)
		}
	}
}

func TestCodeEndsWhereMarkdownEndsIt(t *testing.T) {
	tests := []struct{ text, want string }{
		{"`a` [9].", "`a`."},
		{"`` a`b `` [9].", "`` a`b ``."},
		{"a ` tick [9]\nnext [9].", "a ` tick [9]\nnext."},
		{"```\n[9]\n```\n[9] x", "```\n[9]\n```\nx"},
		{"```\n[9]\n~~~\n[9]\n```  \nx [9]", "```\n[9]\n~~~\n[9]\n```  \nx"},
		{"````\n```\n[9]\n````\nx [9]", "````\n```\n[9]\n````\nx"},
		{"```a```\nx [9]", "```a```\nx"},
		{"~~struck [9]~~", "~~struck~~"},
	}
	for _, test := range tests {
		if got, _, _ := Cite(test.text, Options{Sources: []int{1}}); got != test.want {
			t.Errorf("Cite(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestDisabledPassesEverything(t *testing.T) {
	const text = `{"rows":[[99]]} [9]`
	got, citations, _ := Cite(text, Options{Sources: []int{1}, Disabled: true})
	if got != text || citations != nil {
		t.Errorf("Cite = %q, %v", got, citations)
	}
}

func TestCitationsHaveOffsetsInCharacters(t *testing.T) {
	const text = "Ærø 🏝 lies in Denmark [9][2], near [1, 8, 3]."
	out, got, counts := Cite(text, Options{Sources: []int{1, 2, 3}})
	if want := "Ærø 🏝 lies in Denmark [2], near [1, 3]."; out != want {
		t.Fatalf("out = %q, want %q", out, want)
	}
	want := []Citation{{2, 22, 25, 27, 30}, {1, 32, 38, 37, 43}, {3, 32, 38, 37, 43}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("citations (-want +got):\n%s", diff)
	}
	if want := (Counts{Valid: 3, Invalid: 2}); counts != want {
		t.Errorf("counts = %v, want %v", counts, want)
	}
}

func TestPlainTextIsNotHeldBack(t *testing.T) {
	c := NewCiter(Options{Sources: []int{1}})
	for _, delta := range []string{"The", " capital", " is", " Paris", ".\n", "Next"} {
		if got := c.Feed(delta); got != delta {
			t.Errorf("Feed(%q) = %q", delta, got)
		}
	}
}

func TestHoldingBackIsBounded(t *testing.T) {
	for _, hostile := range []string{"[doc", "【1†" + strings.Repeat("x", 5000), strings.Repeat("[1], ", 5000), strings.Repeat("`", 5000), "[[1]](" + strings.Repeat("x", 5000), strings.Repeat(" ", 5000), "[1, 2]" + strings.Repeat(" ", 5000), "[" + strings.Repeat("1, ", 5000)} {
		c := NewCiter(Options{Sources: []int{1}})
		out := len(c.Feed(hostile))
		if held, bound := len(hostile)-out, maxRun*(maxMarkerLen+8); held > bound {
			t.Errorf("%.20q…: holds back %d bytes, want at most %d", hostile, held, bound)
		}
	}
}

func TestListOfCitationsIsBounded(t *testing.T) {
	const n = 3 * maxCitations
	text := strings.Repeat("[1]", n) + " [2]"
	out, citations, counts := Cite(text, Options{Sources: []int{1, 2}})
	if out != text || len(citations) != maxCitations || counts.Valid != n+1 {
		t.Errorf("%d citations, %+v", len(citations), counts)
	}
	if got := MaxMarker(text); got != 2 {
		t.Errorf("MaxMarker = %d", got)
	}
}

func TestMaxMarkerIsTheHighestCited(t *testing.T) {
	tests := []struct {
		text string
		want int
	}{
		{"", 0},
		{"no markers", 0},
		{"a [1] b [12, 7]", 12},
		{"in [2023] and [404]", 0},
		{"`[40]` and x[50] and [60](https://example.org)", 0},
		{"【5†source】", 5},
		{"[99]", 99},
	}
	for _, test := range tests {
		if got := MaxMarker(test.text); got != test.want {
			t.Errorf("MaxMarker(%q) = %d, want %d", test.text, got, test.want)
		}
	}
	if got := FirstNumber(99); got != 99 {
		t.Errorf("FirstNumber(99) = %d, want 99", got)
	}
	if got := FirstNumber(0); got != 1 {
		t.Errorf("FirstNumber(0) = %d, want 1", got)
	}
}

// answers generates text dense in what the Citer looks at.
func answers() *rapid.Generator[string] {
	pieces := []string{"[", "]", "[1]", "[9]", "[1, 9]", "[[2]]", "[^1]", "【1】", "【9†x】", "【", "】", "［9］", "†", "[doc9]", "[Source", "1", "9", "12",
		" ", "  ", ", ", ";", ".", "(", "(http://x)", ":", "`", "``", "```", "```go\n", "~~~", "\n", "\n\n", "> ", "- ", "word", "x", "a_b", "A", "é", "首", "🏝", "\\", "[97]", "[1-3]", "–",
		"!", "{", "}", "\"", "[[1]](", "https://x.example", "[^1^]", "[citation:2]", "[ref_3]"}
	piece := rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 3, -1))
	return rapid.Map(rapid.SliceOfN(piece, 0, 40), func(s []string) string { return strings.Join(s, "") })
}

func testOptions() Options {
	o := Options{Sources: []int{1, 2, 3, 12, 120}}
	o.Literals.Scan("[97] 【98】")
	return o
}

// cuts feeds text in pieces of the sizes given, by bytes.
func cuts(text string, sizes []int) (string, *Citer) { return cutsOf(text, sizes, testOptions()) }

func cutsOf(text string, sizes []int, o Options) (string, *Citer) {
	c := NewCiter(o)
	var out strings.Builder
	for _, n := range sizes {
		n = min(n, len(text))
		out.WriteString(c.Feed(text[:n]))
		text = text[n:]
	}
	out.WriteString(c.Feed(text))
	out.WriteString(c.Flush())
	return out.String(), c
}

func TestResultDoesNotDependOnThePieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := answers().Draw(t, "text")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 60).Draw(t, "sizes")
		want, citations, counts := Cite(text, testOptions())
		got, c := cuts(text, sizes)
		if got != want {
			t.Fatalf("in pieces %q, whole %q", got, want)
		}
		if diff := cmp.Diff(citations, c.Citations()); diff != "" {
			t.Fatalf("citations (-whole +pieces):\n%s", diff)
		}
		if c.Counts() != counts {
			t.Fatalf("counts in pieces %v, whole %v", c.Counts(), counts)
		}
	})
}

func TestCitationsPointAtTheirMarkers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := answers().Draw(t, "text")
		out, citations, _ := Cite(text, testOptions())
		if !utf8.ValidString(text) {
			t.Skip("offsets are of valid text")
		}
		runes, last := []rune(out), 0
		for _, cite := range citations {
			if cite.Start < last || cite.End <= cite.Start || cite.End > len(runes) {
				t.Fatalf("citation %v of %d characters after %d", cite, len(runes), last)
			}
			last = cite.Start
			m, what := parseMarker([]byte(string(runes[cite.Start:cite.End])))
			if what != match {
				t.Fatalf("citation %v points at %q", cite, string(runes[cite.Start:cite.End]))
			}
			found := false
			for _, it := range m.numbers() {
				found = found || it.number == cite.Source
			}
			if !found {
				t.Fatalf("%q does not cite %d", string(runes[cite.Start:cite.End]), cite.Source)
			}
		}
	})
}

// A removal must not join what stood apart into a marker nobody wrote.
func TestCleanTextStaysAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"Paris", "is", "big", "[1]", "[2, 3]", "(see", "[12])", "x.", "\n"}), 0, 30).Draw(t, "words")
		text := strings.Join(words, " ")
		if got, _, counts := Cite(text, testOptions()); got != text || counts.Invalid != 0 {
			t.Fatalf("Cite(%q) = %q, %v", text, got, counts)
		}
	})
}

func FuzzCiter(f *testing.F) {
	f.Add("Paris [1], [9]. `[9]` 【9†x】", uint8(3))
	f.Add("```\n[9]\n```\n[9] x [doc1](y)", uint8(1))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		want, _, _ := Cite(text, testOptions())
		var sizes []int
		for i := 0; size > 0 && i < len(text); i += int(size) {
			sizes = append(sizes, int(size))
		}
		if got, _ := cuts(text, sizes); got != want {
			t.Errorf("in pieces of %d: %q, whole %q", size, got, want)
		}
		if len(want) > len(text)+2*strings.Count(text, ",")+2*strings.Count(text, ";") {
			t.Errorf("%q grew to %q", text, want)
		}
	})
}

func BenchmarkFeed(b *testing.B) {
	deltas := strings.SplitAfter(strings.Repeat("The island of Ærø lies in Denmark [1], south of Funen [2][9]. ", 20), " ")
	b.ReportAllocs()
	for b.Loop() {
		c := NewCiter(testOptions())
		for _, d := range deltas {
			c.Feed(d)
		}
		c.Flush()
	}
}
