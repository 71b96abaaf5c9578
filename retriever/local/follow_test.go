package local

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// shop is a store with the collection "docs" that nothing but queries brings up to date.
type shop struct {
	*testing.T
	*Store
	folder string
}

func openShop(t *testing.T, folder string, o Options) *shop {
	t.Helper()
	o.Path, o.FollowInterval = folder, time.Hour
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.CreateCollection(t.Context(), retriever.Collection{Name: "docs"}); err != nil {
		t.Log(err)
	}
	return &shop{t, s, folder}
}

func (s *shop) put(from, to int, text string) {
	s.Helper()
	for n := from; n < to; n++ {
		u := retriever.Upsert{Document: retriever.Document{Collection: "docs", Tenant: "t", URI: fmt.Sprintf("d/%03d", n), Hash: text}}
		for i := range n % 3 {
			u.Chunks = append(u.Chunks, retriever.Chunk{Text: fmt.Sprintf("%s %d.%d", text, n, i)})
		}
		u.Seal()
		if _, err := s.Put(context.Background(), "docs", []retriever.Upsert{u}); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shop) remove(numbers ...int) {
	s.Helper()
	for _, n := range numbers {
		if _, err := s.Delete(context.Background(), "docs", []string{retriever.DocumentID("docs", "t", fmt.Sprintf("d/%03d", n))}); err != nil {
			s.Fatal(err)
		}
	}
}

// found are the texts of all chunks with the word, in order.
func (s *shop) found(word string) []string {
	s.Helper()
	set, err := s.Candidates(context.Background(), retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: word, Depth: 1000})
	if err != nil {
		s.Fatal(err)
	}
	out := []string{}
	for _, c := range set.Candidates {
		out = append(out, c.Chunk.Text)
	}
	slices.Sort(out)
	return out
}

func texts(word string, numbers ...int) []string {
	out := []string{}
	for _, n := range numbers {
		for i := range n % 3 {
			out = append(out, fmt.Sprintf("%s %d.%d", word, n, i))
		}
	}
	slices.Sort(out)
	return out
}

func upTo(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

func TestReaderThatFellBehindThePrunedChangesIsBuiltAnew(t *testing.T) {
	folder := t.TempDir()
	writer := openShop(t, folder, Options{keptChanges: 10})
	reader := openShop(t, folder, Options{})
	writer.put(0, 6, "old")
	if diff := cmp.Diff(texts("old", upTo(6)...), reader.found("old")); diff != "" {
		t.Fatal(diff)
	}
	writer.put(0, 50, "new")
	writer.remove(1, 4)
	var kept int
	err := writer.db.view(t.Context(), func(tx *sql.Tx) error {
		return tx.QueryRow(`SELECT count(*) FROM changes`).Scan(&kept)
	})
	if err != nil || kept > 20 {
		t.Fatalf("%d changes kept, %v: nothing was pruned", kept, err)
	}
	want := texts("new", slices.DeleteFunc(upTo(50), func(n int) bool { return n == 1 || n == 4 })...)
	for name, s := range map[string]*shop{"reader": reader, "writer": writer} {
		if diff := cmp.Diff(want, s.found("new")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := s.found("old"); len(got) != 0 {
			t.Errorf("%s still finds %v", name, got)
		}
	}
	writer.put(50, 52, "new") // few enough to be followed one by one
	if diff := cmp.Diff(texts("new", 50, 51), difference(reader.found("new"), want)); diff != "" {
		t.Error(diff)
	}
}

func difference(a, b []string) []string {
	return slices.DeleteFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func TestCollectionLargerThanASegmentIsCutAndWhole(t *testing.T) {
	folder := t.TempDir()
	openShop(t, folder, Options{}).put(0, 40, "word")
	s := openShop(t, folder, Options{segmentChunks: 7})
	if diff := cmp.Diff(texts("word", upTo(40)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
	s.put(40, 60, "word")
	s.remove(0, 2, 5, 8, 59)
	want := texts("word", slices.DeleteFunc(upTo(60), func(n int) bool { return slices.Contains([]int{0, 2, 5, 8, 59}, n) })...)
	if diff := cmp.Diff(want, s.found("word")); diff != "" {
		t.Error(diff)
	}
	if err := s.merge(t.Context()); err != nil {
		t.Fatal(err)
	}
	parts := s.current.Load().collections["docs"].index.parts
	for _, p := range parts {
		if p.chunks() > 7+2 { // the last document may go beyond it
			t.Errorf("a segment of %d chunks", p.chunks())
		}
	}
	if len(parts) < 5 {
		t.Errorf("%d segments", len(parts))
	}
	if diff := cmp.Diff(want, s.found("word")); diff != "" {
		t.Errorf("after merging: %s", diff)
	}
}

// A segment that is being rewritten loses documents meanwhile.
func TestDeletionDuringAMergeIsNotUndone(t *testing.T) {
	s := openShop(t, t.TempDir(), Options{})
	s.put(0, 30, "word")
	s.found("word")
	x := s.current.Load().collections["docs"].index
	merged := mergeParts(x.parts, x.dimension, x.params)
	s.remove(7, 11)
	s.found("word") // carries the deletions into the view
	if _, err := s.install(t.Context(), "docs", x.parts, merged); err != nil {
		t.Fatal(err)
	}
	want := texts("word", slices.DeleteFunc(upTo(30), func(n int) bool { return n == 7 || n == 11 })...)
	if diff := cmp.Diff(want, s.found("word")); diff != "" {
		t.Error(diff)
	}
}

func TestEveryWriteMovesLastIngestThoughTheClockGoesBack(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := openShop(t, t.TempDir(), Options{Now: func() time.Time { return now }})
	var last time.Time
	for n := range 4 {
		s.put(n, n+1, "word")
		info, err := s.Collection(t.Context(), retriever.Operator(), "docs")
		if err != nil {
			t.Fatal(err)
		}
		if !info.LastIngest.After(last) {
			t.Errorf("write %d: last ingest %v, before it %v", n, info.LastIngest, last)
		}
		last, now = info.LastIngest, now.Add(-time.Hour)
	}
}
