package local

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func TestSnapshotHoldsTheCollectionAlone(t *testing.T) {
	folder := t.TempDir()
	s := openShop(t, folder, Options{})
	s.put(0, 20, "visible")
	if err := s.CreateCollection(t.Context(), retriever.Collection{Name: "hr"}); err != nil {
		t.Fatal(err)
	}
	secret := retriever.Upsert{Document: retriever.Document{Collection: "hr", Tenant: "t", URI: "secret"}, Chunks: []retriever.Chunk{{Text: "the salaries are confidential"}}}
	secret.Seal()
	if _, err := s.Put(t.Context(), "hr", []retriever.Upsert{secret}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []string{"docs", "hr"} {
		if err := s.PutRecords(t.Context(), retriever.Record{Collection: c, Kind: "origin", Key: c, Value: []byte(`1`)}); err != nil {
			t.Fatal(err)
		}
	}
	path, err := s.Snapshot(t.Context(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	s.put(20, 25, "later")

	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the snapshot: %v, %v", entries, err)
	}
	data, err := os.ReadFile(filepath.Join(path, FileName))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("confidential")) {
		t.Error("text of another collection is in the file")
	}
	copied, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { copied.Close() })
	infos, err := copied.Collections(t.Context(), retriever.Operator())
	if err != nil || len(infos) != 1 || infos[0].Name != "docs" || infos[0].Documents != 20 {
		t.Errorf("collections %+v, %v", infos, err)
	}
	set, err := copied.Candidates(t.Context(), retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "visible", Depth: 50})
	if err != nil || len(set.Candidates) != infos[0].Chunks {
		t.Errorf("%d candidates, %v", len(set.Candidates), err)
	}
	records, err := copied.Records(t.Context(), "docs", "origin")
	if err != nil || len(records) != 1 {
		t.Errorf("records %v, %v", records, err)
	}
	if records, err := copied.Records(t.Context(), "hr", "origin"); err != nil || len(records) != 0 {
		t.Errorf("records of another collection %v, %v", records, err)
	}
}

// A file of format 1, whose document IDs were unique over all collections.
func TestOlderFileIsBroughtUp(t *testing.T) {
	folder := t.TempDir()
	s := openShop(t, folder, Options{})
	s.put(0, 10, "kept")
	s.put(3, 5, "replaced") // row numbers beyond the last are in use
	if _, err := s.Delete(t.Context(), "docs", []string{retriever.DocumentID("docs", "t", "d/004")}); err != nil {
		t.Fatal(err)
	}
	want := s.documents("docs")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	downgrade(t, folder)

	s = openShop(t, folder, Options{})
	if diff := cmp.Diff(want, s.documents("docs")); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	var next, largest int64
	if err := s.db.read.QueryRow(`SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'documents'), max(row) FROM documents`).Scan(&next, &largest); err != nil {
		t.Fatal(err)
	}
	if next != 12 || largest >= next { // 10 and 2 replaced; the last row was deleted
		t.Errorf("next row after %d, largest %d", next, largest)
	}
	if err := s.Stage(t.Context(), retriever.Collection{Name: "docs", Language: "de"}); err != nil {
		t.Fatal(err)
	}
	u := retriever.Upsert{Document: retriever.Document{Collection: "docs", Tenant: "t", URI: "d/003"}}
	u.Seal()
	if _, err := s.Put(t.Context(), retriever.StagedName("docs"), []retriever.Upsert{u}); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) documents(collection string) []retriever.Document {
	s.Helper()
	var out []retriever.Document
	for d, err := range s.Documents(context.Background(), retriever.Operator(), collection, "") {
		if err != nil {
			s.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// downgrade makes the file one of format 1.
func downgrade(t *testing.T, folder string) {
	t.Helper()
	db, err := sql.Open("sqlite", fileURL(filepath.Join(folder, FileName)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`DROP TRIGGER document_marked`,
		`DROP TRIGGER document_unmarked`,
		`DROP TABLE document_marks`,
		`DROP TABLE store`,
		`ALTER TABLE collections DROP COLUMN analysis`,
		`ALTER TABLE collections DROP COLUMN analysed`,
		`ALTER TABLE documents RENAME TO newer`,
		`DROP INDEX documents_by_collection`,
		`CREATE TABLE documents (
			row INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL REFERENCES collections(row), id TEXT NOT NULL UNIQUE,
			tenant TEXT NOT NULL, uri TEXT NOT NULL, record_id TEXT NOT NULL, title TEXT NOT NULL, mime TEXT NOT NULL, url TEXT NOT NULL,
			hash TEXT NOT NULL, size INTEGER NOT NULL, mod_time TEXT NOT NULL, metadata TEXT NOT NULL, acl TEXT NOT NULL, pipeline TEXT NOT NULL,
			version TEXT NOT NULL, chunks INTEGER NOT NULL, vectors INTEGER NOT NULL, bytes INTEGER NOT NULL, updated_at TEXT NOT NULL)`,
		`INSERT INTO documents SELECT * FROM newer`,
		`UPDATE sqlite_sequence SET seq = 12 WHERE name = 'documents'`,
		`DROP TABLE newer`,
		`CREATE INDEX documents_by_collection ON documents(collection, id)`,
		`PRAGMA user_version = 1`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
