package ground

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReasoningIsHidden(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"at the start", "<thinking>hm</thinking>\n\nParis.", "Paris."},
		{"on lines", "<thinking>\nhm\n</thinking>\n\n\nParis.\n", "Paris.\n"},
		{"on the answer's line", "<thinking>hm</thinking> Paris.", "Paris."},
		{"nothing around", "<thinking></thinking>Paris.", "Paris."},
		{"another case", "<Thinking>hm</THINKING>\nParis.", "Paris."},
		{"indent of the next line stays", "<thinking>hm</thinking>\n \n    code", "    code"},
		{"between paragraphs", "One.\n\n<thinking>hm</thinking>\n\nTwo.", "One.\n\nTwo."},
		{"at the end of a line", "One.<thinking>hm</thinking>\n\nTwo.", "One.\n\nTwo."},
		{"within a line", "Paris <thinking>hm</thinking> is big", "Paris is big"},
		{"within a word", "Par<thinking>hm</thinking>is", "Paris"},
		{"twice", "<thinking>a</thinking>\nOne.\n<thinking>b</thinking>\nTwo.", "One.\nTwo."},
		{"one after the other", "<thinking>a</thinking>\n<thinking>b</thinking>\nTwo.", "Two."},
		{"opened within", "<thinking>a <thinking> b</thinking>Paris.", "Paris."},
		{"code within", "<thinking>`a ``` b</thinking>Paris.", "Paris."},
		{"markup within", "<thinking>a < b </think> </thinkin </thinking>Paris.", "Paris."},
		{"alone", "<thinking>hm</thinking>", ""},
		{"alone, with blanks", "<thinking>hm</thinking>\n \n  ", ""},
		{"before the end", "Paris.\n<thinking>hm</thinking>\n", "Paris.\n"},
	}
	for _, test := range tests {
		got, unclosed := Hide(test.text, "thinking")
		if got != test.want || unclosed {
			t.Errorf("%s: Hide(%q) = %q, unclosed %v; want %q", test.name, test.text, got, unclosed, test.want)
		}
	}
}

func TestTextIsNotHidden(t *testing.T) {
	for _, text := range []string{
		"", "Paris.", "a < b", "<think>hm</think>", "<thinking", "<thinking >", "</thinking> Paris.", "<b>Paris</b> ",
		"`<thinking>` opens it, and `</thinking>` closes it.",
		"```xml\n<thinking>\n```\nParis.",
		"~~~\n<thinking>\n~~~\n",
		`\<thinking>`,
	} {
		if got, unclosed := Hide(text, "thinking"); got != text || unclosed {
			t.Errorf("Hide(%q) = %q, unclosed %v", text, got, unclosed)
		}
	}
}

func TestUnclosedReasoningStaysHidden(t *testing.T) {
	for text, want := range map[string]string{
		"<thinking>hm":                    "",
		"Paris.\n<thinking>hm [1]</think": "Paris.\n",
		"<thinking>hm</thinking":          "",
		"<thinking>":                      "",
	} {
		got, unclosed := Hide(text, "thinking")
		if got != want || !unclosed {
			t.Errorf("Hide(%q) = %q, unclosed %v; want %q", text, got, unclosed, want)
		}
	}
}

func TestAnotherTagIsHidden(t *testing.T) {
	if got, _ := Hide("<think>hm</think>\n<thinking>Paris.", "think"); got != "<thinking>Paris." {
		t.Errorf("got %q", got)
	}
}

func TestAnswerIsNotHeldBackByTheHider(t *testing.T) {
	h := NewHider("thinking")
	for _, delta := range []string{"The", " capital", " is < 3", " miles\n", "off `x`."} {
		if got := h.Feed(delta); got != delta {
			t.Errorf("Feed(%q) = %q", delta, got)
		}
	}
	h = NewHider("thinking")
	for _, delta := range []string{"<thin", "king>", strings.Repeat("hm ", 10_000), "</thinking>"} {
		if got := h.Feed(delta); got != "" || len(h.buf) > len("</thinking>") {
			t.Errorf("Feed(%.10q) = %q, and keeps %d bytes", delta, got, len(h.buf))
		}
	}
}

// reasoned generates text dense in what the Hider looks at.
func reasoned() *rapid.Generator[string] {
	pieces := []string{"<thinking>", "</thinking>", "<THINKING>", "<", "</", "thinking", ">", "<think", "ing>", "\n", "\n\n", " ", "\t", "    ", "\\", "`", "```", "```\n", "~~~", "word", "é", "[1]", "[9]"}
	piece := rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 3, -1))
	return rapid.Map(rapid.SliceOfN(piece, 0, 40), func(s []string) string { return strings.Join(s, "") })
}

