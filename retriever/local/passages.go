package local

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"ragway/retriever"
)

func (s *Store) Passages(ctx context.Context, scope retriever.Scope, name string, ids []string) (passages []retriever.Passage, err error) {
	err = s.read(ctx, func(tx *sql.Tx, v *view) error {
		passages = nil
		if _, err := s.known(ctx, tx, v, scope, name); err != nil {
			return err
		}
		c, err := s.loaded(ctx, tx, v, name)
		if err != nil {
			return err
		}
		defer runtime.KeepAlive(c) // for its segments, see segment
		passages, err = s.passages(ctx, tx, c, c.index.resolve(scope, ids))
		return err
	})
	return passages, wrap("passages", err)
}

// resolve finds the chunks of these IDs that live and that the scope may see, in order.
func (x *index) resolve(scope retriever.Scope, ids []string) []chunkRef {
	masks := x.masks(scope, nil)
	var refs []chunkRef
	for _, id := range ids {
		parsed, err := uuid.Parse(id)
		if err != nil || parsed.String() != id {
			continue
		}
		for i, p := range x.parts {
			if chunk, ok := p.chunkOf(parsed); ok && (masks[i] == nil || masks[i].has(chunk)) {
				refs = append(refs, chunkRef{uint32(i), chunk})
				break
			}
		}
	}
	return refs
}

// sortByID fills byID.
func (s *segment) sortByID() {
	s.byID = make([]uint32, len(s.ids))
	for i := range s.byID {
		s.byID[i] = uint32(i)
	}
	slices.SortFunc(s.byID, func(a, b uint32) int { return bytes.Compare(s.ids[a][:], s.ids[b][:]) })
}

// chunkOf is the number of the chunk with this ID.
func (s *segment) chunkOf(id [16]byte) (chunk uint32, ok bool) {
	at, ok := slices.BinarySearchFunc(s.byID, id, func(c uint32, id [16]byte) int { return bytes.Compare(s.ids[c][:], id[:]) })
	if !ok {
		return 0, false
	}
	return s.byID[at], true
}

// passages reads chunks and their documents from the file.
func (s *Store) passages(ctx context.Context, tx *sql.Tx, c *collection, refs []chunkRef) ([]retriever.Passage, error) {
	keys, rows := make([]int64, len(refs)), make([]int64, len(refs))
	for i, ref := range refs {
		keys[i] = c.index.key(ref)
		rows[i] = keys[i] >> chunkBits
	}
	slices.Sort(rows)
	documents, err := s.readDocuments(ctx, tx, c.settings.Name, slices.Compact(rows))
	if err != nil {
		return nil, err
	}
	chunks, err := s.readChunks(ctx, tx, keys)
	if err != nil {
		return nil, err
	}
	out := make([]retriever.Passage, len(refs))
	for i, key := range keys {
		document, haveDocument := documents[key>>chunkBits]
		chunk, haveChunk := chunks[key]
		if !haveDocument || !haveChunk {
			return nil, fmt.Errorf("chunk key %d is indexed and not stored: %w", key, retriever.ErrCorrupt)
		}
		chunk.DocumentID = document.ID
		out[i] = retriever.Passage{Chunk: chunk, Document: document}
	}
	return out, nil
}
