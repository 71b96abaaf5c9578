package local_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ragway/retriever"
	"ragway/retriever/local"
)

func TestFolderIsForTheOwnerAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "data")
	open(t, folder)
	info, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode %o, want 700", got)
	}
}

func TestFilesAreForTheOwnerAloneInAnOpenFolderToo(t *testing.T) {
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	store := open(t, folder)
	if err := store.CreateCollection(t.Context(), retriever.Collection{Name: "docs"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s: mode %o, want 600", e.Name(), got)
		}
	}
}

func TestFolderWithSpecialCharactersInItsName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a b?c#d%20é")
	open(t, folder)
	if _, err := os.Stat(filepath.Join(folder, local.FileName)); err != nil {
		t.Error(err)
	}
}

// newerFile makes a store of a format from the future.
func newerFile(t *testing.T) (folder, file string) {
	t.Helper()
	folder = t.TempDir()
	file = filepath.Join(folder, local.FileName)
	if err := open(t, folder).Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`PRAGMA user_version = 99`); err != nil {
		t.Fatal(err)
	}
	return folder, file
}

func TestNewerFormatIsRefusedUntouched(t *testing.T) {
	folder, file := newerFile(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := local.Open(context.Background(), local.Options{Path: folder}); !errors.Is(err, retriever.ErrNewerFormat) {
		t.Errorf("Open: %v, want ErrNewerFormat", err)
	}
	if _, err := local.OpenCache(context.Background(), folder); !errors.Is(err, retriever.ErrNewerFormat) {
		t.Errorf("OpenCache: %v, want ErrNewerFormat", err)
	}
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) || len(entries) != 1 {
		t.Errorf("the folder was touched: same bytes %v, %d files", bytes.Equal(before, after), len(entries))
	}
}

func TestNewerFormatThatOnlyTheLogKnowsIsRefused(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, local.FileName)
	store := open(t, folder)
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`PRAGMA user_version = 99`); err != nil { // stays in the log: others have the file open
		t.Fatal(err)
	}
	if _, err := local.Open(context.Background(), local.Options{Path: folder}); !errors.Is(err, retriever.ErrNewerFormat) {
		t.Errorf("Open: %v, want ErrNewerFormat", err)
	}
	store.Close()
}

// foreignFile is a database that statements make.
func foreignFile(t *testing.T, statements string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// What a process leaves that was killed before it made the tables.
func TestEmptyDatabaseBecomesAStore(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, local.FileName), foreignFile(t, `PRAGMA journal_mode = WAL`), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, folder)
}

func TestWhatIsNoStoreIsCorrupt(t *testing.T) {
	foreign := foreignFile(t, `PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE x (y)`)
	anonymous := foreignFile(t, `CREATE TABLE x (y)`)
	for name, content := range map[string][]byte{
		"text":                              []byte("this is not a database, however long it may be; it only pretends to be one by its name ........................."),
		"short":                             []byte("x"),
		"another program":                   foreign,
		"one that does not say whose it is": anonymous,
	} {
		folder := t.TempDir()
		file := filepath.Join(folder, local.FileName)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := local.Open(context.Background(), local.Options{Path: folder}); !errors.Is(err, retriever.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
		if after, _ := os.ReadFile(file); !bytes.Equal(after, content) {
			t.Errorf("%s: the file was touched", name)
		}
	}
}

func TestDamagedPagesAreCorrupt(t *testing.T) {
	folder := t.TempDir()
	store := open(t, folder)
	ctx := context.Background()
	if err := store.CreateCollection(ctx, retriever.Collection{Name: "docs"}); err != nil {
		t.Fatal(err)
	}
	for n := range 50 {
		if _, err := store.Put(ctx, "docs", []retriever.Upsert{numbered("w", n)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, local.FileName)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(content); i++ { // all but the header's page
		content[i] ^= 0x5a
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged, err := local.Open(ctx, local.Options{Path: folder})
	if err == nil {
		defer damaged.Close()
		err = damaged.Ping(ctx)
	}
	if !errors.Is(err, retriever.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}

func TestOpenWithoutAPathNamesIt(t *testing.T) {
	if _, err := local.Open(context.Background(), local.Options{}); err == nil || !bytes.Contains([]byte(err.Error()), []byte("Options.Path")) {
		t.Errorf("got %v, want an error that names Options.Path", err)
	}
}
