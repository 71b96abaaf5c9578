package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"ragway/ingest"
	"ragway/ingest/chunk"
	"ragway/ingest/extract"
	"ragway/ingest/source"
	"ragway/retriever"
	"ragway/retriever/eval"
	"ragway/retriever/local"
)

// spansQuestion is a question of data/spans with where its answer stands.
type spansQuestion struct {
	Question string   `json:"question"`
	Corpus   string   `json:"corpus"`
	Spans    [][2]int `json:"spans"`
}

// ways of cutting that are compared; the first is the default.
var waysOfCutting = []struct {
	name string
	o    chunk.Options
	bare bool // without context
}{
	{"auto, 400", chunk.Options{}, false},
	{"auto, 400, without context", chunk.Options{}, true},
	{"fixed, 200", chunk.Options{Strategy: chunk.Fixed, Tokens: 200}, false},
	{"fixed, 400", chunk.Options{Strategy: chunk.Fixed, Tokens: 400}, false},
	{"fixed, 800", chunk.Options{Strategy: chunk.Fixed, Tokens: 800}, false},
	{"fixed, 800, overlap 400", chunk.Options{Strategy: chunk.Fixed, Tokens: 800, Overlap: 400}, false},
	{"sentence, 400", chunk.Options{Strategy: chunk.Sentence, Tokens: 400}, false},
}

// TestDefaultChunkingIsNotBelowFixedWindows measures ways of cutting on data/spans by how
// much of the marked text is among the first characters that are retrieved by words, and
// prints the tables of docs/quality.md. The default holds if no fixed window is better
// beyond the bootstrap's interval.
func TestDefaultChunkingIsNotBelowFixedWindows(t *testing.T) {
	if raceEnabled {
		t.Skip("figures have no races; make test runs this")
	}
	data := testData(t, "spans")
	questions := spansQuestions(t, filepath.Join(data, "questions.jsonl"))
	limits := []int{2000, 4000, 8000}
	covered := map[string]map[int][]eval.Coverage{}
	for _, way := range waysOfCutting {
		corpus := newSpansCorpus(t, filepath.Join(data, "corpora"), way.o, way.bare)
		covered[way.name] = map[int][]eval.Coverage{}
		for _, q := range questions {
			got := corpus.retrieved(q.Question, limits[len(limits)-1])
			for _, limit := range limits {
				covered[way.name][limit] = append(covered[way.name][limit], eval.Cover(q.marked(), got, limit))
			}
		}
	}
	var b strings.Builder
	for _, limit := range limits {
		for i, way := range waysOfCutting {
			recall, precision, iou := columns(covered[way.name][limit])
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |", limit, way.name, interval(recall), interval(precision), interval(iou))
			if i == 0 {
				fmt.Fprintln(&b, " |")
				continue
			}
			ours, _, _ := columns(covered[waysOfCutting[0].name][limit])
			mid, low, high := eval.MeanInterval(minus(ours, recall), eval.Resampling{})
			fmt.Fprintf(&b, " %+.3f (%+.3f to %+.3f) |\n", mid, low, high)
			if high < 0 && !way.bare {
				t.Errorf("%d characters: %s covers more than the default, by %.3f", limit, way.name, -mid)
			}
		}
	}
	t.Log("characters, way of cutting, recall, precision, IoU, default's recall less this one's\n" + b.String())
}

func spansQuestions(t *testing.T, path string) []spansQuestion {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []spansQuestion
	for line := range strings.Lines(string(data)) {
		var q spansQuestion
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			t.Fatal(err)
		}
		out = append(out, q)
	}
	return out
}

func (q spansQuestion) marked() eval.Marked {
	m := eval.Marked{Document: q.Corpus}
	for _, s := range q.Spans {
		m.Spans = append(m.Spans, eval.Span{Start: s[0], End: s[1]})
	}
	return m
}

// newSpansCorpus has the corpora extracted and cut one way.
func newSpansCorpus(t *testing.T, dir string, o chunk.Options, bare bool) *spansCorpus {
	t.Helper()
	store, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	registry, err := extract.New(extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	o.Tokenizer, o.Count = "o200k_base", tokenizers["o200k_base"]
	splitter, err := chunk.New(o)
	if err != nil {
		t.Fatal(err)
	}
	cut := func(doc ingest.Extracted, title string) ([]retriever.Chunk, error) {
		chunks, err := splitter.Split(doc, title)
		for i := range chunks {
			if bare {
				chunks[i].Context = ""
			}
		}
		return chunks, err
	}
	corpus := &spansCorpus{t: t, dir: dir, places: map[string][]int{}}
	eng, err := ingest.New(ingest.Options{
		Store: store, Scope: retriever.Operator(), Collection: "spans", Owner: "test",
		Extract: corpus.extract(registry), Workers: 1, ExtractID: registry.ID,
		Cut: func(retriever.Chunking) (ingest.Cutter, error) {
			return ingest.Cutter{Chunk: cut, ID: splitter.ID()}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	src, err := source.Open(t.Context(), dir, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	plan, err := eng.Plan(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	if sum, err := eng.Apply(t.Context(), plan, nil); err != nil || sum.Added != 3 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if corpus.search, err = retriever.New(retriever.Options{Store: store}); err != nil {
		t.Fatal(err)
	}
	return corpus
}

// spansCorpus is what was ingested, with the places in the files that extracted texts have
// their runes from: the spans of the questions count in the files.
type spansCorpus struct {
	t      *testing.T
	dir    string
	places map[string][]int
	search *retriever.Engine
}

func (c *spansCorpus) extract(r *extract.Registry) ingest.Extractor {
	return func(ctx context.Context, in ingest.Input) (ingest.Extracted, error) {
		got, err := r.Extract(ctx, in)
		if err == nil {
			c.places[in.Name] = aligned([]rune(string(in.Data)), []rune(got.Text))
		}
		return got, err
	}
}

// aligned gives for each rune of text where it is in the original, from which marks and
// white space may have been taken.
func aligned(original, text []rune) []int {
	const ahead = 400 // more than any run of marks
	out := make([]int, len(text)+1)
	at := 0
	for i, r := range text {
		out[i] = at
		if unicode.IsSpace(r) {
			continue
		}
		for n := at; n < min(at+ahead, len(original)); n++ {
			if original[n] == r {
				out[i], at = n, n+1
				break
			}
		}
	}
	out[len(text)] = at
	return out
}

// retrieved are the best passages for a question, of some more characters than limit.
func (c *spansCorpus) retrieved(question string, limit int) []eval.Passage {
	c.t.Helper()
	r, err := c.search.Retrieve(c.t.Context(), retriever.Query{
		Text: question, Scope: retriever.Operator(), Collections: []string{"spans"}, Mode: retriever.Lexical, K: 100, Raw: true,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	var out []eval.Passage
	for _, h := range r.Hits {
		name := path.Base(h.Document.URI)
		at := c.places[name]
		s := eval.Span{Start: at[h.Chunk.Span.Start], End: at[h.Chunk.Span.End-1] + 1}
		out = append(out, eval.Passage{Document: name, Span: s})
		if limit -= s.End - s.Start; limit <= 0 {
			break
		}
	}
	return out
}

func columns(list []eval.Coverage) (recall, precision, iou []float64) {
	for _, c := range list {
		recall, precision, iou = append(recall, c.Recall), append(precision, c.Precision), append(iou, c.IoU)
	}
	return recall, precision, iou
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

func interval(figures []float64) string {
	mid, low, high := eval.MeanInterval(figures, eval.Resampling{})
	return fmt.Sprintf("%.3f (%.3f–%.3f)", mid, low, high)
}
