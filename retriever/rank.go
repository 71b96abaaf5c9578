package retriever

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// rank asks every collection for every wording of the query, and makes one ranking of the
// answers. Its hits have a chunk ID and the collection's name, and texts yet to be read.
func (e *Engine) rank(ctx context.Context, q Query, spaces []space, vectors questions, r *Result) ([]Hit, error) {
	if len(spaces) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.StoreTimeout)
	defer cancel()
	start := e.opt.Now()
	found := e.candidates(ctx, q, spaces, vectors)
	err := e.dropFailed(found, r)
	e.opt.Observe("candidates", e.opt.Now().Sub(start), err)
	if err != nil {
		return nil, err
	}
	rankings := make([][]Hit, len(q.wordings()))
	for i := range rankings {
		rankings[i] = e.fuse(found, i, q.K)
	}
	return joinWordings(rankings), nil
}

// answer is what one collection has for each wording.
type answer struct {
	space   space
	sets    []CandidateSet
	vectors []Vector // of the wordings, that its own were compared with; nil: it was searched by words alone
	err     error
}

// embedder is the one whose vectors were compared; nil: none were.
func (a answer) embedder() *questioner {
	if a.vectors == nil {
		return nil
	}
	return a.space.embedder
}

// compared is the space of the vectors that were compared.
func (a answer) compared() Fingerprint {
	if a.vectors == nil {
		return Fingerprint{}
	}
	return a.space.fingerprint
}

// candidates asks the collections side by side.
func (e *Engine) candidates(ctx context.Context, q Query, spaces []space, vectors questions) []answer {
	wordings := q.wordings()
	found := make([]answer, len(spaces))
	var wg sync.WaitGroup
	for i, s := range spaces {
		found[i] = answer{space: s, sets: make([]CandidateSet, len(wordings)), vectors: vectors[s.embedder]}
		wg.Go(func() {
			a := &found[i]
			for w, text := range wordings {
				c := CandidateQuery{Collection: s.name, Scope: q.Scope, Filter: q.Filter, Documents: q.Documents, Depth: q.Depth, Bare: true}
				if a.vectors != nil {
					c.Vector, c.Space = a.vectors[w], s.fingerprint
				}
				if q.Mode != Dense || c.Vector == nil { // dense was asked for and is lost: words are better than nothing
					c.Text = text
				}
				if a.sets[w], a.err = e.opt.Store.Candidates(ctx, c); a.err != nil {
					return
				}
				for n := range a.sets[w].Candidates {
					a.sets[w].Candidates[n].Document.Collection = s.name
				}
			}
		})
	}
	wg.Wait()
	return found
}

// dropFailed empties the answers of collections that failed, and marks them. When none is
// left, or an error is of the caller's making, or a collection has another space by now, it
// returns that.
func (e *Engine) dropFailed(found []answer, r *Result) error {
	failed := 0
	var last error
	for i := range found {
		a := &found[i]
		if a.err == nil {
			continue
		}
		failed++
		a.sets = make([]CandidateSet, len(a.sets))
		last = fmt.Errorf("search %q: %w", a.space.name, a.err)
		if errors.Is(a.err, ErrBadFilter) || errors.Is(a.err, ErrFingerprint) || errors.Is(a.err, ErrCollectionNotFound) || errors.Is(a.err, context.Canceled) {
			return last
		}
		r.Degraded = append(r.Degraded, Degradation{Stage: "collection", Collection: a.space.name, Reason: "the store does not answer"})
	}
	if failed == len(found) {
		return last
	}
	return nil
}

// fuse makes one ranking of all collections' answers to one wording. Collections of one
// embedding space are fused as if they were one, and so are those that were searched by
// words alone; the rankings compare by relevance only.
func (e *Engine) fuse(found []answer, wording, k int) []Hit {
	var rankings [][]Hit
	for _, q := range append([]*questioner{nil}, e.embedders...) {
		var sets []CandidateSet
		var space Fingerprint
		for _, a := range found {
			if a.embedder() == q {
				sets = append(sets, a.sets[wording])
				space = a.compared()
			}
		}
		if sets != nil {
			rankings = append(rankings, e.opt.Fusion(space).Fuse(merge(sets)))
		}
	}
	return byRelevance(rankings, k)
}
