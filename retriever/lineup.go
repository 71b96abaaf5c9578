package retriever

import (
	"context"
	"errors"
	"fmt"
)

// lineup is a ranking whose texts are read as far as somebody looks.
type lineup struct {
	engine *Engine
	scope  Scope
	hits   []Hit // best first
	read   int   // hits[:read] have their texts
	lost   int   // hits that were gone when they were to be read
}

// readTo reads the texts of the first n hits. Hits whose chunk is no longer there are left
// out, and others move up.
func (l *lineup) readTo(ctx context.Context, n int) error {
	if l.read >= min(n, len(l.hits)) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.engine.opt.StoreTimeout)
	defer cancel()
	start := l.engine.opt.Now()
	var err error
	for err == nil && l.read < min(n, len(l.hits)) {
		err = l.readNext(ctx, min(n, len(l.hits))-l.read)
	}
	l.engine.opt.Observe("passages", l.engine.opt.Now().Sub(start), err)
	return err
}

func (l *lineup) readNext(ctx context.Context, n int) error {
	next := l.hits[l.read : l.read+n]
	ids := map[string][]string{}
	for _, h := range next {
		ids[h.Document.Collection] = append(ids[h.Document.Collection], h.Chunk.ID)
	}
	passages, err := l.engine.passages(ctx, l.scope, ids)
	if err != nil {
		return err
	}
	kept := l.hits[:l.read]
	for _, h := range next {
		p, ok := passages[h.Chunk.ID]
		if !ok {
			l.lost++
			continue
		}
		h.Passage = p
		kept = append(kept, h)
	}
	read := len(kept)
	l.hits = append(kept, l.hits[l.read+n:]...)
	l.read = read
	return nil
}

// passages reads chunks, given by collection, and returns those that are there by their
// IDs.
func (e *Engine) passages(ctx context.Context, scope Scope, ids map[string][]string) (map[string]Passage, error) {
	out := map[string]Passage{}
	for collection, list := range ids {
		found, err := e.opt.Store.Passages(ctx, scope, collection, list)
		if errors.Is(err, ErrCollectionNotFound) {
			continue // deleted since
		}
		if err != nil {
			return nil, fmt.Errorf("read passages of %q: %w", collection, err)
		}
		for _, p := range found {
			out[p.Chunk.ID] = p
		}
	}
	return out, nil
}
