package builtin

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ragway/retriever"
	"ragway/retriever/eval"
	"ragway/retriever/text"
)

// collection is scifact with both scores of every document for a query.
type collection struct {
	ids     []string
	texts   []string
	vectors []retriever.Vector
	terms   map[string]map[int]float64 // term ▶ document ▶ BM25 weight
}

func scifactDir(t *testing.T) string {
	t.Helper()
	root := os.Getenv("RAGWAY_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, "scifact")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no test data at %s (RAGWAY_TEST_DATA names its folder)", dir)
	}
	return dir
}

func readCollection(t *testing.T, dir string) *collection {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "corpus.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	c := &collection{}
	for dec := json.NewDecoder(strings.NewReader(string(data))); dec.More(); {
		var d struct {
			ID          string `json:"_id"`
			Title, Text string
		}
		if err := dec.Decode(&d); err != nil {
			t.Fatal(err)
		}
		c.ids = append(c.ids, d.ID)
		c.texts = append(c.texts, d.Title+" "+d.Text)
	}
	c.vectors = embed(t, c.texts...)
	c.indexTerms()
	return c
}

// indexTerms is BM25 with k1 1.2 and b 0.75, precomputed.
func (c *collection) indexTerms() {
	c.terms = map[string]map[int]float64{}
	lengths, total := make([]float64, len(c.texts)), 0.0
	for d, s := range c.texts {
		for _, term := range text.For("en").Terms(s) {
			if c.terms[term] == nil {
				c.terms[term] = map[int]float64{}
			}
			c.terms[term][d]++
			lengths[d]++
			total++
		}
	}
	n := float64(len(c.texts))
	for _, postings := range c.terms {
		df := float64(len(postings))
		idf := math.Log(1 + (n-df+.5)/(df+.5))
		for d, tf := range postings {
			postings[d] = idf * tf / (tf + 1.2*(.25+.75*lengths[d]*n/total))
		}
	}
}

func (c *collection) lexical(q string) []float64 {
	scores := make([]float64, len(c.texts))
	for _, term := range text.For("en").QueryTerms(q) {
		for d, w := range c.terms[term] {
			scores[d] += w
		}
	}
	return scores
}

func (c *collection) dense(t *testing.T, q string) []float64 {
	v, err := newEmbedder(t).Embed(context.Background(), retriever.QueryText, []string{q})
	if err != nil {
		t.Fatal(err)
	}
	scores := make([]float64, len(c.texts))
	for d := range scores {
		scores[d] = float64(retriever.Dot(c.vectors[d], v[0]))
	}
	return scores
}

// top returns the documents with the highest scores above zero, best first.
func top(scores []float64, k int) []int {
	var docs []int
	for d, s := range scores {
		if s > 0 {
			docs = append(docs, d)
		}
	}
	slices.SortFunc(docs, func(a, b int) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b))
	})
	return docs[:min(k, len(docs))]
}

// candidates is the union of the two lists with both scores of each.
func (c *collection) candidates(lexical, dense []float64) (set retriever.CandidateSet) {
	ranks := func(scores []float64) map[int]int {
		of := map[int]int{}
		for i, d := range top(scores, 100) {
			of[d] = i + 1
		}
		return of
	}
	words, vectors := ranks(lexical), ranks(dense)
	union := maps.Clone(words)
	maps.Copy(union, vectors)
	for _, d := range slices.Sorted(maps.Keys(union)) {
		set.Candidates = append(set.Candidates, retriever.Candidate{
			Passage: retriever.Passage{Chunk: retriever.Chunk{ID: c.ids[d]}},
			Lexical: retriever.Leg{Score: lexical[d], Rank: words[d], Known: true},
			Dense:   retriever.Leg{Score: dense[d], Rank: vectors[d], Known: true},
		})
	}
	return set
}

// TestScifactReachesReference holds the table, with plain BM25 and an exact scan, to the
// figures measured with its reference implementation.
func TestScifactReachesReference(t *testing.T) {
	dir := scifactDir(t)
	questions, err := eval.ReadBEIR(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := readCollection(t, dir)
	var dense, hybrid eval.Run
	fusion := retriever.DefaultFusion(newEmbedder(t).Fingerprint())
	for _, q := range questions {
		scores := c.dense(t, q.Text)
		var byVector, fused []eval.Result
		for _, d := range top(scores, 100) {
			byVector = append(byVector, eval.Result{RecordID: c.ids[d]})
		}
		for _, h := range fusion.Fuse(c.candidates(c.lexical(q.Text), scores)) {
			fused = append(fused, eval.Result{RecordID: h.Chunk.ID})
		}
		dense.Add(q, byVector, 0)
		hybrid.Add(q, fused, 0)
	}
	d, h := dense.Summary(), hybrid.Summary()
	t.Logf("dense: nDCG@10 %.4f, recall@100 %.4f; hybrid: %.4f, %.4f", d.NDCG10, d.Recall100, h.NDCG10, h.Recall100)
	if d.Queries != 300 || math.Abs(d.NDCG10-.5301) > .002 || math.Abs(d.Recall100-.8847) > .005 {
		t.Errorf("dense: %d queries, nDCG@10 %.4f, recall@100 %.4f; want 300, .5301, .8847", d.Queries, d.NDCG10, d.Recall100)
	}
	if h.NDCG10 < .696 {
		t.Errorf("hybrid: nDCG@10 %.4f, want at least .696", h.NDCG10)
	}
}
