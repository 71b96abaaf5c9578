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
		return &retriever.SpaceMismatch{Collection: e.o.Collection, Offered: offered, Err: err}
	}
	return nil
}

// spaces are where a run's vectors come from.
type spaces struct {
	embedder retriever.Embedder    // nil: no vectors
	made     retriever.Fingerprint // of what the embedder makes; without a probe where none was needed
	held     retriever.Fingerprint // of what the collection had when it was opened
}

// openCollection makes sure that the collection exists and that the embedder's probe is
// in its space. It returns the embedder to use: nil for a collection without vectors.
func (e *Engine) openCollection(ctx context.Context, embeds bool, note func(string)) (spaces, error) {
	info, found, err := e.collection(ctx)
	if err != nil {
		return spaces{}, err
	}
	s := spaces{embedder: e.o.Embedder, made: e.embedderSpace(), held: info.Fingerprint}
	if found && info.Fingerprint.IsZero() {
		s.embedder = nil
	}
	if s.embedder != nil && (embeds || !found) {
		if s.made, err = retriever.Probe(ctx, s.embedder); err != nil {
			return spaces{}, fmt.Errorf("collection %s: %w", e.o.Collection, err)
		}
	}
	if found {
		if !embeds || s.embedder == nil {
			return s, nil
		}
		return s, e.sameSpace(s.held, s.made)
	}
	s.held = s.made
	return s, e.createCollection(ctx, s.made, note)
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
