package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"ragway/retriever"
)

// A dropped collection keeps its row, under a name that no collection can have, until the
// last of its documents is erased: nobody sees it any more, and no transaction is long.
const (
	droppedName = `'dropped.' || row`
	notDropped  = `name NOT LIKE 'dropped.%'`
)

// DeleteCollection makes the collection invisible at once and then erases it. When it is
// interrupted there, the next Open goes on.
func (s *Store) DeleteCollection(ctx context.Context, name string) error {
	base, served := retriever.ServedName(name)
	err := s.db.update(ctx, func(tx *sql.Tx) error {
		rows, err := collectionRows(ctx, tx, base)
		if err != nil {
			return err
		}
		if rows[name] == nil {
			return notFound(name)
		}
		if !served {
			return s.dropRow(ctx, tx, rows[name])
		}
		for _, row := range rows {
			if err := s.dropRow(ctx, tx, row); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM records WHERE collection = ?`, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete collection: %w", err)
	}
	s.changed()
	if err := s.eraseDropped(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("erase deleted collection %q: %w", name, err)
	}
	return nil
}

// eraseDropped erases what dropped collections have left.
func (s *Store) eraseDropped(ctx context.Context) error {
	for {
		var row int64
		err := s.db.read.QueryRowContext(ctx, `SELECT row FROM collections WHERE NOT (`+notDropped+`) LIMIT 1`).Scan(&row)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return translate(ctx, err)
		}
		for more := true; more; {
			err := s.db.update(ctx, func(tx *sql.Tx) error {
				more, err = eraseSome(ctx, tx, row)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
}

// eraseSome erases as many of a collection's documents as fit one transaction, after the
// last one the collection.
func eraseSome(ctx context.Context, tx *sql.Tx, collection int64) (more bool, err error) {
	documents, err := someDocuments(ctx, tx, collection)
	if err != nil {
		return false, err
	}
	for _, row := range documents {
		if err := erase(ctx, tx, row); err != nil {
			return false, err
		}
	}
	if len(documents) > 0 {
		return true, nil
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM collections WHERE row = ?`, collection)
	return false, err
}

func someDocuments(ctx context.Context, tx *sql.Tx, collection int64) (documents []int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT row, chunks FROM documents WHERE collection = ? LIMIT ?`, collection, commitDocuments)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for total := 0; total < commitChunks && rows.Next(); {
		var row int64
		var chunks int
		if err := rows.Scan(&row, &chunks); err != nil {
			return nil, err
		}
		documents, total = append(documents, row), total+chunks
	}
	return documents, rows.Err()
}
