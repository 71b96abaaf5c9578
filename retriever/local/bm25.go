package local

import (
	"math"
	"sync"

	"ragway/retriever"
)

// bm25 are the parameters of Robertson's formula, in Lucene's form of it.
type bm25 struct{ k1, b float64 }

// saturate is the weight of a term that occurs count times in a chunk of the length.
func (p bm25) saturate(count uint16, length uint32, average float64) float64 {
	tf := float64(count)
	return tf * (p.k1 + 1) / (tf + p.k1*(1-p.b+p.b*float64(length)/average))
}

// lexical is a query's terms with what the collection as a whole says of them.
type lexical struct {
	params  bm25
	numbers [][]int   // of each part, of each term: its number there, or absent
	idf     []float64 // of each term
	masses  []float64 // of each, see retriever.TermMass
	mass    float64   // their sum
	average float64   // length of a chunk
}

// absent stands for the number of a term that a part does not have.
const absent = -1

// newLexical counts, exactly, in how many live chunks each term occurs.
func (x *index) newLexical(terms []string) *lexical {
	chunks, length := x.totals()
	q := &lexical{params: x.params, numbers: make([][]int, len(x.parts)), idf: make([]float64, len(terms)), masses: make([]float64, len(terms)),
		average: max(1, float64(length)/max(1, float64(chunks)))}
	frequencies := make([]int, len(terms))
	for i, p := range x.parts {
		q.numbers[i] = make([]int, len(terms))
		for j, term := range terms {
			number, found := p.terms.find(term)
			if !found {
				q.numbers[i][j] = absent
				continue
			}
			q.numbers[i][j] = number
			frequencies[j] += p.frequency(number)
		}
	}
	for j, df := range frequencies {
		q.idf[j] = math.Log(1 + (float64(chunks-df)+0.5)/(float64(df)+0.5))
		q.masses[j] = retriever.TermMass(q.idf[j], chunks)
		q.mass += q.masses[j]
	}
	return q
}

// frequencies keeps what was counted of a part with deletions: a part is immutable, and
// questions repeat their words.
type frequencies struct{ of sync.Map }

// frequency is the number of live chunks that hold a term.
func (p *part) frequency(term int) int {
	if p.liveChunks == nil {
		return p.countLive(term)
	}
	if n, known := p.counted.of.Load(term); known {
		return n.(int)
	}
	n := p.countLive(term)
	p.counted.of.Store(term, n)
	return n
}

func (p *part) countLive(term int) int {
	if p.liveChunks == nil {
		return int(p.offsets[(term+1)*p.windows] - p.offsets[term*p.windows])
	}
	n := 0
	p.each(term, func(chunk, _ uint32) {
		if p.liveChunks.has(chunk) {
			n++
		}
	})
	return n
}

// score is the BM25 of a chunk of part n and the share of the query's mass that it holds.
// Terms add up in the query's order, so that equal chunks have equal scores.
func (q *lexical) score(p *part, n int, chunk uint32) (score, coverage float64) {
	held := 0.0
	for i, term := range q.numbers[n] {
		if term == absent {
			continue
		}
		if at, found := p.postings.find(term, chunk); found {
			score += q.idf[i] * q.params.saturate(p.count(at), p.lengths[chunk], q.average)
			held += q.masses[i]
		}
	}
	if q.mass > 0 {
		coverage = min(1, held/q.mass)
	}
	return score, coverage
}
