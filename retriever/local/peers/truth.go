package main

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"ragway/retriever"
	"ragway/retriever/text"
)

// top is the length of the lists that are compared.
const top = 10

// truth is a query with its right answers: the documents that a list of the best ten may
// hold, more than ten of them where the tenth place is tied, fewer where fewer match.
type truth struct {
	Query         query
	Lexical       []int // by the BM25 of package naive below
	Dense         []int // by the exact cosine
	DenseFiltered []int // the same among the documents of team filterTeam
}

// filterTeam is the team that filtered queries ask for.
const filterTeam = 3

// Rounding apart, scores this close are tied; an index may add in another order.
const (
	tiedCosine = 1e-6
	tiedBM25   = 1e-9 // of the score
)

// makeTruths compares each query with every document, one after the other, with no index
// and no shortcut. Its memory is the postings of the queries' terms.
func makeTruths(c *corpus, queries int) ([]truth, error) {
	truths := make([]truth, queries)
	for i := range truths {
		truths[i].Query = c.query(i)
	}
	naive := newNaive(truths)
	dense, filtered := make([]ranking, queries), make([]ranking, queries)
	err := c.batches(2000, func(docs []document) error {
		naive.add(docs)
		split(queries, func(i int) {
			for _, d := range docs {
				s := scored{float64(retriever.Dot(truths[i].Query.Vector, d.vector)), d.number}
				dense[i].offer(s)
				if d.number%teams == filterTeam {
					filtered[i].offer(s)
				}
			}
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	split(queries, func(i int) {
		truths[i].Lexical = naive.rank(i)
		truths[i].Dense = dense[i].best(tiedCosine)
		truths[i].DenseFiltered = filtered[i].best(tiedCosine)
	})
	return truths, nil
}

// split runs work on 0 … n−1 in as many goroutines as there are threads.
func split(n int, work func(i int)) {
	var wg sync.WaitGroup
	threads := runtime.GOMAXPROCS(0)
	for t := range threads {
		wg.Go(func() {
			for i := t; i < n; i += threads {
				work(i)
			}
		})
	}
	wg.Wait()
}

type scored struct {
	score  float64
	number int
}

// ranking keeps the best few of what it is offered, enough for ties.
type ranking []scored

const kept = 4 * top

func (r *ranking) offer(s scored) {
	if len(*r) == kept && s.score <= (*r)[kept-1].score {
		return
	}
	at, _ := slices.BinarySearchFunc(*r, s, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	*r = slices.Insert(*r, at, s)
	*r = (*r)[:min(len(*r), kept)]
}

// best are the documents that may be among the first ten when scores that differ by less
// than slack are tied.
func (r ranking) best(slack float64) []int {
	var out []int
	for i, s := range r {
		if i >= top && s.score < r[top-1].score-slack {
			break
		}
		out = append(out, s.number)
	}
	return out
}

// naive is BM25 in Lucene's form, with k1 1.2 and b 0.75, from a list of all documents that
// hold a term: what an index must agree with.
type naive struct {
	analyzer *text.Analyzer
	queries  [][]string
	postings map[string][]occurrence
	lengths  []int // terms of each document
	total    int
}

type occurrence struct {
	document uint32
	count    uint16
}

func newNaive(truths []truth) *naive {
	n := &naive{analyzer: text.For(""), postings: map[string][]occurrence{}}
	for _, t := range truths {
		terms := n.analyzer.QueryTerms(t.Query.Text)
		n.queries = append(n.queries, terms)
		for _, term := range terms {
			n.postings[term] = nil
		}
	}
	return n
}

func (n *naive) add(docs []document) {
	for _, d := range docs {
		terms := retriever.Chunk{Text: d.text}.Terms(n.analyzer)
		n.lengths = append(n.lengths, len(terms))
		n.total += len(terms)
		counts := map[string]uint16{}
		for _, term := range terms {
			if _, asked := n.postings[term]; asked {
				counts[term]++
			}
		}
		for term, count := range counts {
			n.postings[term] = append(n.postings[term], occurrence{uint32(d.number), count})
		}
	}
}

func (n *naive) rank(query int) []int {
	const k1, b = 1.2, 0.75
	documents := float64(len(n.lengths))
	average := float64(n.total) / documents
	scores := map[uint32]float64{}
	for _, term := range n.queries[query] {
		df := float64(len(n.postings[term]))
		idf := math.Log(1 + (documents-df+0.5)/(df+0.5))
		for _, p := range n.postings[term] {
			tf, norm := float64(p.count), 1-b+b*float64(n.lengths[p.document])/average
			scores[p.document] += idf * tf * (k1 + 1) / (tf + k1*norm)
		}
	}
	var r ranking
	for document, score := range scores {
		r.offer(scored{score, int(document)})
	}
	if len(r) < top {
		return r.best(0)
	}
	return r.best(tiedBM25 * r[top-1].score)
}

// recall is the share of the right ten in what was found. A document counts once.
func recall(found []string, right []int) float64 {
	want := map[string]bool{}
	for _, number := range right {
		want[strconv.Itoa(number)] = true
	}
	hits := 0
	for _, id := range found {
		if want[id] {
			hits++
			delete(want, id)
		}
	}
	if len(right) == 0 {
		return 1
	}
	return float64(hits) / float64(min(top, len(right)))
}
