package main

import (
	"context"
	"time"

	"ragway/retriever"
)

// stageObserver is told how long a stage of retrieval took and how it ended.
type stageObserver = func(stage string, took time.Duration, err error)

// openEngine opens the store for reading and returns the engine over it.
func (a *app) openEngine(ctx context.Context) (*retriever.Engine, retriever.Store, error) {
	store, err := a.store(ctx, true)
	if err != nil {
		return nil, nil, err
	}
	embedder, err := a.embedder()
	if err != nil {
		return nil, nil, err
	}
	eng, err := a.engine(store, embedder, nil)
	return eng, store, err
}
