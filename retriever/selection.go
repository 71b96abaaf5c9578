package retriever

import (
	"hash/fnv"
	"strings"
)

// selection turns the fused order into hits: what is not relevant enough, said already,
// too much of one document, or over the budget is dropped, each with its reason.
type selection struct {
	query   Query
	kept    []Hit
	dropped []Hit

	shingles []map[uint64]struct{} // of the kept hits, in order
	perDoc   map[string]int
	tokens   int
}

func newSelection(q Query) *selection {
	return &selection{query: q, perDoc: map[string]int{}}
}

func (s *selection) run(fused []Hit) {
	for _, h := range fused {
		var grams map[uint64]struct{}
		h.Dropped, grams = s.judge(h)
		if h.Dropped != "" {
			s.dropped = append(s.dropped, h)
			continue
		}
		s.kept = append(s.kept, h)
		s.shingles = append(s.shingles, grams)
		s.perDoc[h.Document.ID]++
		s.tokens += h.Chunk.Tokens
	}
}

func (s *selection) judge(h Hit) (Drop, map[uint64]struct{}) {
	q := s.query
	switch {
	case h.Relevance < q.MinScore:
		return BelowMinScore, nil
	case len(s.kept) >= q.K:
		return BeyondK, nil
	case q.PerDocument > 0 && s.perDoc[h.Document.ID] >= q.PerDocument:
		return OverPerDocument, nil
	}
	grams := shingle(h.Chunk.Text)
	for _, have := range s.shingles {
		if jaccard(have, grams) >= duplicateJaccard {
			return NearDuplicate, nil
		}
	}
	if q.TokenBudget > 0 && len(s.kept) > 0 && s.tokens+h.Chunk.Tokens > q.TokenBudget {
		return OverBudget, nil
	}
	return "", grams
}

const (
	shingleWords     = 4
	duplicateJaccard = 0.85 // copies with another date or name in them; not neighbours that overlap
)

// shingle is the set of hashes of the runs of four words in text, of the whole text when
// it is shorter.
func shingle(text string) map[uint64]struct{} {
	words := strings.Fields(strings.ToLower(text))
	n := max(len(words)-shingleWords+1, 1)
	set := make(map[uint64]struct{}, n)
	for i := range n {
		h := fnv.New64a()
		for _, w := range words[i:min(i+shingleWords, len(words))] {
			_, _ = h.Write([]byte(w)) // a hash never fails
			_, _ = h.Write([]byte{' '})
		}
		set[h.Sum64()] = struct{}{}
	}
	return set
}

func jaccard(a, b map[uint64]struct{}) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	shared := 0
	for k := range a {
		if _, ok := b[k]; ok {
			shared++
		}
	}
	return float64(shared) / float64(len(a)+len(b)-shared)
}
