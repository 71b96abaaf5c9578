package local

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// killedAfterDropping is a folder whose collection "docs" was deleted by a process that
// was killed before it had erased anything.
func killedAfterDropping(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	s := openShop(t, folder, Options{})
	s.put(0, 20, "old")
	err := s.db.update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE collections SET name = ` + droppedName)
		return errors.Join(err, s.logChange(context.Background(), tx, collectionChanged, 1, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func (s *shop) count(table string) (n int) {
	s.Helper()
	if err := s.db.read.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

func TestDroppedCollectionIsGoneBeforeItIsErased(t *testing.T) {
	folder := killedAfterDropping(t)
	db, err := openDatabase(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer db.close()
	stmts, err := prepareStatements(t.Context(), db.read)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{}
	o.applyDefaults()
	s := &shop{t, &Store{opts: o, db: db, stmts: stmts, advance: make(chan struct{}, 1), wake: make(chan struct{}, 1)}, folder}
	s.current.Store(&view{seq: -1}) // a store that erases nothing by itself

	everything := retriever.Operator()
	if infos, err := s.Collections(t.Context(), everything); err != nil || len(infos) != 0 {
		t.Errorf("collections %v, %v", infos, err)
	}
	id := retriever.DocumentID("docs", "t", "d/004")
	if _, _, err := s.Document(t.Context(), everything, id); !errors.Is(err, retriever.ErrDocumentNotFound) {
		t.Errorf("a document of it: %v", err)
	}
	if err := s.CreateCollection(t.Context(), retriever.Collection{Name: "docs"}); err != nil {
		t.Fatal(err)
	}
	s.put(4, 6, "old") // the same versions as before
	want := texts("old", 4, 5)
	if diff := cmp.Diff(want, s.found("old")); diff != "" {
		t.Error(diff)
	}
	if err := s.eraseDropped(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.found("old")); diff != "" {
		t.Errorf("after erasing: %s", diff)
	}
	got := []int{s.count("collections"), s.count("documents"), s.count("chunks"), s.count("chunk_index")}
	if !slices.Equal(got, []int{1, 2, 3, 3}) {
		t.Errorf("collections, documents, chunks, index entries: %v", got)
	}
	info, err := s.Collection(t.Context(), everything, "docs")
	if err != nil || info.Documents != 2 || info.Chunks != 3 {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestOpenErasesWhatAKilledDeletionLeft(t *testing.T) {
	folder := killedAfterDropping(t)
	s := openShop(t, folder, Options{})
	if err := s.eraseDropped(t.Context()); err != nil { // beside the one that Open has started
		t.Fatal(err)
	}
	if n := s.count("documents") + s.count("chunks") + s.count("chunk_index"); n != 0 {
		t.Errorf("%d rows left", n)
	}
}

// A Put that began before the deletion must fail, not be acknowledged and lost.
func TestNothingIsPutIntoADroppedCollection(t *testing.T) {
	folder := killedAfterDropping(t)
	db, err := openDatabase(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer db.close()
	err = db.update(t.Context(), func(tx *sql.Tx) error {
		_, err := (&Store{db: db}).newWriting(t.Context(), tx, &collection{row: 1, name: "docs"})
		return err
	})
	if !errors.Is(err, retriever.ErrCollectionNotFound) {
		t.Errorf("got %v, want no such collection", err)
	}
}
