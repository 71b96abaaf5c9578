package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// Stage keeps the staged collection in a row like any other, under a name that nobody can
// create.
func (s *Store) Stage(ctx context.Context, c retriever.Collection) error {
	if err := retriever.CheckCollectionName(c.Name); err != nil {
		return err
	}
	settings, err := s.encodeSettings(c)
	if err != nil {
		return fmt.Errorf("stage %q: %w", c.Name, err)
	}
	staged, former := retriever.StagedName(c.Name), retriever.FormerName(c.Name)
	err = s.db.update(ctx, func(tx *sql.Tx) error {
		rows, err := collectionRows(ctx, tx, c.Name)
		if err != nil {
			return err
		}
		if is := rows[staged]; is != nil && is.settings.SameSettings(c) {
			return nil
		}
		if err := s.dropRow(ctx, tx, rows[staged]); err != nil {
			return err
		}
		if was := rows[former]; was != nil && was.settings.SameSettings(c) {
			return s.rename(ctx, tx, was, staged)
		}
		return s.insertCollection(ctx, tx, staged, settings)
	})
	if err != nil {
		return fmt.Errorf("stage %q: %w", c.Name, err)
	}
	s.changed()
	return s.eraseDropped(ctx)
}

// Promote is one transaction that renames rows: a reader's view, which is of one moment,
// has the one or the other under the name.
func (s *Store) Promote(ctx context.Context, name string, seen time.Time) error {
	err := s.db.update(ctx, func(tx *sql.Tx) error {
		rows, err := collectionRows(ctx, tx, name)
		if err != nil {
			return err
		}
		next, now := rows[retriever.StagedName(name)], rows[name]
		switch {
		case next == nil:
			return notFound(retriever.StagedName(name))
		case now == nil && !seen.IsZero(), now != nil && now.lastIngest != formatTime(seen):
			return retriever.ErrChanged
		}
		if err := s.dropRow(ctx, tx, rows[retriever.FormerName(name)]); err != nil {
			return err
		}
		if now != nil {
			if err := s.rename(ctx, tx, now, retriever.FormerName(name)); err != nil {
				return err
			}
		}
		return s.rename(ctx, tx, next, name)
	})
	if err != nil {
		return fmt.Errorf("promote %q: %w", name, err)
	}
	s.changed()
	return s.eraseDropped(ctx)
}

// collectionRow is a row of the table collections.
type collectionRow struct {
	row        int64
	settings   retriever.Collection
	lastIngest string
}

// collectionRows are the rows of a collection, the staged and the former one, by name.
func collectionRows(ctx context.Context, tx *sql.Tx, name string) (map[string]*collectionRow, error) {
	rows, err := tx.QueryContext(ctx, `SELECT row, name, settings, last_ingest FROM collections WHERE name IN (?, ?, ?)`,
		name, retriever.StagedName(name), retriever.FormerName(name))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]*collectionRow{}
	for rows.Next() {
		var name string
		var settings []byte
		r := &collectionRow{}
		if err := rows.Scan(&r.row, &name, &settings, &r.lastIngest); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(settings, &r.settings); err != nil {
			return nil, fmt.Errorf("collection row %d: %w: %w", r.row, retriever.ErrCorrupt, err)
		}
		out[name] = r
	}
	return out, rows.Err()
}

func (s *Store) rename(ctx context.Context, tx *sql.Tx, c *collectionRow, name string) error {
	_, err := tx.ExecContext(ctx, `UPDATE collections SET name = ? WHERE row = ?`, name, c.row)
	return errors.Join(err, s.logChange(ctx, tx, collectionChanged, c.row, 0))
}

// dropRow makes a collection invisible, for eraseDropped to erase; nil is none.
func (s *Store) dropRow(ctx context.Context, tx *sql.Tx, c *collectionRow) error {
	if c == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE collections SET name = `+droppedName+` WHERE row = ?`, c.row)
	return errors.Join(err, s.logChange(ctx, tx, collectionChanged, c.row, 0))
}

// loadStaged keeps the index of what is staged beside the collections that this process
// searches, so that it can take their place without a query having to wait for it.
func (s *Store) loadStaged(ctx context.Context, tx *sql.Tx, v *view) error {
	for name, c := range v.collections {
		base, served := retriever.ServedName(name)
		now := v.collections[base]
		if served || name != retriever.StagedName(base) || c.index != nil || now == nil || now.index == nil {
			continue
		}
		if _, err := s.loaded(ctx, tx, v, name); err != nil {
			return err
		}
	}
	return nil
}
