package retriever

import "context"

// diversityPool times the hits wanted are looked at for a choice that is not all alike.
const diversityPool = 4

// diversify orders the first hits by maximal marginal relevance (Carbonell and Goldstein
// 1998): next comes the hit whose score, less its likeness to one that stands already, is
// highest. Likeness is that of the words, so that it is the same with any embedder and
// without one.
func (l *lineup) diversify(ctx context.Context, q Query) error {
	if q.Diversity <= 0 {
		return nil
	}
	if err := l.readTo(ctx, diversityPool*q.K); err != nil {
		return err
	}
	pool := l.hits[:min(diversityPool*q.K, len(l.hits))]
	scores := scaleScores(pool)
	words := make([]shingles, len(pool))
	for i, h := range pool {
		words[i] = shingle(h.Chunk.Text, 1)
	}
	likeness := make([]float64, len(pool)) // to the most similar of those that stand
	for at := range pool {
		best, bestValue := at, 0.0
		for i := at; i < len(pool); i++ {
			if value := (1-q.Diversity)*scores[i] - q.Diversity*likeness[i]; i == at || value > bestValue {
				best, bestValue = i, value
			}
		}
		moveUp(pool, best, at)
		moveUp(scores, best, at)
		moveUp(words, best, at)
		moveUp(likeness, best, at)
		for i := at + 1; i < len(pool); i++ {
			likeness[i] = max(likeness[i], words[at].likeness(words[i]))
		}
	}
	return nil
}

// moveUp puts s[from] at to ≤ from, and what stood between one place down.
func moveUp[T any](s []T, from, to int) {
	v := s[from]
	copy(s[to+1:from+1], s[to:from])
	s[to] = v
}
