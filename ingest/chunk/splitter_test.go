package chunk_test

import (
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/tiktoken-go/tokenizer"
	"pgregory.net/rapid"

	"ragway/ingest"
	"ragway/ingest/chunk"
	"ragway/retriever"
)

var o200k = sync.OnceValue(func() func(string) int {
	codec, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		panic(err)
	}
	return func(s string) int {
		n, err := codec.Count(s)
		if err != nil {
			panic(err)
		}
		return n
	}
})

func words(s string) int { return len(strings.Fields(s)) }

func splitter(t testing.TB, o chunk.Options) *chunk.Splitter {
	t.Helper()
	if o.Count == nil {
		o.Count = words
	}
	o.Tokenizer = "test"
	s, err := chunk.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// document writes blocks below each other, the way extractors do.
func document(blocks ...any) ingest.Extracted {
	var d ingest.Extracted
	var text []rune
	for i := 0; i < len(blocks); i += 2 {
		b := blocks[i].(ingest.Block)
		if len(text) > 0 {
			text = append(text, '\n', '\n')
		}
		b.Start = len(text)
		text = append(text, []rune(blocks[i+1].(string))...)
		b.End = len(text)
		d.Blocks = append(d.Blocks, b)
	}
	d.Text = string(text)
	return d
}

var paragraph = ingest.Block{Kind: ingest.Paragraph}

func heading(level int) ingest.Block { return ingest.Block{Kind: ingest.Heading, Level: level} }

// prose is n words in sentences of ten.
func prose(word string, n int) string {
	var b strings.Builder
	for i := range n {
		if i%10 == 0 {
			b.WriteString("The " + word)
		} else {
			b.WriteString(" " + word)
		}
		if i%10 == 9 || i == n-1 {
			b.WriteString(". ")
		}
	}
	return strings.TrimSpace(b.String())
}

func split(t *testing.T, o chunk.Options, d ingest.Extracted, title string) []retriever.Chunk {
	t.Helper()
	got, err := splitter(t, o).Split(d, title)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRecordThatFitsIsOneChunk(t *testing.T) {
	d := document(paragraph, prose("cell", 250))
	got := split(t, chunk.Options{}, d, "Stem cells")
	want := []retriever.Chunk{{
		Text: d.Text, Span: retriever.Span{End: len(d.Text)}, Context: "Stem cells", Tokens: words(d.Text),
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSectionsStandAloneWithTheirPath(t *testing.T) {
	d := document(
		heading(1), "# Manual",
		heading(2), "## Install", paragraph, prose("install", 150),
		heading(2), "## Use", paragraph, prose("use", 150),
		heading(3), "### Options", paragraph, prose("option", 150),
	)
	got := split(t, chunk.Options{Tokens: 200}, d, "Manual")
	type part struct {
		First, Context string
		Headings       []string
	}
	var parts []part
	for _, c := range got {
		first, _, _ := strings.Cut(c.Text, "\n")
		parts = append(parts, part{first, c.Context, c.Headings})
	}
	want := []part{
		{"# Manual", "", []string{"Manual"}},
		{"## Use", "Manual", []string{"Manual", "Use"}},
		{"### Options", "Manual > Use", []string{"Manual", "Use", "Options"}},
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
}

func TestSmallNeighboursMerge(t *testing.T) {
	d := document(
		heading(2), "## How long?", paragraph, prose("long", 15),
		heading(2), "## How much?", paragraph, prose("much", 15),
		heading(2), "## How far?", paragraph, prose("far", 15),
	)
	if got := split(t, chunk.Options{Tokens: 200}, d, "Questions"); len(got) != 1 {
		t.Errorf("%d chunks, want 1", len(got))
	}
}

func TestNoHeadingEndsAChunk(t *testing.T) {
	d := document(
		heading(1), "# A", paragraph, prose("one", 70),
		heading(2), "## B", paragraph, prose("two", 60),
		heading(2), "## C", paragraph, prose("three", 40),
	)
	for _, c := range split(t, chunk.Options{Tokens: 75}, d, "") {
		lines := strings.Split(c.Text, "\n")
		if strings.HasPrefix(lines[len(lines)-1], "#") {
			t.Errorf("chunk ends with heading %q", lines[len(lines)-1])
		}
	}
}

func TestLongParagraphSplitsEvenlyAtSentences(t *testing.T) {
	got := split(t, chunk.Options{Tokens: 100}, document(paragraph, prose("word", 250)), "")
	for i, c := range got {
		if c.Tokens < 45 || c.Tokens > 65 {
			t.Errorf("chunk %d has %d tokens: not about a fifth", i, c.Tokens)
		}
		if !strings.HasPrefix(c.Text, "The") || !strings.HasSuffix(c.Text, ".") {
			t.Errorf("chunk %d cuts a sentence: %.20q … ", i, c.Text)
		}
	}
	if len(got) != 5 { // of five eighths of the limit
		t.Errorf("%d chunks, want 5", len(got))
	}
}

func TestTableRowsKeepTheirHeader(t *testing.T) {
	header := "| Item | Price |\n| --- | --- |"
	rows := header + strings.Repeat("\n| rope and tackle | nine crowns |", 40)
	got := split(t, chunk.Options{Tokens: 100},
		document(ingest.Block{Kind: ingest.Table, Header: header}, rows), "Prices")
	if len(got) < 2 {
		t.Fatalf("%d chunks, want several", len(got))
	}
	for i, c := range got {
		want := "Prices"
		if i > 0 {
			want += "\n" + header
		}
		if c.Context != want {
			t.Errorf("chunk %d: context %q, want %q", i, c.Context, want)
		}
		if !strings.HasPrefix(c.Text, "|") || !strings.HasSuffix(c.Text, "|") {
			t.Errorf("chunk %d cuts a row", i)
		}
	}
}

func TestPageIsThatOfTheFirstRune(t *testing.T) {
	d := document(
		ingest.Block{Kind: ingest.Paragraph, Page: 1}, prose("one", 80),
		ingest.Block{Kind: ingest.Paragraph, Page: 2}, prose("two", 80),
	)
	var pages []int
	for _, c := range split(t, chunk.Options{Tokens: 100}, d, "") {
		pages = append(pages, c.Page)
	}
	if diff := cmp.Diff([]int{1, 2}, pages); diff != "" {
		t.Error(diff)
	}
}

func TestOverlapRepeatsWholeSentences(t *testing.T) {
	got := split(t, chunk.Options{Tokens: 100, Overlap: 20}, document(paragraph, prose("word", 250)), "")
	for i := 1; i < len(got); i++ {
		if n := got[i-1].Span.End - got[i].Span.Start; n <= 0 {
			t.Errorf("chunk %d repeats %d runes", i, n)
		}
		if !strings.HasPrefix(got[i].Text, "The") {
			t.Errorf("chunk %d begins within a sentence", i)
		}
	}
}

func TestBlocksThatLieAreAnError(t *testing.T) {
	for name, d := range map[string]ingest.Extracted{
		"beyond the text": {Text: "ab", Blocks: []ingest.Block{{Start: 0, End: 3}}},
		"overlapping":     {Text: "abcd", Blocks: []ingest.Block{{Start: 0, End: 3}, {Start: 2, End: 4}}},
		"backwards":       {Text: "abcd", Blocks: []ingest.Block{{Start: 3, End: 1}}},
		"invalid UTF-8":   {Text: "a\xff"},
	} {
		if _, err := splitter(t, chunk.Options{}).Split(d, ""); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]chunk.Options{
		"no counter":    {Tokenizer: "x"},
		"no name":       {Count: words},
		"too small":     {Count: words, Tokenizer: "x", Tokens: 3},
		"large overlap": {Count: words, Tokenizer: "x", Tokens: 100, Overlap: 51},
	} {
		if _, err := chunk.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStrategiesWithoutStructure(t *testing.T) {
	d := document(heading(1), "# One", ingest.Block{Kind: ingest.Paragraph, Page: 1}, "Aa bb cc. Dd ee.", ingest.Block{Kind: ingest.Paragraph, Page: 2}, "Ff gg hh ii. Jj kk. Ll mm nn.")
	tests := map[string]struct {
		o    chunk.Options
		want []string
	}{
		"sentences":        {chunk.Options{Strategy: chunk.Sentence, Tokens: 8}, []string{"# One\n\nAa bb cc. Dd ee.", "Ff gg hh ii. Jj kk.", "Ll mm nn."}},
		"with an overlap":  {chunk.Options{Strategy: chunk.Sentence, Tokens: 8, Overlap: 3}, []string{"# One\n\nAa bb cc. Dd ee.", "Dd ee.\n\nFf gg hh ii. Jj kk.", "Jj kk. Ll mm nn."}},
		"windows":          {chunk.Options{Strategy: chunk.Fixed, Tokens: 8}, []string{"# One\n\nAa bb cc. Dd ee.\n\nFf", "gg hh ii. Jj kk. Ll mm nn."}},
		"windows, overlap": {chunk.Options{Strategy: chunk.Fixed, Tokens: 8, Overlap: 4}, []string{"# One\n\nAa bb cc. Dd ee.\n\nFf", "cc. Dd ee.\n\nFf gg hh ii. Jj", "gg hh ii. Jj kk. Ll mm nn."}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, c := range split(t, tt.o, d, "") {
				got = append(got, c.Text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContextIsBounded(t *testing.T) {
	columns := strings.Repeat("| column ", 20_000) + "|"
	d := document(ingest.Block{Kind: ingest.Table, Header: columns}, columns+strings.Repeat("\n| a | b | c | d | e | f |", 500),
		paragraph, strings.Repeat("A word. ", 400))
	for _, c := range split(t, chunk.Options{}, d, strings.Repeat("A title without an end ", 100))[1:] {
		if n := len(c.Context); n > 1400 || !strings.HasPrefix(c.Context, "A title") || strings.HasSuffix(c.Context, "colum") {
			t.Fatalf("context of %d bytes: %.80q … %q", n, c.Context, c.Context[max(0, n-20):])
		}
	}
}

func TestDateIsContextWhereItIsOne(t *testing.T) {
	for date, want := range map[any]string{
		"2024-03-18T09:15:00Z": "T\n2024-03-18", "2024-03-18": "T\n2024-03-18",
		"18 March 2024": "T", "2024-13-18": "T", "2024": "T", 20240318.0: "T",
	} {
		d := document(paragraph, "text")
		d.Metadata = retriever.Metadata{"date": date}
		if got := split(t, chunk.Options{}, d, "T")[0].Context; got != want {
			t.Errorf("%v: context %q, want %q", date, got, want)
		}
	}
}

// checkInvariants holds what ingest.Chunker and Splitter promise of any text.
func checkInvariants(t interface{ Fatalf(string, ...any) }, d ingest.Extracted, o chunk.Options, got []retriever.Chunk) {
	runes := []rune(d.Text)
	covered, start := 0, 0
	for i, c := range got {
		s := c.Span
		if s.Start < start || s.End <= s.Start || s.End > len(runes) {
			t.Fatalf("chunk %d: span %v after %d in %d runes", i, s, start, len(runes))
		}
		if c.Text != string(runes[s.Start:s.End]) {
			t.Fatalf("chunk %d: text is not that of its span %v", i, s)
		}
		if s.Start > covered {
			for _, r := range runes[covered:s.Start] {
				if !unicode.IsSpace(r) {
					t.Fatalf("%q before chunk %d is in no chunk", r, i)
				}
			}
		}
		if n := o.Count(c.Text); n > o.Tokens && s.End-s.Start > 1 {
			t.Fatalf("chunk %d has %d tokens, the bound is %d: %q", i, n, o.Tokens, c.Text)
		}
		if strings.TrimSpace(c.Text) != c.Text {
			t.Fatalf("chunk %d has white space at its ends", i)
		}
		covered, start = max(covered, s.End), s.Start
	}
	for _, r := range runes[covered:] {
		if !unicode.IsSpace(r) {
			t.Fatalf("%q after the last chunk is in no chunk", r)
		}
	}
}

func TestAnyDocumentIsCoveredWithinTheBound(t *testing.T) {
	kinds := []ingest.BlockKind{ingest.Heading, ingest.Paragraph, ingest.List, ingest.Table, ingest.Code}
	alphabet := []rune("abcdeé .,!?\n\n\t  |#字符。ไทย🙂e\u0301-=")
	rapid.Check(t, func(t *rapid.T) {
		var blocks []any
		for range rapid.IntRange(0, 8).Draw(t, "blocks") {
			b := ingest.Block{
				Kind:  rapid.SampledFrom(kinds).Draw(t, "kind"),
				Level: rapid.IntRange(0, 4).Draw(t, "level"),
			}
			text := rapid.StringOfN(rapid.SampledFrom(alphabet), 0, 400, -1).Draw(t, "text")
			blocks = append(blocks, b, text)
		}
		d := document(blocks...)
		o := chunk.Options{
			Strategy:  rapid.SampledFrom(chunk.Strategies()).Draw(t, "strategy"),
			Tokens:    rapid.IntRange(8, 60).Draw(t, "tokens"),
			Count:     rapid.SampledFrom([]func(string) int{words, o200k()}).Draw(t, "count"),
			Tokenizer: "test",
		}
		o.Overlap = rapid.IntRange(0, o.Tokens/2).Draw(t, "overlap")
		s, err := chunk.New(o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Split(d, "Title")
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, d, o, got)
		again, _ := s.Split(d, "Title")
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatalf("not deterministic: %s", diff)
		}
	})
}

func FuzzAuto(f *testing.F) { fuzzStrategy(f, chunk.Auto) }

func FuzzSentence(f *testing.F) { fuzzStrategy(f, chunk.Sentence) }

func FuzzFixed(f *testing.F) { fuzzStrategy(f, chunk.Fixed) }

func fuzzStrategy(f *testing.F, strategy string) {
	f.Add("One sentence. Another one!\n\nA paragraph.", 8, 0)
	f.Add(strings.Repeat("a", 3000), 10, 2)
	f.Add(strings.Repeat(" \n", 500)+"x"+strings.Repeat("\t", 500)+"y", 9, 4)
	f.Add(strings.Repeat("世界人権宣言。", 200), 12, 3)
	f.Add("e"+strings.Repeat("\u0301", 400), 8, 0)
	f.Add("aabac-,\n\n\n\na\n\na", 0, 0) // a sign and the line ends after it are more tokens as one
	f.Fuzz(func(t *testing.T, text string, tokens, overlap int) {
		text = strings.ToValidUTF8(text, "\uFFFD")
		o := chunk.Options{Strategy: strategy, Tokens: 8 + max(0, tokens)%100, Count: o200k(), Tokenizer: "test"}
		o.Overlap = max(0, overlap) % (o.Tokens/2 + 1)
		s, err := chunk.New(o)
		if err != nil {
			t.Fatal(err)
		}
		d := ingest.Extracted{Text: text}
		got, err := s.Split(d, "")
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, d, o, got)
	})
}
