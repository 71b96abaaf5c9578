package source

import (
	"context"
	"iter"

	"ragway/ingest"
)

// List is a Source of items that are known beforehand.
type List struct {
	Whence string // first part of the items' URIs, and where they come from
	Under  string // what all URIs start with
	All    []ingest.Item
}

var _ ingest.Source = List{}

// Name implements ingest.Source.
func (l List) Name() string { return l.Whence }

// Prefix implements ingest.Source.
func (l List) Prefix() string { return l.Under }

// Origin implements ingest.Source.
func (l List) Origin() string { return l.Whence }

// Items implements ingest.Source.
func (l List) Items(context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		for _, it := range l.All {
			if !yield(it, nil) {
				return
			}
		}
	}
}
