package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"ragway/retriever"
	"ragway/retriever/text"
)

// notFound is the error for a collection that does not exist or may not be known of.
func notFound(name string) error {
	return fmt.Errorf("collection %q: %w", name, retriever.ErrCollectionNotFound)
}

func (s *Store) CreateCollection(ctx context.Context, c retriever.Collection) error {
	if err := retriever.CheckCollectionName(c.Name); err != nil {
		return err
	}
	settings, err := s.encodeSettings(c)
	if err != nil {
		return fmt.Errorf("create collection %q: %w", c.Name, err)
	}
	err = s.db.update(ctx, func(tx *sql.Tx) error { return s.insertCollection(ctx, tx, c.Name, settings) })
	if err != nil {
		return fmt.Errorf("create collection %q: %w", c.Name, err)
	}
	s.changed()
	return nil
}

func (s *Store) encodeSettings(c retriever.Collection) ([]byte, error) {
	if c.CreatedAt.IsZero() {
		c.CreatedAt = s.opts.Now()
	}
	c.CreatedAt = c.CreatedAt.UTC()
	return json.Marshal(c)
}

func (s *Store) insertCollection(ctx context.Context, tx *sql.Tx, name string, settings []byte) error {
	result, err := tx.ExecContext(ctx, `INSERT INTO collections (name, settings, schema, analysis) VALUES (?, ?, '{}', ?) ON CONFLICT (name) DO NOTHING`, name, settings, text.Version)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, retriever.ErrCollectionExists)
	}
	row, err := result.LastInsertId()
	if err != nil {
		return err
	}
	return s.logChange(ctx, tx, collectionChanged, row, 0)
}

func (s *Store) Collections(ctx context.Context, scope retriever.Scope) (infos []retriever.CollectionInfo, err error) {
	err = s.read(ctx, func(tx *sql.Tx, v *view) error {
		infos = nil
		for _, name := range v.names() {
			info, err := s.info(ctx, tx, v, scope, name)
			if errors.Is(err, retriever.ErrCollectionNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			infos = append(infos, info)
		}
		return nil
	})
	return infos, err
}

func (s *Store) Collection(ctx context.Context, scope retriever.Scope, name string) (info retriever.CollectionInfo, err error) {
	err = s.read(ctx, func(tx *sql.Tx, v *view) error {
		info, err = s.info(ctx, tx, v, scope, name)
		return err
	})
	return info, err
}

func (s *Store) Settings(ctx context.Context, scope retriever.Scope, name string) (settings retriever.Collection, err error) {
	err = s.read(ctx, func(tx *sql.Tx, v *view) error {
		c, err := s.known(ctx, tx, v, scope, name)
		if err == nil {
			settings = c.settings
		}
		return err
	})
	return settings, err
}

// known is the named collection of v if the scope may know of it.
func (s *Store) known(ctx context.Context, tx *sql.Tx, v *view, scope retriever.Scope, name string) (*collection, error) {
	c := v.collections[name]
	switch {
	case c == nil || !scope.AllowsCollection(name):
		return nil, notFound(name)
	case scope.Names(name):
		return c, nil
	}
	c, err := s.loaded(ctx, tx, v, name)
	if err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(c) // for its segments, see segment
	if !c.index.holds(scope.Tenant) {
		return nil, notFound(name)
	}
	return c, nil
}

// info is one collection with its counts: all documents, which the file keeps count of,
// for the operator, otherwise what the index says the scope may see.
func (s *Store) info(ctx context.Context, tx *sql.Tx, v *view, scope retriever.Scope, name string) (retriever.CollectionInfo, error) {
	c, err := s.known(ctx, tx, v, scope, name)
	if err != nil {
		return retriever.CollectionInfo{}, err
	}
	info := retriever.CollectionInfo{Collection: c.settings, Schema: c.schema, RecallEstimate: 1}
	if c.index != nil {
		info.RecallEstimate = c.index.recall()
	}
	var lastIngest string
	err = tx.StmtContext(ctx, s.stmts.counts).QueryRowContext(ctx, c.row).
		Scan(&info.Documents, &info.Chunks, &info.Vectors, &info.Bytes, &lastIngest)
	if err != nil {
		return info, err
	}
	if info.LastIngest, err = parseTime(lastIngest); err != nil || scope.IsOperator() {
		return info, err
	}
	c, err = s.loaded(ctx, tx, v, name)
	if err != nil {
		return info, err
	}
	defer runtime.KeepAlive(c) // for its segments, see segment
	info.Documents, info.Chunks, info.Vectors, info.Bytes = c.index.counts(scope)
	return info, nil
}

// RecallEstimates are CollectionInfo.RecallEstimate of each collection that is in memory,
// by name. It reads nothing and does not wait.
func (s *Store) RecallEstimates() map[string]float64 {
	out := map[string]float64{}
	for name, c := range s.current.Load().collections {
		if c.index != nil {
			out[name] = c.index.recall()
		}
	}
	return out
}

// readCollections reads all collections of the file.
func readCollections(ctx context.Context, tx *sql.Tx) (map[string]*collection, error) {
	rows, err := tx.QueryContext(ctx, `SELECT row, name, settings, schema FROM collections WHERE `+notDropped)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]*collection{}
	for rows.Next() {
		c := &collection{}
		var settings, schema []byte
		if err := rows.Scan(&c.row, &c.name, &settings, &schema); err != nil {
			return nil, err
		}
		if err := errors.Join(json.Unmarshal(settings, &c.settings), json.Unmarshal(schema, &c.schema)); err != nil {
			return nil, fmt.Errorf("collection row %d: %w: %w", c.row, retriever.ErrCorrupt, err)
		}
		out[c.name] = c
	}
	return out, rows.Err()
}

// names of the served collections, sorted.
func (v *view) names() []string {
	names := make([]string, 0, len(v.collections))
	for name := range v.collections {
		if _, served := retriever.ServedName(name); served {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	return names
}
