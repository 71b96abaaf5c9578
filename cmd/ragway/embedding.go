package main

import (
	"context"
	"fmt"
	"slices"

	"ragway/retriever"
	"ragway/retriever/local"
)

// embedders are those that ingests into a store can use, each made once, so that its pace
// and its connections are shared. They are for one goroutine at a time.
type embedders struct {
	app    *app
	store  retriever.Store
	made   []retriever.Embedder // the main one, nil for none, then the others
	cached map[retriever.Embedder]retriever.Embedder
	cache  *local.EmbeddingCache // opened when it is needed
}

func (a *app) newEmbedders(store retriever.Store) *embedders {
	e := &embedders{app: a, store: store, cached: map[retriever.Embedder]retriever.Embedder{}}
	a.onClose(e.close)
	return e
}

func (e *embedders) close() error {
	if e.cache == nil {
		return nil
	}
	return e.cache.Close()
}

// of is the first of the configured embedders that could be of this space, or else the main
// one, behind the cache in the data folder, so that no text is paid for twice. The built-in
// one is faster than the cache and goes without.
func (e *embedders) of(ctx context.Context, space retriever.Fingerprint) (retriever.Embedder, error) {
	if e.made == nil {
		main, err := e.app.embedder()
		if err != nil {
			return nil, err
		}
		others, err := e.app.otherEmbedders()
		if err != nil {
			return nil, err
		}
		e.made = append([]retriever.Embedder{main}, others...)
	}
	fits := func(o retriever.Embedder) bool { return o != nil && space.Matches(o.Fingerprint()) == nil }
	chosen := e.made[0]
	if n := slices.IndexFunc(e.made, fits); n >= 0 && !space.IsZero() {
		chosen = e.made[n]
	}
	if chosen == nil || chosen.Fingerprint().IsStatic() {
		return chosen, nil
	}
	if known := e.cached[chosen]; known != nil {
		return known, nil
	}
	if err := e.openCache(ctx); err != nil {
		return nil, err
	}
	e.cached[chosen] = retriever.NewCachingEmbedder(chosen, e.cache, retriever.CachingOptions{Logger: e.app.log})
	return e.cached[chosen], nil
}

func (e *embedders) openCache(ctx context.Context) error {
	if e.cache != nil {
		return nil
	}
	if s, ok := e.store.(*local.Store); ok {
		e.cache = s.EmbeddingCache()
		return nil
	}
	cache, err := local.OpenCache(ctx, e.app.cfg.DataDir)
	if err != nil {
		return fmt.Errorf("open the embedding cache in %s: %w", e.app.cfg.DataDir, err)
	}
	e.cache = cache
	return nil
}
