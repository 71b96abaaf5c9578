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
	"time"
	"unicode"
	"unicode/utf8"

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

// add stores documents, title ▶ Markdown, in a new collection.
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
	u := retriever.Upsert{Document: retriever.Document{
		ID:         retriever.DocumentID(collection, retriever.DefaultTenant, name),
		Collection: collection, Tenant: retriever.DefaultTenant, URI: name, Title: title,
	}, Chunks: chunks}
	u.Seal()
	return u
}

// find returns the passages of a question as the gateway would hand them on.
func (l *library) find(question, collection string, minScore float64) []gateway.Source {
	l.t.Helper()
	result, err := l.engine.Retrieve(l.t.Context(), retriever.Query{
		Text: question, Scope: retriever.Operator(), Collections: []string{collection},
		K: 6, MinScore: minScore, TokenBudget: 3000,
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

const defaultMinScore = 0.2 // of retrieval.min_score

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

// asked is a question with its passages. judge says how much of the gold a text holds,
// and which share of the text is gold; nil where nothing in the passages answers it.
type asked struct {
	question string
	passages []gateway.Source
	judge    func(text string) (recall, precision float64)
}

// tally adds up what a set of questions got.
type tally struct {
	asked, found, answered, hit int
	recall, precision, size     float64
	took                        time.Duration
}

func (c *tally) ask(a asked) {
	start := time.Now()
	quotes := selectQuotes(newQuestion(a.question, ""), a.passages, 3)
	c.took += time.Since(start)
	c.asked++
	if a.judge != nil && passageHolds(a) {
		c.found++
	}
	if len(quotes) == 0 {
		return
	}
	c.answered++
	said := quoted(quotes)
	c.size += float64(utf8.RuneCountInString(said))
	if a.judge == nil {
		return
	}
	recall, precision := a.judge(said)
	if recall > 0 {
		c.hit++
	}
	c.recall += recall
	c.precision += precision
}

func passageHolds(a asked) bool {
	return slices.ContainsFunc(a.passages, func(p gateway.Source) bool {
		recall, _ := a.judge(p.Text)
		return recall > 0
	})
}

func (c *tally) String() string {
	n, a := float64(max(c.asked, 1)), float64(max(c.answered, 1))
	return fmt.Sprintf("%4d asked, in the passages %.3f, answered %.3f, hit %.3f, recall %.3f, precision %.3f, %4.0f runes, %s",
		c.asked, float64(c.found)/n, float64(c.answered)/n, float64(c.hit)/n, c.recall/n, c.precision/a, c.size/a,
		(c.took / time.Duration(max(c.asked, 1))).Round(time.Microsecond))
}

func share(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

func quoted(quotes []quote) string {
	var parts []string
	for _, q := range quotes {
		parts = append(parts, q.text)
		if q.code != "" {
			parts = append(parts, q.code)
		}
	}
	return strings.Join(parts, "\n")
}

// halves is the questions that constants were set on, the even ones, and the others.
type halves [2][]asked

func (h *halves) add(i int, a asked) { h[i%2] = append(h[i%2], a) }

func (h *halves) tally(half int) *tally {
	c := &tally{}
	for _, a := range h[half] {
		c.ask(a)
	}
	return c
}

// atStrength is the shares of questions answered with the gold, and answered at all, if
// the least strength were another.
func (h *halves) atStrength(half int, strength float64) (hit, answered float64) {
	hits, answers := 0, 0
	for _, a := range h[half] {
		quotes, got := bestQuotes(newQuestion(a.question, ""), a.passages, 3)
		if len(quotes) == 0 || got < strength {
			continue
		}
		answers++
		if a.judge != nil {
			if recall, _ := a.judge(quoted(quotes)); recall > 0 {
				hits++
			}
		}
	}
	return share(hits, len(h[half])), share(answers, len(h[half]))
}

// corpus is a text with its bare letters, addressed by byte offset.
type corpus struct {
	letters string
	index   []int // of each rune of the text, the bytes of letters before it
}

func newCorpus(s string) corpus {
	c := corpus{letters: bare(s)}
	n := 0
	for _, r := range s {
		c.index = append(c.index, n)
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			n += utf8.RuneLen(r)
		}
	}
	c.index = append(c.index, n)
	return c
}

// judge compares a text with gold spans; a line that the corpus does not hold as it is, as
// a row read with its header, is compared cell by cell.
func (c corpus) judge(spans [][2]int) func(string) (float64, float64) {
	gold, size := map[int]bool{}, 0
	for _, s := range spans {
		for i := c.index[s[0]]; i < c.index[s[1]]; i++ {
			gold[i] = true
		}
	}
	return func(text string) (float64, float64) {
		said := map[int]bool{}
		size = 0
		for _, line := range strings.Split(text, "\n") {
			parts := []string{line}
			if !strings.Contains(c.letters, bare(line)) {
				parts = strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(";:|", r) })
			}
			for _, part := range parts {
				b := bare(part)
				size += len(b)
				if at := strings.Index(c.letters, b); at >= 0 {
					for i := range len(b) {
						if gold[at+i] {
							said[at+i] = true
						}
					}
				}
			}
		}
		return float64(len(said)) / float64(len(gold)), float64(len(said)) / float64(max(size, 1))
	}
}

// spanSets is the questions with gold spans, put to their own corpus and to the others.
func spanSets(t testing.TB) (own, foreign *halves) {
	dir := dataFolder(t, "spans")
	questions := readLines[struct {
		Question, Corpus string
		Spans            [][2]int
	}](t, filepath.Join(dir, "questions.jsonl"))
	l := newLibrary(t)
	corpora := map[string]corpus{}
	for _, file := range []string{"finance.md", "state_of_the_union.md", "wikitexts.md"} {
		data, err := os.ReadFile(filepath.Join(dir, "corpora", file))
		if err != nil {
			t.Fatal(err)
		}
		corpora[file] = newCorpus(string(data))
		name := strings.TrimSuffix(file, ".md")
		l.add(name, []retriever.Upsert{l.document(name, file, name, data)})
	}
	own, foreign = &halves{}, &halves{}
	for i, q := range questions {
		for file, c := range corpora {
			a := asked{question: q.Question, passages: l.find(q.Question, strings.TrimSuffix(file, ".md"), defaultMinScore)}
			if file != q.Corpus {
				foreign.add(i, a)
				continue
			}
			a.judge = c.judge(q.Spans)
			own.add(i, a)
		}
	}
	return own, foreign
}

// containing judges a text by whether it contains one of the answers.
func containing(answers []string) func(string) (float64, float64) {
	return func(text string) (float64, float64) {
		b := bare(text)
		for _, a := range answers {
			if a = bare(a); strings.Contains(b, a) {
				return 1, float64(len(a)) / float64(len(b))
			}
		}
		return 0, 0
	}
}

// answerSets is the questions of a reading set: over all of its documents, and over the
// half of the articles that theirs is not in. Every step-th question is taken.
func answerSets(t testing.TB, set string, step int) (own, foreign *halves) {
	dir := dataFolder(t, set)
	type record struct {
		ID          string `json:"_id"`
		Title, Text string
		Metadata    struct{ Answers []string }
	}
	l := newLibrary(t)
	titles := map[string]int{}
	var docs [3][]retriever.Upsert
	article := map[string]int{} // document ▶ half
	for _, r := range readLines[record](t, filepath.Join(dir, "corpus.jsonl")) {
		if _, ok := titles[r.Title]; !ok {
			titles[r.Title] = len(titles) % 2
		}
		half := titles[r.Title]
		article[r.ID] = half
		for _, into := range []int{half, 2} {
			name := fmt.Sprint(set, into)
			docs[into] = append(docs[into], l.document(name, r.ID+".txt", r.Title, []byte(r.Text)))
		}
	}
	for into, d := range docs {
		l.add(fmt.Sprint(set, into), d)
	}
	answered := map[string]string{}
	for _, line := range readRows(t, filepath.Join(dir, "qrels", "test.tsv")) {
		answered[line[0]] = line[1]
	}
	own, foreign = &halves{}, &halves{}
	for i, q := range readLines[record](t, filepath.Join(dir, "queries.jsonl")) {
		if i%step > 1 {
			continue
		}
		own.add(i, asked{question: q.Text, passages: l.find(q.Text, set+"2", defaultMinScore), judge: containing(q.Metadata.Answers)})
		foreign.add(i, asked{question: q.Text, passages: l.find(q.Text, fmt.Sprint(set, 1-article[answered[q.ID]]), defaultMinScore)})
	}
	return own, foreign
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

// TestAnswersToQuestionsOfOthers measures the answerer on documents and questions it was
// not written for: questions with gold spans in English (in-the-passages bounds the hits),
// with answers in Chinese and Arabic, and each put to documents that do not hold the answer
// ("foreign"). Floors and ceilings lie a little off what is reached on the odd questions.
func TestAnswersToQuestionsOfOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	for _, tc := range []struct {
		name           string
		sets           func(t testing.TB) (own, foreign *halves)
		hit, precision float64 // at least
		foreign        float64 // answered, at most
	}{
		{"spans", spanSets, .55, .52, .02},
		{"cmrc2018", func(t testing.TB) (*halves, *halves) { return answerSets(t, "cmrc2018", 6) }, .79, .15, .17},
		{"arcd", func(t testing.TB) (*halves, *halves) { return answerSets(t, "arcd", 3) }, .67, .09, .53},
	} {
		t.Run(tc.name, func(t *testing.T) {
			own, foreign := tc.sets(t)
			for half, what := range []string{"even", "odd"} {
				t.Logf("%-4s own     %s", what, own.tally(half))
				t.Logf("%-4s foreign %s", what, foreign.tally(half))
			}
			for _, strength := range []float64{.5, .6, .65, .7, .8} {
				hit, _ := own.atStrength(0, strength)
				_, answered := foreign.atStrength(0, strength)
				t.Logf("even, from strength %.2f: hit %.3f, foreign answered %.3f", strength, hit, answered)
			}
			got, wrong := own.tally(1), foreign.tally(1)
			if hit := share(got.hit, got.asked); hit < tc.hit {
				t.Errorf("hit %.3f, want %.3f", hit, tc.hit)
			}
			if p := got.precision / float64(got.answered); p < tc.precision {
				t.Errorf("precision %.3f, want %.3f", p, tc.precision)
			}
			if answered := share(wrong.answered, wrong.asked); answered > tc.foreign {
				t.Errorf("foreign answered %.3f, want at most %.3f", answered, tc.foreign)
			}
		})
	}
}
