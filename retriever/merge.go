package retriever

import (
	"cmp"
	"math"
	"slices"
)

// merge joins the candidate sets of several collections into one and ranks each list
// anew. BM25 and cosine of one analysis and one space compare across collections well
// enough to be fused together; backgrounds are pooled by the number of candidates.
func merge(sets []CandidateSet) CandidateSet {
	if len(sets) == 1 {
		return sets[0]
	}
	var out CandidateSet
	var weight, mean, square float64
	for _, s := range sets {
		out.Candidates = append(out.Candidates, s.Candidates...)
		if s.Background.StdDev > 0 {
			n := float64(len(s.Candidates))
			weight += n
			mean += n * s.Background.Mean
			square += n * (s.Background.StdDev*s.Background.StdDev + s.Background.Mean*s.Background.Mean)
		}
	}
	if weight > 0 {
		m := mean / weight
		out.Background = Distribution{Mean: m, StdDev: math.Sqrt(max(square/weight-m*m, 0))}
	}
	renumber(out.Candidates, func(c *Candidate) *Leg { return &c.Lexical })
	renumber(out.Candidates, func(c *Candidate) *Leg { return &c.Dense })
	slices.SortFunc(out.Candidates, func(a, b Candidate) int { return cmp.Compare(a.Chunk.ID, b.Chunk.ID) })
	return out
}

// renumber numbers the members of one list from 1 by score, ties by chunk ID.
func renumber(cs []Candidate, leg func(*Candidate) *Leg) {
	slices.SortFunc(cs, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(leg(&b).Score, leg(&a).Score), cmp.Compare(a.Chunk.ID, b.Chunk.ID))
	})
	next := 1
	for i := range cs {
		if l := leg(&cs[i]); l.Rank > 0 {
			l.Rank = next
			next++
		}
	}
}
