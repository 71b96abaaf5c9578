package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"ragway/retriever"
)

// FileName is the database within the data folder.
const FileName = "ragway.db"

// writePatience is how long a writer waits for those of other processes. Their
// transactions take well under a second; only a stuck process reaches it.
const writePatience = 60 * time.Second

// database is the file with its two pools: one connection that writes, several that read.
type database struct {
	write, read *sql.DB
}

// openDatabase opens or creates the file in folder, which it creates for the owner alone.
func openDatabase(ctx context.Context, folder string) (_ *database, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(folder, FileName))
	if err != nil {
		return nil, err
	}
	if err := checkHeader(path); err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	if err := checkLog(ctx, path); err != nil {
		return nil, translate(ctx, err)
	}
	d := &database{}
	if d.write, err = connect(path, "_txlock=immediate", "_pragma=busy_timeout(100)", "_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(ON)", "_pragma=journal_size_limit(67108864)", "_pragma=cache_size(-16000)"); err != nil {
		return nil, err
	}
	if d.read, err = connect(path, "_pragma=busy_timeout(10000)", "_pragma=query_only(ON)", "_pragma=cache_size(-8000)"); err != nil {
		return nil, errors.Join(err, d.write.Close())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	d.write.SetMaxOpenConns(1)
	readers := max(4, 2*runtime.GOMAXPROCS(0))
	d.read.SetMaxOpenConns(readers)
	d.read.SetMaxIdleConns(readers)
	err = patiently(ctx, func() error {
		_, err := d.write.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
		return err
	})
	if err != nil {
		return nil, translate(ctx, err)
	}
	return d, d.update(ctx, func(tx *sql.Tx) error { return migrate(ctx, tx) })
}

// createPrivate makes the file for the owner alone, in a folder that others may read too.
// SQLite gives its log files the same permissions.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (d *database) close() error { return errors.Join(d.read.Close(), d.write.Close()) }

func connect(path string, params ...string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path) // a file URL is
	if err != nil {
		return nil, err
	}
	return sql.Open("sqlite", fileURL(absolute)+"?"+strings.Join(params, "&"))
}

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/… on Windows
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// checkLog asks for the format version where the write-ahead log of a process that was
// killed may hold another than the header.
func checkLog(ctx context.Context, path string) error {
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() == 0 {
		return nil
	}
	db, err := connect(path, "mode=ro", "_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	var version int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	return checkVersion(version)
}

// update runs fn in a write transaction. An error of fn, or a cancelled context, leaves
// nothing of it.
func (d *database) update(ctx context.Context, fn func(*sql.Tx) error) error {
	var tx *sql.Tx
	err := patiently(ctx, func() (err error) {
		tx, err = d.write.BeginTx(ctx, nil)
		return err
	})
	if err != nil {
		return translate(ctx, err)
	}
	defer tx.Rollback()
	if err := fn(tx); err != nil {
		return translate(ctx, err)
	}
	return translate(ctx, tx.Commit())
}

// view runs fn in a read transaction: all it reads is of one moment.
func (d *database) view(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := d.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return translate(ctx, err)
	}
	defer tx.Rollback()
	return translate(ctx, fn(tx))
}

// patiently repeats what fails because another process writes. SQLite's own wait is kept
// short, because it does not look at the context.
func patiently(ctx context.Context, begin func() error) error {
	deadline := time.Now().Add(writePatience)
	for {
		err := begin()
		if code := resultCode(err); code != sqlite3.SQLITE_BUSY && code != sqlite3.SQLITE_LOCKED {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// resultCode is SQLite's primary result code of err, 0 if it is not SQLite's.
func resultCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// translate gives SQLite's errors the meaning the port has for them.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		return fmt.Errorf("%w (%w)", ctx.Err(), err)
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT:
		return fmt.Errorf("%w: %w", retriever.ErrCorrupt, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOMEM:
		return fmt.Errorf("%w: %w", retriever.ErrUnavailable, err)
	}
	return err
}
