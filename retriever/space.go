package retriever

import (
	"context"
	"slices"
	"sync"
	"time"
)

// space is a collection to search, with its embedding space.
type space struct {
	name        string
	fingerprint Fingerprint
	embedder    *questioner // that makes vectors of this space; nil: none does
	mismatch    error       // why none does, where the collection has vectors
}

func (s space) hasVectors() bool { return !s.fingerprint.IsZero() }

const (
	// probeTTL is how long queries go on after the model behind a name has been exchanged:
	// its vectors would be compared with those of the old one.
	probeTTL = time.Minute
	// mismatchTTL is the same where what is remembered does not fit a collection: that may
	// have been embedded anew since.
	mismatchTTL = 5 * time.Second
)

// questioner is an embedder with its probed fingerprint, as far as that is known.
type questioner struct {
	Embedder

	mu     sync.Mutex
	probed *Fingerprint
	at     time.Time
}

// matches is nil when the embedder makes vectors of f. It asks the embedder for its probe
// now and then, and only where f could be its own. A failure of that is not remembered;
// while there is an older answer, that stands.
func (q *questioner) matches(ctx context.Context, f Fingerprint, now time.Time) (mismatch, err error) {
	if mismatch := f.Matches(q.Fingerprint()); mismatch != nil {
		return mismatch, nil
	}
	q.mu.Lock()
	probed, age := q.probed, now.Sub(q.at)
	q.mu.Unlock()
	if probed != nil && age < probeTTL {
		if mismatch = f.Matches(*probed); mismatch == nil || age < mismatchTTL {
			return mismatch, nil
		}
	}
	fresh, err := Probe(ctx, q.Embedder)
	switch {
	case err != nil && probed != nil:
		return f.Matches(*probed), nil // the query is embedded next, and that error counts
	case err != nil:
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.probed, q.at = &fresh, now
	return f.Matches(fresh), nil
}

// assign finds for each space that has vectors the first embedder that makes such. What it
// could not ask is returned with its error.
func (e *Engine) assign(ctx context.Context, spaces []space) map[*questioner]error {
	lost := map[*questioner]error{}
	for i := range spaces {
		s := &spaces[i]
		if !s.hasVectors() {
			continue
		}
		for _, q := range e.embedders {
			mismatch, err := q.matches(ctx, s.fingerprint, e.opt.Now())
			if err != nil {
				lost[q] = err
			}
			if mismatch == nil {
				s.embedder, s.mismatch = q, nil
				break
			}
			if s.mismatch == nil {
				s.mismatch = mismatch // with the main embedder, which is the first
			}
		}
	}
	return lost
}

// CheckSpaces returns a SpaceMismatch for each collection with vectors that no embedder of
// the engine makes. A collection that does not exist is none, and neither is an embedder
// that does not answer: nobody knows what it would make.
func (e *Engine) CheckSpaces(ctx context.Context, scope Scope, collections ...string) ([]*SpaceMismatch, error) {
	if e.embedders == nil {
		return nil, nil
	}
	spaces, err := e.collections(ctx, Query{Scope: scope, Collections: collections, SkipMissing: true})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.EmbedTimeout)
	defer cancel()
	e.assign(ctx, spaces) // an embedder that is lost is assigned what could be its own
	var out []*SpaceMismatch
	for _, s := range spaces {
		if s.hasVectors() && s.embedder == nil {
			out = append(out, &SpaceMismatch{s.name, e.embedders[0].Fingerprint(), s.mismatch})
		}
	}
	return out, nil
}

// used are the embedders that spaces have been assigned, each once, in the engine's order.
func (e *Engine) used(spaces []space) []*questioner {
	var out []*questioner
	for _, q := range e.embedders {
		if slices.ContainsFunc(spaces, func(s space) bool { return s.embedder == q }) {
			out = append(out, q)
		}
	}
	return out
}
