package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"     // driver "sqlite": SQLite translated to Go
	_ "modernc.org/sqlite/vec" // and sqlite-vec with it

	"ragway/retriever"
)

// sqlite is FTS5 for words and sqlite-vec's vec0 for vectors, in one file. FTS5 has the
// same k1 and b, Porter's stemmer and no stop words; vec0 scans all vectors.
type sqlite struct {
	driver string
	db     *sql.DB
}

func (s *sqlite) connect(folder string) (*sql.DB, error) {
	db, err := sql.Open(s.driver, filepath.Join(folder, "peers.db"))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func (s *sqlite) load(ctx context.Context, folder string, c *corpus) (err error) {
	db, err := s.connect(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, statement := range []string{
		`PRAGMA journal_mode = WAL`,
		`PRAGMA synchronous = NORMAL`,
		`CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'porter unicode61')`,
		fmt.Sprintf(`CREATE VIRTUAL TABLE vectors USING vec0(embedding float[%d] distance_metric=cosine)`, dimension),
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	if err := c.batches(5000, func(docs []document) error { return insert(ctx, db, docs) }); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `INSERT INTO words(words) VALUES ('optimize')`) // one segment
	return err
}

func insert(ctx context.Context, db *sql.DB, docs []document) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, d := range docs {
		if _, err := tx.ExecContext(ctx, `INSERT INTO words(rowid, text) VALUES (?, ?)`, d.number, d.text); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO vectors(rowid, embedding) VALUES (?, ?)`, d.number, blob(d.vector)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// blob is a vector as sqlite-vec reads it: float32, little-endian.
func blob(v retriever.Vector) []byte {
	out, err := binary.Append(nil, binary.LittleEndian, []float32(v))
	if err != nil {
		panic(err) // a slice of float32 has a fixed size
	}
	return out
}

func (s *sqlite) open(ctx context.Context, folder string, _ *corpus, _ []truth) (err error) {
	if s.db, err = s.connect(folder); err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `PRAGMA mmap_size = 17179869184`) // its fastest way to read
	return err
}

func (s *sqlite) searches() []search {
	return []search{
		{mode: modeLexical, right: rightLexical, ask: func(ctx context.Context, q query) ([]string, error) {
			return s.rows(ctx, `SELECT rowid, text FROM words WHERE words MATCH ? ORDER BY rank LIMIT 10`,
				strings.Join(strings.Fields(q.Text), " OR "))
		}},
		{mode: modeDense, right: rightDense, ask: func(ctx context.Context, q query) ([]string, error) {
			return s.rows(ctx, `SELECT w.rowid, w.text FROM (SELECT rowid, distance FROM vectors WHERE embedding MATCH ? AND k = 10) v
				JOIN words w ON w.rowid = v.rowid ORDER BY v.distance`, blob(q.Vector))
		}},
	}
}

func (s *sqlite) rows(ctx context.Context, statement string, argument any) (found []string, err error) {
	rows, err := s.db.QueryContext(ctx, statement, argument)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		found = append(found, id)
	}
	return found, rows.Err()
}

func (s *sqlite) close() error { return s.db.Close() }
