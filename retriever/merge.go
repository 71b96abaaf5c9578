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

// byRelevance makes one ranking of several whose scores do not compare: the next hit is
// the first of the ranking where that has the highest relevance. Of the first k, each
// ranking has at least its quota, half of an equal share, as far as it reaches.
func byRelevance(rankings [][]Hit, k int) []Hit {
	if len(rankings) == 1 {
		return rankings[0]
	}
	quota := max(1, k/(2*len(rankings)))
	owed := make([]int, len(rankings))
	total, debt := 0, 0
	for i, r := range rankings {
		owed[i] = min(quota, len(r))
		total, debt = total+len(r), debt+owed[i]
	}
	out := make([]Hit, 0, total)
	for len(out) < total {
		best := -1
		for i, r := range rankings {
			due := len(out)+debt < k || debt == 0 || owed[i] > 0 // the places left are not all owed to others
			if len(r) > 0 && due && (best < 0 || r[0].Relevance > rankings[best][0].Relevance) {
				best = i
			}
		}
		out = append(out, rankings[best][0])
		rankings[best] = rankings[best][1:]
		if owed[best] > 0 {
			owed[best], debt = owed[best]-1, debt-1
		}
	}
	for i := range out {
		out[i].Score = 1 / float64(1+i)
	}
	return out
}

// joinWordings makes one ranking of those that the wordings of one question have, the
// question's own first, by the sum of reciprocal ranks (Cormack et al. 2009, k = 60).
// Signals are those of the first wording that found the hit, the relevance is the highest.
func joinWordings(rankings [][]Hit) []Hit {
	if len(rankings) == 1 {
		return rankings[0]
	}
	const k = 60
	at := map[string]int{}
	var out []Hit
	for _, ranking := range rankings {
		for rank, h := range ranking {
			i, known := at[h.Chunk.ID]
			if !known {
				i = len(out)
				at[h.Chunk.ID] = i
				h.Score = 0
				out = append(out, h)
			}
			out[i].Score += 1 / float64(k+rank+1)
			out[i].Relevance = max(out[i].Relevance, h.Relevance)
		}
	}
	sortHits(out)
	return out
}

// sortHits puts the best first, ties by chunk ID.
func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Chunk.ID, b.Chunk.ID))
	})
}
