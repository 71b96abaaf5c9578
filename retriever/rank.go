package retriever

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// rank asks every collection for every wording of the query, and makes one ranking of the
// answers. Its hits have a chunk ID and the collection's name, and texts yet to be read.
func (e *Engine) rank(ctx context.Context, q Query, spaces []space, vectors []Vector, r *Result) ([]Hit, error) {
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
	space space
	sets  []CandidateSet
	dense bool // its vectors were compared
	err   error
}

// candidates asks the collections side by side.
func (e *Engine) candidates(ctx context.Context, q Query, spaces []space, vectors []Vector) []answer {
	wordings := q.wordings()
	found := make([]answer, len(spaces))
	var wg sync.WaitGroup
	for i, s := range spaces {
		found[i] = answer{space: s, sets: make([]CandidateSet, len(wordings)), dense: vectors != nil && s.hasVectors() && s.mismatch == nil}
		wg.Go(func() {
			a := &found[i]
			for w, text := range wordings {
				c := CandidateQuery{Collection: s.name, Scope: q.Scope, Filter: q.Filter, Documents: q.Documents, Depth: q.Depth, Bare: true}
				if a.dense {
					c.Vector = vectors[w]
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
// left, or an error is of the caller's making, it returns that.
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
		if errors.Is(a.err, ErrBadFilter) || errors.Is(a.err, ErrCollectionNotFound) || errors.Is(a.err, context.Canceled) {
			return last
		}
		r.Degraded = append(r.Degraded, Degradation{Stage: "collection", Collection: a.space.name, Reason: "the store does not answer"})
	}
	if failed == len(found) {
		return last
	}
	return nil
}

// fuse makes one ranking of all collections' answers to one wording. Collections of the
// query's embedding space are fused as if they were one, and so are those that were
// searched by words alone; the two rankings compare by relevance only.
func (e *Engine) fuse(found []answer, wording, k int) []Hit {
	var dense, words []CandidateSet
	var fusion Fusion
	for _, a := range found {
		if !a.dense {
			words = append(words, a.sets[wording])
			continue
		}
		if dense == nil {
			fusion = e.opt.Fusion(a.space.fingerprint)
		}
		dense = append(dense, a.sets[wording])
	}
	var rankings [][]Hit
	if dense != nil {
		rankings = append(rankings, fusion.Fuse(merge(dense)))
	}
	if words != nil {
		rankings = append(rankings, e.opt.Fusion(Fingerprint{}).Fuse(merge(words)))
	}
	return byRelevance(rankings, k)
}
