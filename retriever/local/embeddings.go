package local

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"ragway/retriever"
)

// EmbeddingCache is the retriever.EmbeddingCache in the data folder. A nil vector that is
// found says that the text is known to have no embedding.
type EmbeddingCache struct {
	db  *database
	own bool
}

var _ retriever.EmbeddingCache = (*EmbeddingCache)(nil)

// EmbeddingCache is the cache beside the documents. It lives as long as the store.
func (s *Store) EmbeddingCache() *EmbeddingCache { return &EmbeddingCache{db: s.db} }

// OpenCache opens only the cache of a data folder, for a process whose documents are in
// another store.
func OpenCache(ctx context.Context, path string) (*EmbeddingCache, error) {
	db, err := openDatabase(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open embedding cache in %s: %w", path, err)
	}
	return &EmbeddingCache{db: db, own: true}, nil
}

// Close closes what OpenCache opened.
func (c *EmbeddingCache) Close() error {
	if !c.own {
		return nil
	}
	return c.db.close()
}

// Lookup implements retriever.EmbeddingCache.
func (c *EmbeddingCache) Lookup(ctx context.Context, space string, hashes [][32]byte) (vectors []retriever.Vector, found []bool, err error) {
	vectors, found = make([]retriever.Vector, len(hashes)), make([]bool, len(hashes))
	positions := make(map[[32]byte][]int, len(hashes))
	list := make([]string, len(hashes))
	for i, h := range hashes {
		positions[h] = append(positions[h], i)
		list[i] = hex.EncodeToString(h[:])
	}
	wanted, err := json.Marshal(list)
	if err != nil {
		return nil, nil, err
	}
	err = c.db.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT hash, vector FROM embeddings
			WHERE space = ? AND hash IN (SELECT unhex(value) FROM json_each(?))`, space, string(wanted))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var hash, data sql.RawBytes
			if err := rows.Scan(&hash, &data); err != nil {
				return err
			}
			v, err := decodeVector(data)
			if err != nil || len(hash) != 32 {
				return errors.Join(err, retriever.ErrCorrupt)
			}
			for _, i := range positions[[32]byte(hash)] {
				vectors[i], found[i] = v, true
			}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, nil, wrap("look up embeddings", err)
	}
	return vectors, found, nil
}

// Save implements retriever.EmbeddingCache.
func (c *EmbeddingCache) Save(ctx context.Context, space string, hashes [][32]byte, vectors []retriever.Vector) error {
	if len(hashes) != len(vectors) {
		return fmt.Errorf("save embeddings: %d hashes and %d vectors", len(hashes), len(vectors))
	}
	return wrap("save embeddings", c.db.update(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO embeddings (space, hash, vector) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET vector = excluded.vector`)
		if err != nil {
			return err
		}
		for i, h := range hashes {
			if _, err := stmt.ExecContext(ctx, space, h[:], encodeVector(vectors[i])); err != nil {
				return err
			}
		}
		return nil
	}))
}
