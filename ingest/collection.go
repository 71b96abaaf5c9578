package ingest

import (
	"context"
	"errors"
	"fmt"

	"ragway/retriever"
)

// collection returns the engine's collection, found false when it does not exist yet. It
// is ErrFingerprint when what the embedder says of itself is not the collection's space.
func (e *Engine) collection(ctx context.Context) (info retriever.CollectionInfo, found bool, err error) {
	info, err = e.o.Store.Collection(ctx, e.o.Scope, e.o.Collection)
	switch {
	case errors.Is(err, retriever.ErrCollectionNotFound):
		return info, false, nil
	case err != nil:
		return info, false, fmt.Errorf("collection %s: %w", e.o.Collection, err)
	}
	return info, true, e.sameSpace(info.Fingerprint, e.embedderSpace())
}

func (e *Engine) embedderSpace() retriever.Fingerprint {
	if e.o.Embedder == nil {
		return retriever.Fingerprint{}
	}
	return e.o.Embedder.Fingerprint()
}

// sameSpace is nil also for a collection without vectors: whatever the embedder, its
// documents are found by words only.
func (e *Engine) sameSpace(have, offered retriever.Fingerprint) error {
	if have.IsZero() {
		return nil
	}
	if err := have.Matches(offered); err != nil {
		return fmt.Errorf("collection %s: %w", e.o.Collection, err)
	}
	return nil
}

// openCollection makes sure that the collection exists and that the embedder's probe is
// in its space. It returns the embedder to use: nil for a collection without vectors.
func (e *Engine) openCollection(ctx context.Context, embeds bool, note func(string)) (retriever.Embedder, error) {
	info, found, err := e.collection(ctx)
	if err != nil {
		return nil, err
	}
	if found && (info.Fingerprint.IsZero() || e.o.Embedder == nil) {
		return nil, nil
	}
	var space retriever.Fingerprint
	if e.o.Embedder != nil && (embeds || !found) {
		if space, err = retriever.Probe(ctx, e.o.Embedder); err != nil {
			return nil, fmt.Errorf("collection %s: %w", e.o.Collection, err)
		}
	}
	if found {
		if !embeds {
			return e.o.Embedder, nil
		}
		return e.o.Embedder, e.sameSpace(info.Fingerprint, space)
	}
	return e.o.Embedder, e.createCollection(ctx, space, note)
}

func (e *Engine) createCollection(ctx context.Context, space retriever.Fingerprint, note func(string)) error {
	c := e.o.Template
	c.Name, c.Fingerprint, c.CreatedAt = e.o.Collection, space, e.o.Now().UTC()
	err := e.o.Store.CreateCollection(ctx, c)
	if err != nil {
		return fmt.Errorf("create collection %s: %w", c.Name, err)
	}
	note(fmt.Sprintf("created collection %s, embeddings %s", c.Name, space))
	return nil
}
