package qdrant

import (
	"context"
	"errors"
	"fmt"
	"slices"

	api "github.com/qdrant/go-client/qdrant"
)

// Delete implements retriever.Writer. The manifest goes first: from then on readers
// ignore the chunks.
func (s *Store) Delete(ctx context.Context, collection string, ids []string) (int, error) {
	h, err := s.readHead(ctx, collection)
	if err != nil {
		return 0, err
	}
	known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isID(id) })
	slices.Sort(known)
	deleted := 0
	for batch := range slices.Chunk(slices.Compact(known), pointBatch) {
		n, err := s.deleteDocuments(ctx, h, batch)
		deleted += n
		if err != nil {
			s.wrote(h)
			return deleted, fmt.Errorf("delete from %q: %w", collection, err)
		}
	}
	if deleted == 0 {
		return 0, nil
	}
	s.wrote(h)
	if err := errors.Join(s.stamp(ctx, h), s.stillThere(ctx, h)); err != nil {
		return deleted, fmt.Errorf("delete from %q: %w", collection, err)
	}
	return deleted, nil
}

func (s *Store) deleteDocuments(ctx context.Context, h head, ids []string) (int, error) {
	before, err := s.manifests(ctx, h.physical, ids)
	if err != nil {
		return 0, err
	}
	started := s.nextStart(before)
	ours := func(k kind) *api.Filter {
		return ofKind(k, api.NewMatchKeywords(fieldDocumentID, ids...), upTo(started))
	}
	if err := s.deletePoints(ctx, h, ours(documentKind)); err != nil {
		return 0, err
	}
	return len(before), s.deletePoints(ctx, h, ours(chunkKind))
}
