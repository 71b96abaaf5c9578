package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// changeKind is what an entry of the table changes says happened.
type changeKind int

const (
	collectionChanged changeKind = 1 // created, deleted, or its schema extended
	documentAdded     changeKind = 2
	documentRemoved   changeKind = 3
)

// keptChanges is how many entries of changes are kept. A view that has fallen further
// behind is built anew.
const keptChanges = 100_000

// logChange appends to changes within a transaction.
func (s *Store) logChange(ctx context.Context, tx *sql.Tx, kind changeKind, collection, document int64) error {
	result, err := tx.ExecContext(ctx, `INSERT INTO changes (kind, collection, document) VALUES (?, ?, ?)`, kind, collection, document)
	if err != nil {
		return err
	}
	seq, err := result.LastInsertId()
	if err != nil || seq%min(1000, s.opts.keptChanges) != 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM changes WHERE seq <= ?`, seq-s.opts.keptChanges)
	return err
}

// view is what the store knows of the file at the change seq, immutable.
type view struct {
	seq         int64
	collections map[string]*collection
}

// collection is one collection of a view. index is nil until it is needed.
type collection struct {
	row      int64
	name     string               // also of a staged or a former one
	settings retriever.Collection // Name is what documents say
	schema   retriever.Schema
	index    *index
}

// errStale says that the view is already ahead of the transaction, which must begin anew.
var errStale = errors.New("the view is ahead of the transaction")

// read runs fn in a read transaction with the view of exactly that moment. fn may run
// more than once.
func (s *Store) read(ctx context.Context, fn func(*sql.Tx, *view) error) error {
	for {
		err := s.db.view(ctx, func(tx *sql.Tx) error {
			v, err := s.viewAt(ctx, tx)
			if err != nil {
				return err
			}
			return fn(tx, v)
		})
		if !errors.Is(err, errStale) {
			return err
		}
	}
}

// viewAt is the view of the moment tx is at, brought up to it if need be.
func (s *Store) viewAt(ctx context.Context, tx *sql.Tx) (*view, error) {
	var seq int64
	if err := tx.StmtContext(ctx, s.stmts.seq).QueryRowContext(ctx).Scan(&seq); err != nil {
		return nil, err
	}
	if v := s.current.Load(); v.seq == seq {
		return v, nil
	}
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	v := s.current.Load()
	switch {
	case v.seq == seq:
		return v, nil
	case v.seq > seq:
		return nil, errStale
	}
	next, err := s.advanceTo(ctx, tx, v, seq)
	if err != nil {
		return nil, fmt.Errorf("follow changes: %w", err)
	}
	s.current.Store(next)
	return next, nil
}

func (s *Store) lock(ctx context.Context) error {
	select {
	case s.advance <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) unlock() { <-s.advance }

// loaded is the named collection of v with its index.
func (s *Store) loaded(ctx context.Context, tx *sql.Tx, v *view, name string) (*collection, error) {
	if c := v.collections[name]; c.index != nil {
		return c, nil
	}
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	now := s.current.Load()
	if now.seq != v.seq {
		return nil, errStale
	}
	if c := now.collections[name]; c.index != nil {
		return c, nil
	}
	start := time.Now()
	c := *now.collections[name]
	var err error
	if c.index, err = s.loadIndex(ctx, tx, &c); err != nil {
		return nil, fmt.Errorf("load index of %q: %w", name, err)
	}
	s.current.Store(now.replacing(&c))
	chunks, _ := c.index.totals()
	s.opts.Logger.Info("index loaded", "collection", name, "chunks", chunks, "segments", len(c.index.parts),
		"recall_estimate", c.index.recall(), "took", time.Since(start))
	return &c, nil
}

// replacing is v with another state of one collection.
func (v *view) replacing(c *collection) *view {
	out := &view{seq: v.seq, collections: make(map[string]*collection, len(v.collections))}
	for name, old := range v.collections {
		out.collections[name] = old
	}
	out.collections[c.name] = c
	return out
}

// delta is what happened to one collection's documents.
type delta struct{ added, removed []int64 }

// advanceTo is the view at seq, made of v and the changes since.
func (s *Store) advanceTo(ctx context.Context, tx *sql.Tx, v *view, seq int64) (*view, error) {
	collections, err := readCollections(ctx, tx)
	if err != nil {
		return nil, err
	}
	next := &view{seq: seq, collections: collections}
	if v.seq < 0 {
		return next, nil
	}
	deltas, complete, err := readChanges(ctx, tx, v.seq)
	if err != nil {
		return nil, err
	}
	indexes := make(map[int64]*index, len(v.collections))
	for _, c := range v.collections {
		indexes[c.row] = c.index
	}
	for _, c := range collections {
		if indexes[c.row] == nil || !complete {
			continue // its index is loaded when it is next needed
		}
		if c.index, err = s.apply(ctx, tx, c, indexes[c.row], deltas[c.row]); err != nil {
			return nil, err
		}
	}
	return next, nil
}

func (s *Store) apply(ctx context.Context, tx *sql.Tx, c *collection, x *index, d *delta) (*index, error) {
	if d == nil {
		return x, nil
	}
	segments, err := s.loadRows(ctx, tx, c, d.added)
	if err != nil {
		return nil, err
	}
	return x.with(segments, d.removed), nil
}

// readChanges groups the changes after seq by collection. complete is false when some of
// them have been pruned.
func readChanges(ctx context.Context, tx *sql.Tx, seq int64) (deltas map[int64]*delta, complete bool, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT seq, kind, collection, document FROM changes WHERE seq > ? ORDER BY seq`, seq)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	deltas = map[int64]*delta{}
	expected := seq + 1
	complete = true
	for rows.Next() {
		var at, row, document int64
		var kind changeKind
		if err := rows.Scan(&at, &kind, &row, &document); err != nil {
			return nil, false, err
		}
		complete = complete && at == expected
		expected = at + 1
		d := deltas[row]
		if d == nil {
			d = &delta{}
			deltas[row] = d
		}
		switch kind {
		case documentAdded:
			d.added = append(d.added, document)
		case documentRemoved:
			d.removed = append(d.removed, document)
		}
	}
	return deltas, complete, rows.Err()
}

// changed asks the poller to look at what this process just committed.
func (s *Store) changed() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// follow keeps the view near the file's state and its segments few, until ctx ends.
func (s *Store) follow(ctx context.Context) {
	tick := time.NewTicker(s.opts.FollowInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
		err := s.seal(ctx)
		if err == nil && s.current.Load().seq >= 0 { // else nothing was read yet: nobody to keep a view for
			err = s.read(ctx, func(tx *sql.Tx, v *view) error { return s.loadStaged(ctx, tx, v) })
		}
		if err == nil {
			err = s.merge(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.opts.Logger.Warn("following the store's changes", "error", err)
		}
	}
}