// hidden feeds text in pieces of the sizes given, by bytes.
func hidden(text string, sizes []int) (string, bool) {
	h := NewHider("thinking")
	var out strings.Builder
	for _, n := range sizes {
		n = min(n, len(text))
		out.WriteString(h.Feed(text[:n]))
		text = text[n:]
	}
	out.WriteString(h.Feed(text))
	out.WriteString(h.Flush())
	return out.String(), h.Unclosed()
}

func TestHidingDoesNotDependOnThePieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := reasoned().Draw(t, "text")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 13), 0, 60).Draw(t, "sizes")
		want, wantOpen := Hide(text, "thinking")
		if got, open := hidden(text, sizes); got != want || open != wantOpen {
			t.Fatalf("in pieces %q, unclosed %v; whole %q, %v", got, open, want, wantOpen)
		}
	})
}

// Only what stands between tags goes, and blanks: the words outside are the words put out.
func TestOnlyReasoningIsHidden(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text, want strings.Builder
		for range rapid.IntRange(0, 6).Draw(t, "parts") {
			answer := rapid.StringMatching(`[a-zé <>\n[\]0-9.]{0,20}`).Filter(func(s string) bool { return !strings.Contains(s, "<") }).Draw(t, "answer")
			text.WriteString(answer + "<thinking>" + rapid.StringMatching("[a-z`~<>/ \n]{0,20}").Draw(t, "reasoning") + "</thinking>")
			want.WriteString(answer)
		}
		got, unclosed := Hide(text.String(), "thinking")
		if squeeze(got) != squeeze(want.String()) || unclosed {
			t.Fatalf("Hide(%q) = %q, unclosed %v; want %q", text.String(), got, unclosed, want.String())
		}
	})
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// A Citer behind a Hider sees the answer alone, and its offsets are of that.
func TestHiderThenCiter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := reasoned().Draw(t, "text")
		sizes := rapid.SliceOfN(rapid.IntRange(0, 7), 0, 60).Draw(t, "sizes")
		style := rapid.SampledFrom(styles).Draw(t, "style")
		answer, _ := Hide(text, "thinking")
		want, citations, _ := Cite(answer, styled(style))

		h, c := NewHider("thinking"), NewCiter(styled(style))
		var out strings.Builder
		rest := text
		for _, n := range sizes {
			n = min(n, len(rest))
			out.WriteString(c.Feed(h.Feed(rest[:n])))
			rest = rest[n:]
		}
		out.WriteString(c.Feed(h.Feed(rest)))
		out.WriteString(c.Feed(h.Flush()))
		out.WriteString(c.Flush())
		if out.String() != want {
			t.Fatalf("in pieces %q, whole %q", out.String(), want)
		}
		if diff := cmp.Diff(citations, c.Citations()); diff != "" {
			t.Fatalf("citations (-whole +pieces):\n%s", diff)
		}
	})
}

func TestDataBehindReasoningIsLeftAlone(t *testing.T) {
	answer, _ := Hide("<thinking>See [1].</thinking>\n{\"rows\":[[9]]}", "thinking")
	if got, _, _ := Cite(answer, testOptions()); got != `{"rows":[[9]]}` {
		t.Errorf("got %q", got)
	}
}

func FuzzHider(f *testing.F) {
	f.Add("<thinking>a `b</thinking>\n\nParis <thinking>\n", uint8(3))
	f.Add("```\n<thinking>\n```\n<thinking>x</thinking> y", uint8(1))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		want, wantOpen := Hide(text, "thinking")
		var sizes []int
		for i := 0; size > 0 && i < len(text); i += int(size) {
			sizes = append(sizes, int(size))
		}
		if got, open := hidden(text, sizes); got != want || open != wantOpen {
			t.Errorf("in pieces of %d: %q, unclosed %v; whole %q, %v", size, got, open, want, wantOpen)
		}
		if len(want) > len(text) {
			t.Errorf("%q grew to %q", text, want)
		}
	})
}

func BenchmarkHider(b *testing.B) {
	deltas := strings.SplitAfter("<thinking>"+strings.Repeat("What does the island have, and where? ", 20)+"</thinking>\n\n"+strings.Repeat("The island of Ærø lies in Denmark. ", 20), " ")
	b.ReportAllocs()
	for b.Loop() {
		h := NewHider("thinking")
		for _, d := range deltas {
			h.Feed(d)
		}
		h.Flush()
	}
}
