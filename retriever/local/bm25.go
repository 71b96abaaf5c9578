package local

import (
	"context"
	"math"
	"slices"
	"sort"

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
	terms   []string
	idf     []float64 // of each term
	masses  []float64 // of each, see retriever.TermMass
	mass    float64   // their sum
	average float64   // length of a chunk
}

// newLexical counts, exactly, in how many live chunks each term occurs.
func (x *index) newLexical(terms []string) *lexical {
	chunks, length := x.totals()
	q := &lexical{params: x.params, terms: terms, idf: make([]float64, len(terms)), masses: make([]float64, len(terms)),
		average: max(1, float64(length)/max(1, float64(chunks)))}
	for i, term := range terms {
		df := 0
		for _, p := range x.parts {
			df += p.frequency(term)
		}
		q.idf[i] = math.Log(1 + (float64(chunks-df)+0.5)/(float64(df)+0.5))
		q.masses[i] = retriever.TermMass(q.idf[i], chunks)
		q.mass += q.masses[i]
	}
	return q
}

// frequency is the number of live chunks that hold the term.
func (p *part) frequency(term string) int {
	t, ok := p.terms[term]
	if !ok {
		return 0
	}
	postings := p.postings[p.offsets[t]:p.offsets[t+1]]
	if p.liveChunks == nil {
		return len(postings)
	}
	n := 0
	for _, c := range postings {
		if p.liveChunks.has(c) {
			n++
		}
	}
	return n
}

// score is a chunk's BM25 and the share of the query's mass that it holds. Terms add
// up in the query's order here and in search, so that equal chunks have equal scores.
func (q *lexical) score(p *part, chunk uint32) (score, coverage float64) {
	held := 0.0
	for i, term := range q.terms {
		t, ok := p.terms[term]
		if !ok {
			continue
		}
		from := p.offsets[t]
		at, found := slices.BinarySearch(p.postings[from:p.offsets[t+1]], chunk)
		if found {
			score += q.idf[i] * q.params.saturate(p.counts[int(from)+at], p.lengths[chunk], q.average)
			held += q.masses[i]
		}
	}
	if q.mass > 0 {
		coverage = min(1, held/q.mass)
	}
	return score, coverage
}

// cursor walks one term's postings in one part.
type cursor struct {
	chunks []uint32
	counts []uint16
	at     int
	term   int     // in the query
	bound  float64 // no chunk here gets more from the term
}

func (c *cursor) done() bool { return c.at >= len(c.chunks) }

// seek moves to the first chunk not before target: a galloping, then a binary search.
func (c *cursor) seek(target uint32) {
	step, low := 1, c.at
	for low+step < len(c.chunks) && c.chunks[low+step] < target {
		low += step
		step *= 2
	}
	rest := c.chunks[low:min(low+step+1, len(c.chunks))]
	c.at = low + sort.Search(len(rest), func(i int) bool { return rest[i] >= target })
}

// cursors of the query's terms in p, the weakest first.
func (q *lexical) cursors(p *part) []*cursor {
	// The bounds hold at the segment's own average length; a chunk's weight at another
	// average is at most larger by the ratio. The rest is for rounding.
	slack := max(1, q.average/p.average) * (1 + 1e-9)
	var out []*cursor
	for i, term := range q.terms {
		t, ok := p.terms[term]
		if !ok {
			continue
		}
		from, to := p.offsets[t], p.offsets[t+1]
		out = append(out, &cursor{chunks: p.postings[from:to], counts: p.counts[from:to], term: i, bound: q.idf[i] * float64(p.bounds[t]) * slack})
	}
	slices.SortStableFunc(out, func(a, b *cursor) int {
		switch {
		case a.bound < b.bound:
			return -1
		case a.bound > b.bound:
			return 1
		}
		return 0
	})
	return out
}

// search offers top every allowed chunk of part n that may be among the best, by MaxScore
// (Turtle and Flood 1995): terms too weak to lift a chunk above the current worst of the
// best are looked up, not walked.
func (q *lexical) search(ctx context.Context, x *index, n int, mask bitset, top *top) error {
	p := x.parts[n]
	cursors := q.cursors(p)
	reach := make([]float64, len(cursors)) // the most that cursors[:i+1] add
	sum := 0.0
	for i, c := range cursors {
		sum += c.bound
		reach[i] = sum
	}
	found := make([]uint16, len(q.terms)) // counts in the current chunk
	essential := 0                        // cursors before it cannot make a result alone
	for steps := 0; ; steps++ {
		if steps&0xfff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for essential < len(cursors) && reach[essential] < top.threshold() {
			essential++
		}
		chunk, ok := next(cursors[essential:])
		if !ok {
			return nil
		}
		if mask != nil && !mask.has(chunk) {
			skip(cursors[essential:], chunk)
			continue
		}
		clear(found)
		score := q.collect(p, cursors[essential:], chunk, found)
		if q.complete(p, cursors[:essential], reach, chunk, found, score, top.threshold()) {
			top.offer(q.total(p, chunk, found), chunkRef{uint32(n), chunk})
		}
	}
}

// next is the lowest chunk any of the cursors is at.
func next(cursors []*cursor) (chunk uint32, ok bool) {
	for _, c := range cursors {
		if !c.done() && (!ok || c.chunks[c.at] < chunk) {
			chunk, ok = c.chunks[c.at], true
		}
	}
	return chunk, ok
}

func skip(cursors []*cursor, chunk uint32) {
	for _, c := range cursors {
		if !c.done() && c.chunks[c.at] == chunk {
			c.at++
		}
	}
}

// collect notes the counts of the terms in the chunk, moves on, and returns what they add.
func (q *lexical) collect(p *part, cursors []*cursor, chunk uint32, found []uint16) (score float64) {
	for _, c := range cursors {
		if !c.done() && c.chunks[c.at] == chunk {
			found[c.term] = c.counts[c.at]
			score += q.idf[c.term] * q.params.saturate(c.counts[c.at], p.lengths[chunk], q.average)
			c.at++
		}
	}
	return score
}

// complete looks the weak terms up, the strongest first, and reports false as soon as the
// chunk cannot reach the threshold.
func (q *lexical) complete(p *part, weak []*cursor, reach []float64, chunk uint32, found []uint16, score, threshold float64) bool {
	for i := len(weak) - 1; i >= 0; i-- {
		if (score+reach[i])*(1+1e-9) < threshold {
			return false
		}
		c := weak[i]
		if c.seek(chunk); !c.done() && c.chunks[c.at] == chunk {
			found[c.term] = c.counts[c.at]
			score += q.idf[c.term] * q.params.saturate(c.counts[c.at], p.lengths[chunk], q.average)
		}
	}
	return true
}

func (q *lexical) total(p *part, chunk uint32, found []uint16) (score float64) {
	for i, count := range found {
		if count > 0 {
			score += q.idf[i] * q.params.saturate(count, p.lengths[chunk], q.average)
		}
	}
	return score
}
