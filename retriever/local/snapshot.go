package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"ragway/retriever"
)

// SnapshotFolder is where snapshots lie within the data folder.
const SnapshotFolder = "snapshots"

// Snapshot makes a data folder with the collection alone, its state records included, and
// returns its path. Opening that folder is how it is read, copying it how it is restored.
// Neither the embedding cache nor what can be derived is in it.
func (s *Store) Snapshot(ctx context.Context, name string) (string, error) {
	c, err := s.collection(ctx, name)
	if err != nil {
		return "", wrap("snapshot", err)
	}
	folder := filepath.Join(s.opts.Path, SnapshotFolder, name+"-"+s.opts.Now().UTC().Format("20060102T150405.000Z"))
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return "", wrap("snapshot", err)
	}
	unfinished, err := os.MkdirTemp(filepath.Dir(folder), ".unfinished-*")
	if err != nil {
		return "", wrap("snapshot", err)
	}
	defer func() { _ = os.RemoveAll(unfinished) }() // what is left over is hidden and named as such
	if err := s.copyCollection(ctx, c, unfinished); err != nil {
		return "", fmt.Errorf("snapshot %q: %w", name, translate(ctx, err))
	}
	if err := os.Rename(unfinished, folder); err != nil {
		return "", wrap("snapshot", err)
	}
	return folder, nil
}

// copyCollection copies the file, removes from the copy what is not of c, and copies what
// is left without the holes: rows of other collections must not linger in free pages.
func (s *Store) copyCollection(ctx context.Context, c *collection, folder string) error {
	whole, alone := filepath.Join(folder, "whole.db"), filepath.Join(folder, FileName)
	if err := s.copyFile(ctx, whole); err != nil {
		return err
	}
	db, err := connect(whole, "_pragma=journal_mode(OFF)", "_pragma=synchronous(OFF)", "_txlock=immediate")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := keepOnly(ctx, db, c); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, alone); err != nil {
		return err
	}
	if err := errors.Join(db.Close(), os.Remove(whole)); err != nil {
		return err
	}
	return syncFile(alone)
}

// copyFile copies the file as it is at one moment. The pools for reading refuse the statement.
func (s *Store) copyFile(ctx context.Context, to string) error {
	db, err := connect(filepath.Join(s.opts.Path, FileName), "_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return errors.Join(err, db.Close())
}

func keepOnly(ctx context.Context, db *sql.DB, c *collection) error {
	others := fmt.Sprintf(`key >> %d NOT IN (SELECT row FROM documents)`, chunkBits)
	for _, statement := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM collections WHERE row <> ? OR name <> ?`, []any{c.row, c.name}},
		{`DELETE FROM documents WHERE collection NOT IN (SELECT row FROM collections)`, nil},
		{`DELETE FROM chunks WHERE ` + others, nil},
		{`DELETE FROM chunk_index WHERE ` + others, nil},
		{`DELETE FROM records WHERE collection <> ?`, []any{c.name}},
		{`DELETE FROM changes WHERE seq < (SELECT max(seq) FROM changes)`, nil},
		{`DELETE FROM leases`, nil},
		{`DELETE FROM embeddings`, nil},
	} {
		if _, err := db.ExecContext(ctx, statement.text, statement.args...); err != nil {
			return err
		}
	}
	var kept int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM collections`).Scan(&kept); err != nil {
		return err
	}
	if kept != 1 {
		return fmt.Errorf("it was replaced or deleted meanwhile: %w", retriever.ErrChanged)
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
