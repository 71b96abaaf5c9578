package upstream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"ragway/gateway"
	"ragway/ingest"
	"ragway/ingest/chunk"
	"ragway/ingest/extract"
	"ragway/retriever"
	"ragway/retriever/builtin"
	"ragway/retriever/local"
)

// dataFolder is a folder of test data, or the test is skipped.
func dataFolder(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("RAGWAY_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s (RAGWAY_TEST_DATA names its folder)", dir)
	}
	return dir
}

func readLines[T any](t testing.TB, file string) []T {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for dec := json.NewDecoder(bytes.NewReader(data)); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// library is documents as ragway keeps and finds them, with the configuration's defaults.
type library struct {
	t        testing.TB
	store    *local.Store
	engine   *retriever.Engine
	embedder retriever.Embedder
	splitter *chunk.Splitter
}

func newLibrary(t testing.TB) *library {
	t.Helper()
	store, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	embedder, err := builtin.New()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := retriever.New(retriever.Options{Store: store, Embedder: embedder})
	if err != nil {
		t.Fatal(err)
	}
	splitter, err := chunk.New(chunk.Options{Count: func(s string) int { return (len(s) + 3) / 4 }, Tokenizer: "quarter"})
	if err != nil {
		t.Fatal(err)
	}
	return &library{t, store, engine, embedder, splitter}
}

// add stores documents in a new collection.
func (l *library) add(collection string, docs []retriever.Upsert) {
	l.t.Helper()
	fp, err := retriever.Probe(l.t.Context(), l.embedder)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := l.store.CreateCollection(l.t.Context(), retriever.Collection{Name: collection, Fingerprint: fp}); err != nil {
		l.t.Fatal(err)
	}
	if _, err := l.store.Put(l.t.Context(), collection, docs); err != nil {
		l.t.Fatal(err)
	}
}

// document is a text cut, embedded and ready to be stored.
func (l *library) document(collection, name, title string, data []byte) retriever.Upsert {
	l.t.Helper()
	registry, err := extract.New(extract.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	defer registry.Close()
	doc, err := registry.Extract(l.t.Context(), ingest.Input{Name: name, Data: data})
	if err != nil {
		l.t.Fatal(err)
	}
	chunks, err := l.splitter.Split(doc, title)
	if err != nil {
		l.t.Fatal(err)
	}
	texts := make([]string, len(chunks))
	for i, c := range chunks {
		texts[i] = c.Context + "\n" + c.Text
	}
	vectors, err := l.embedder.Embed(l.t.Context(), retriever.DocumentText, texts)
	if err != nil {
		l.t.Fatal(err)
	}
	for i := range chunks {
		chunks[i].Vector = vectors[i]
	}
	u := retriever.Upsert{Space: l.embedder.Fingerprint(), Document: retriever.Document{
		ID:         retriever.DocumentID(collection, retriever.DefaultTenant, name),
		Collection: collection, Tenant: retriever.DefaultTenant, URI: name, Title: title,
	}, Chunks: chunks}
	u.Seal()
	return u
}

// find returns the passages of a question as the gateway would hand them on.
func (l *library) find(question, collection string) []gateway.Source {
	l.t.Helper()
	result, err := l.engine.Retrieve(l.t.Context(), retriever.Query{
		Text: question, Scope: retriever.Operator(), Collections: []string{collection},
		K: 6, MinScore: .2, TokenBudget: 3000,
	})
	if err != nil {
		l.t.Fatal(err)
	}
	var out []gateway.Source
	for i, h := range result.Hits {
		out = append(out, gateway.Source{
			N: i + 1, Title: h.Document.Title, URI: h.Document.URI, Headings: h.Chunk.Headings, Text: h.Chunk.Text, Relevance: h.Relevance,
		})
	}
	return out
}

// bare is a text without anything but letters and digits: what a quote and its source
// have in common, whatever became of line ends and Markdown.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, s)
}

// asked is a question with its passages. holds says whether a text has the answer, or a
// part of it; nil where the documents do not.
type asked struct {
	question string
	passages []gateway.Source
	holds    func(text string) bool
}

// shares of questions: answerable ones whose passages hold the answer and that are answered
// with it, and unanswerable ones of which that is said.
type shares struct{ found, hit, refused float64 }

func measure(questions []asked) shares {
	var found, hit, refused, answerable int
	for _, a := range questions {
		quotes := selectQuotes(newQuestion(a.question, ""), a.passages, mostQuotes)
		if a.holds == nil {
			if len(quotes) == 0 {
				refused++
			}
			continue
		}
		answerable++
		if slices.ContainsFunc(a.passages, func(p gateway.Source) bool { return a.holds(p.Text) }) {
			found++
		}
		if slices.ContainsFunc(quotes, func(q quote) bool { return a.holds(q.text + "\n" + q.code) }) {
			hit++
		}
	}
	share := func(n, of int) float64 { return float64(n) / float64(max(of, 1)) }
	return shares{share(found, answerable), share(hit, answerable), share(refused, len(questions)-answerable)}
}

// spanSet is every step-th question with gold spans, put to its own corpus and to the others.
func spanSet(t testing.TB, step int) []asked {
	dir := dataFolder(t, "spans")
	questions := readLines[struct {
		Question, Corpus string
		Spans            [][2]int
	}](t, filepath.Join(dir, "questions.jsonl"))
	l := newLibrary(t)
	corpora := map[string][]rune{}
	for _, file := range []string{"finance.md", "state_of_the_union.md", "wikitexts.md"} {
		data, err := os.ReadFile(filepath.Join(dir, "corpora", file))
		if err != nil {
			t.Fatal(err)
		}
		corpora[file] = []rune(string(data))
		name := strings.TrimSuffix(file, ".md")
		l.add(name, []retriever.Upsert{l.document(name, file, name, data)})
	}
	var out []asked
	for i := 0; i < len(questions); i += step {
		q := questions[i]
		for file, corpus := range corpora {
			a := asked{question: q.Question, passages: l.find(q.Question, strings.TrimSuffix(file, ".md"))}
			if file == q.Corpus {
				a.holds = touching(corpus, q.Spans)
			}
			out = append(out, a)
		}
	}
	return out
}

// touching judges a text by whether one of its sentences or cells lies in a gold span, or a
// gold span in it.
func touching(corpus []rune, spans [][2]int) func(string) bool {
	return func(text string) bool {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\n;|", r) }) {
			said := bare(part)
			for _, s := range spans {
				gold := bare(string(corpus[s[0]:s[1]]))
				if len(said) > 3 && strings.Contains(gold, said) || strings.Contains(said, gold) {
					return true
				}
			}
		}
		return false
	}
}

