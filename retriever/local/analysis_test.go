package local

import (
	"bytes"
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ragway/retriever"
	"ragway/retriever/text"
)

//go:embed testdata/format1.sql
var format1 string

const (
	oldDocuments = 1500
	oldPerDoc    = 3
)

// oldFolder is a store of format 1: German texts under terms that no analysis makes any
// more.
func oldFolder(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(tx interface {
		Exec(string, ...any) (sql.Result, error)
	}, query string, args ...any) {
		t.Helper()
		if _, err := tx.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec(db, format1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	exec(tx, `INSERT INTO collections (name, settings, schema, documents, chunks) VALUES ('docs', '{"Name":"docs","Language":"de"}', '{}', ?, ?)`,
		oldDocuments, oldDocuments*oldPerDoc)
	exec(tx, `INSERT INTO collections (name, settings, schema) VALUES ('empty', '{"Name":"empty"}', '{}')`)
	for row := 1; row <= oldDocuments; row++ {
		uri := fmt.Sprintf("old/%d", row)
		id := retriever.DocumentID("docs", "t", uri)
		exec(tx, `INSERT INTO documents VALUES (?, 1, ?, 't', ?, '', '', '', '', '', 0, '', '', '', '', 'v', ?, 0, 0, '')`, row, id, uri, oldPerDoc)
		for i := range oldPerDoc {
			chunk := uuid.MustParse(retriever.ChunkID(id, "v", i))
			exec(tx, `INSERT INTO chunks VALUES (?, ?, ?, 'Titel', '', 0, 0, 0, 0)`, row<<chunkBits|i, chunk.String(), fmt.Sprintf("Häuser n%d", row))
			exec(tx, `INSERT INTO chunk_index VALUES (?, ?, ?, NULL)`, row<<chunkBits|i, chunk[:], encodeTerms([]string{"oldterm"}))
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func (s *shop) lexicalHits(query string) int {
	s.Helper()
	set, err := s.Candidates(context.Background(), retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: query, Depth: 10_000, Bare: true})
	if err != nil {
		s.Fatal(err)
	}
	return len(set.Candidates)
}

func checkReanalysed(t *testing.T, s *shop) {
	t.Helper()
	for query, want := range map[string]int{"Haus": oldDocuments * oldPerDoc, "n77": oldPerDoc, "titel": oldDocuments * oldPerDoc, "oldterm": 0} {
		if got := s.lexicalHits(query); got != want {
			t.Errorf("%q finds %d chunks, want %d", query, got, want)
		}
	}
	var outdated int
	if err := s.db.read.QueryRow(`SELECT count(*) FROM collections WHERE analysis <> ? OR analysed <> 0`, text.Version).Scan(&outdated); err != nil || outdated != 0 {
		t.Errorf("%d collections left, %v", outdated, err)
	}
}

func TestFormat1GetsNewTermsAtOpen(t *testing.T) {
	folder := oldFolder(t)
	var log bytes.Buffer
	s := openShop(t, folder, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	checkReanalysed(t, s)
	if !strings.Contains(log.String(), "analysed anew") || !strings.Contains(log.String(), fmt.Sprint("chunks=", oldDocuments*oldPerDoc)) {
		t.Errorf("no line about it: %s", log.String())
	}
	s.put(0, 5, "word") // the marks of new documents join those of the old
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	log.Reset()
	s = openShop(t, folder, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if s.lexicalHits("Haus") != oldDocuments*oldPerDoc || s.lexicalHits("word") == 0 {
		t.Error("opened again, it finds less")
	}
	if strings.Contains(log.String(), "anew") {
		t.Errorf("analysed twice: %s", log.String())
	}
}

func TestInterruptedReanalysisGoesOn(t *testing.T) {
	folder := oldFolder(t)
	db, err := openDatabase(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	killed := &Store{db: db}
	done, chunks, err := killed.reanalyseSome(t.Context(), 1)
	if err != nil || done || chunks < reanalysedChunks || chunks > reanalysedChunks+oldPerDoc {
		t.Fatalf("done %v, %d chunks, %v", done, chunks, err)
	}
	var marked int
	if err := db.read.QueryRow(`SELECT count(*) FROM chunk_index WHERE terms <> ?`, encodeTerms([]string{"oldterm"})).Scan(&marked); err != nil || marked != chunks {
		t.Errorf("%d chunks have new terms, want %d, %v", marked, chunks, err)
	}
	if err := db.close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := openShop(t, folder, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	checkReanalysed(t, s)
	if want := fmt.Sprint("chunks=", oldDocuments*oldPerDoc-chunks); !strings.Contains(log.String(), want) {
		t.Errorf("it did not go on where it was, want %s: %s", want, log.String())
	}
}

func TestTermsOfANewerAnalysisAreRefused(t *testing.T) {
	folder := closed(t, Options{})
	db, err := sql.Open("sqlite", filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE collections SET analysis = ?`, text.Version+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Path: folder}); !errors.Is(err, retriever.ErrNewerFormat) {
		t.Errorf("got %v, want ErrNewerFormat", err)
	}
}
