package local

import (
	"context"
	"database/sql"
	"fmt"
)

// seal writes full segments of what this process stored to files, of the collections whose
// index it does not hold. So a process that only ingests, which builds no index, leaves the
// next one less than a segment to read from the database.
func (s *Store) seal(ctx context.Context) error {
	if s.unsealed.Load() < int64(s.opts.segmentChunks) || !littleEndian {
		return nil
	}
	s.unsealed.Add(-int64(s.opts.segmentChunks))
	return s.db.view(ctx, func(tx *sql.Tx) error {
		collections, err := readCollections(ctx, tx)
		if err != nil {
			return err
		}
		for name, c := range collections {
			if held := s.current.Load().collections[name]; held != nil && held.index != nil {
				continue // merge does it
			}
			if err := s.sealCollection(ctx, tx, c); err != nil {
				return fmt.Errorf("write segment files of %q: %w", name, err)
			}
		}
		return nil
	})
}

func (s *Store) sealCollection(ctx context.Context, tx *sql.Tx, c *collection) error {
	of, err := s.segmentsOf(ctx, tx, c)
	if err != nil {
		return err
	}
	var newest, last int64
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(row), 0) FROM document_marks WHERE collection = ?`, c.row).Scan(&newest); err != nil {
		return err
	}
	names, err := s.segmentFiles(c.row)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n.last <= newest {
			last = max(last, n.last)
		}
	}
	for last < newest {
		l := s.newLoader(c)
		l.once = true
		if err := s.scanRange(ctx, tx, c, l, last+1, newest); err != nil {
			return err
		}
		if len(l.segments) == 0 || s.kept(l.segments[0], of).file == "" {
			return nil
		}
		last = l.segments[0].rows[l.segments[0].documents()-1]
	}
	return nil
}