// readingSet is every step-th question of a reading set, put to all of its documents, and to
// the half of the articles that its own is not in.
func readingSet(t testing.TB, set string, step int) []asked {
	dir := dataFolder(t, set)
	type record struct {
		ID          string `json:"_id"`
		Title, Text string
		Metadata    struct{ Answers []string }
	}
	l := newLibrary(t)
	const all = 2
	titles, halves := map[string]int{}, map[string]int{} // title, document ▶ half
	var docs [3][]retriever.Upsert
	for _, r := range readLines[record](t, filepath.Join(dir, "corpus.jsonl")) {
		if _, ok := titles[r.Title]; !ok {
			titles[r.Title] = len(titles) % 2
		}
		halves[r.ID] = titles[r.Title]
		for _, into := range []int{halves[r.ID], all} {
			docs[into] = append(docs[into], l.document(fmt.Sprint(set, into), r.ID+".txt", r.Title, []byte(r.Text)))
		}
	}
	for into, d := range docs {
		l.add(fmt.Sprint(set, into), d)
	}
	home := map[string]string{} // question ▶ document
	for _, row := range readRows(t, filepath.Join(dir, "qrels", "test.tsv")) {
		home[row[0]] = row[1]
	}
	var out []asked
	questions := readLines[record](t, filepath.Join(dir, "queries.jsonl"))
	for i := 0; i < len(questions); i += step {
		q := questions[i]
		out = append(out,
			asked{q.Text, l.find(q.Text, fmt.Sprint(set, all)), containing(q.Metadata.Answers)},
			asked{q.Text, l.find(q.Text, fmt.Sprint(set, 1-halves[home[q.ID]])), nil})
	}
	return out
}

// containing judges a text by whether it contains one of the answers.
func containing(answers []string) func(string) bool {
	return func(text string) bool {
		b := bare(text)
		return slices.ContainsFunc(answers, func(a string) bool { return strings.Contains(b, bare(a)) })
	}
}

func readRows(t testing.TB, file string) [][]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		out = append(out, strings.Split(line, "\t"))
	}
	return out
}

// BenchmarkQuestionsOfOthers measures the answerer on documents and questions it was not
// written for: English with gold spans, Chinese and Arabic with answers, each question also
// put to documents that do not hold the answer. docs/quality.md has the figures.
func BenchmarkQuestionsOfOthers(b *testing.B) {
	for _, bb := range []struct {
		name string
		set  func() []asked
	}{
		{"spans", func() []asked { return spanSet(b, 1) }},
		{"cmrc2018", func() []asked { return readingSet(b, "cmrc2018", 3) }},
		{"arcd", func() []asked { return readingSet(b, "arcd", 2) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			questions := bb.set()
			var got shares
			for b.Loop() {
				got = measure(questions)
			}
			b.ReportMetric(got.found, "found")
			b.ReportMetric(got.hit, "hit")
			b.ReportMetric(got.refused, "refused")
		})
	}
}

// TestAnswersHoldWhatIsAsked has floors a little below what every fourth question reaches.
func TestAnswersHoldWhatIsAsked(t *testing.T) {
	got := measure(spanSet(t, 4))
	if got.hit < .42 || got.refused < .97 {
		t.Errorf("answered with what is asked for: %.3f, honest where there is no answer: %.3f; of the answers, %.3f were found", got.hit, got.refused, got.found)
	}
}
