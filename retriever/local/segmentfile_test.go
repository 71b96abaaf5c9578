package local

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
	"ragway/retriever/retrievertest"
)

// inFiles are options with which every segment goes to a file.
var inFiles = Options{segmentChunks: 7, fileFrom: 1}

func TestStoreWithEverySegmentInAFile(t *testing.T) {
	open := func(t *testing.T, folder string) *Store {
		t.Helper()
		opts := inFiles
		opts.Path = folder
		s, err := Open(context.Background(), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	retrievertest.TestStore(t, retrievertest.Harness{Open: func(t *testing.T) retrievertest.Opened {
		folder := t.TempDir()
		store := open(t, folder)
		return retrievertest.Opened{
			Store:  store,
			Second: func() retriever.Store { return open(t, folder) },
			Reopen: func() retriever.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t, folder)
			},
		}
	}})
}

// remapped is the part with its segment written to a file and mapped again.
func remapped(tb testing.TB, p *part) *part {
	tb.Helper()
	of := segmentOf{Store: "test", Dimension: p.dimension}
	path := filepath.Join(tb.TempDir(), "1-1-1-00000000.seg")
	if err := writeSegment(path, p.segment, of); err != nil {
		tb.Fatal(err)
	}
	mapped, err := openSegment(path, of, p.params)
	if err != nil {
		tb.Fatal(err)
	}
	out := *p
	out.segment = mapped
	return &out
}

// segmentWithEverything has no array without elements.
func segmentWithEverything(t *testing.T) *segment {
	t.Helper()
	b := newSegmentBuilder(8, bm25{1.2, 0.75})
	for i, v := range clustered(codesFrom+10, 8, 0.01) {
		acl := []string{"user:a"}
		if i%2 == 0 {
			acl = nil
		}
		b.addDocument(documentEntry{row: int64(i + 1), mark: int64(i), bytes: 3, tenant: "t", acl: acl,
			metadata: retriever.Metadata{"s": "2024-01-01", "n": float64(i)}})
		chunk := b.addChunk([16]byte{byte(i), byte(i >> 8)}, 300, true)
		b.addTerm(chunk, []byte("often"), 300)
		b.addTerm(chunk, fmt.Appendf(nil, "t%d", i%7), 1)
		b.setVector(chunk, v)
	}
	s := b.build()
	if s.codes == nil {
		s.codes = coderOf(8).encode(s)
		s.codes.widen, s.codes.recall = 1, 1
	}
	return s
}

func TestDamageInAnySectionIsFound(t *testing.T) {
	s := segmentWithEverything(t)
	of := segmentOf{Store: "test", Dimension: 8}
	folder := t.TempDir()
	path := filepath.Join(folder, "whole")
	if err := writeSegment(path, s, of); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := readHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openSegment(path, of, s.params); err != nil {
		t.Fatal(err)
	}
	damaged := func(what string, content []byte) {
		t.Helper()
		path := filepath.Join(folder, "damaged")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := openSegment(path, of, s.params); !errors.Is(err, errSegmentFile) {
			t.Errorf("%s: %v, want errSegmentFile", what, err)
		}
	}
	for at := range len(segmentMagic) + 40 {
		damaged(fmt.Sprintf("byte %d", at), flipped(whole, at))
	}
	empty := 0
	for i, section := range h.Sections {
		if section.Length == 0 {
			empty++
			continue
		}
		damaged(fmt.Sprintf("section %d", i), flipped(whole, int(section.Offset+section.Length/2)))
	}
	if empty > 2 { // numbers of the field of strings, strings and dates of the field of numbers
		t.Logf("%d of %d sections are empty", empty, len(h.Sections))
	}
	last := h.Sections[len(h.Sections)-1]
	for _, length := range []int64{0, 1, 15, 16, 100, h.Sections[3].Offset, int64(len(whole)) / 2, last.Offset + last.Length - 1} {
		damaged(fmt.Sprintf("cut to %d", length), whole[:min(length, int64(len(whole))-1)])
	}
	for name, other := range map[string]segmentOf{
		"another database": {Store: "other", Dimension: 8}, "another collection": {Store: "test", Dimension: 8, Collection: 2},
		"another analysis": {Store: "test", Dimension: 8, Analysis: 9}, "another space": {Store: "test", Dimension: 8, Space: "x"},
	} {
		if _, err := openSegment(path, other, s.params); !errors.Is(err, errOtherSegment) {
			t.Errorf("%s: %v, want errOtherSegment", name, err)
		}
	}
}

func flipped(data []byte, at int) []byte {
	out := slices.Clone(data)
	out[at] ^= 0x10
	return out
}

func TestOtherParametersGetBoundsOfTheirOwn(t *testing.T) {
	s := segmentWithEverything(t)
	path := filepath.Join(t.TempDir(), "s")
	of := segmentOf{Dimension: 8}
	if err := writeSegment(path, s, of); err != nil {
		t.Fatal(err)
	}
	mapped, err := openSegment(path, of, bm25{2, 0.1})
	if err != nil {
		t.Fatal(err)
	}
	s.bound(bm25{2, 0.1}, s.lengths)
	if !slices.Equal(mapped.bounds, s.bounds) || !slices.Equal(mapped.blockBounds, s.blockBounds) {
		t.Error("the bounds are of other parameters")
	}
}

// files are the names of the shop's segment files, the parts its index has from files.
func (s *shop) files() (names, parts []string) {
	s.Helper()
	found, err := s.segmentFiles(0)
	if err != nil {
		s.Fatal(err)
	}
	for _, n := range found {
		names = append(names, n.String())
	}
	if c := s.current.Load().collections["docs"]; c != nil && c.index != nil {
		for _, p := range c.index.parts {
			if p.file != "" {
				parts = append(parts, p.file)
			}
		}
	}
	slices.Sort(names)
	slices.Sort(parts)
	return names, parts
}

// closed is a folder with forty documents in segment files, of a store that is closed.
func closed(t *testing.T, opts Options) (folder string) {
	t.Helper()
	folder = t.TempDir()
	s := openShop(t, folder, opts)
	s.stop() // the poller, which might write the same files
	s.done.Wait()
	s.put(0, 40, "word")
	s.found("word")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestFilesServeTheNextStart(t *testing.T) {
	folder := closed(t, inFiles)
	s := openShop(t, folder, inFiles)
	before, _ := s.files()
	if diff := cmp.Diff(texts("word", upTo(40)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
	after, used := s.files()
	if len(before) < 5 || !cmp.Equal(before, after) || !cmp.Equal(before, used) {
		t.Errorf("files %v, then %v, of which used %v", before, after, used)
	}
}

func TestDocumentsThatCameAndWentSinceTheFilesAreSeen(t *testing.T) {
	folder := closed(t, inFiles)
	other := openShop(t, folder, Options{}) // writes no files
	other.remove(3, 4, 5, 20, 39)
	other.put(10, 12, "changed")
	other.put(40, 50, "word")
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	gone := []int{3, 4, 5, 20, 39, 10, 11}
	want := texts("word", slices.DeleteFunc(upTo(50), func(n int) bool { return slices.Contains(gone, n) })...)
	for range 2 {
		s := openShop(t, folder, inFiles)
		if diff := cmp.Diff(want, s.found("word")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(texts("changed", 10, 11), s.found("changed")); diff != "" {
			t.Error(diff)
		}
		if err := s.merge(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.found("word")); diff != "" {
			t.Errorf("merged: %s", diff)
		}
		names, used := s.files()
		if !cmp.Equal(names, used) {
			t.Errorf("files %v, used %v", names, used)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedFileIsReportedAndMadeAnew(t *testing.T) {
	folder := closed(t, inFiles)
	var log bytes.Buffer
	opts := inFiles
	opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := openShop(t, folder, opts)
	names, _ := s.files()
	path := s.segmentPath(names[2])
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, flipped(content, len(content)-1), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts("word", upTo(40)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(log.String(), names[2]) || !strings.Contains(log.String(), "damaged") {
		t.Errorf("nothing reported: %s", log.String())
	}
	after, used := s.files()
	if len(after) != len(names) || !cmp.Equal(after, used) || slices.Contains(after, names[2]) {
		t.Errorf("files %v, then %v, used %v", names, after, used)
	}
}

// A database that was put back from a backup and then went another way: its rows have the
// numbers of the files' and other documents in them.
func TestFilesOfAnotherPastAreNotBelieved(t *testing.T) {
	folder := closed(t, Options{})
	backup, err := os.ReadFile(filepath.Join(folder, FileName))
	if err != nil {
		t.Fatal(err)
	}
	s := openShop(t, folder, inFiles)
	s.put(40, 60, "lost")
	s.found("lost")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, FileName), backup, 0o600); err != nil {
		t.Fatal(err)
	}
	s = openShop(t, folder, inFiles)
	if got := s.found("lost"); len(got) != 0 {
		t.Errorf("found %v before the rows are taken again", got)
	}
	s.put(40, 60, "won")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openShop(t, folder, inFiles)
	for word, want := range map[string][]string{"word": texts("word", upTo(40)...), "won": texts("won", upTo(60)[40:]...), "lost": {}} {
		if diff := cmp.Diff(want, s.found(word)); diff != "" {
			t.Errorf("%s: %s", word, diff)
		}
	}
	names, used := s.files()
	if !cmp.Equal(names, used) {
		t.Errorf("files %v, used %v", names, used)
	}
}

func TestFilesOfAnotherDatabaseAreRemoved(t *testing.T) {
	folder, other := closed(t, inFiles), closed(t, inFiles)
	if err := os.Rename(filepath.Join(other, FileName), filepath.Join(folder, FileName)); err != nil {
		t.Fatal(err)
	}
	s := openShop(t, folder, inFiles)
	before, _ := s.files()
	if diff := cmp.Diff(texts("word", upTo(40)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
	after, used := s.files()
	if !cmp.Equal(after, used) || slices.ContainsFunc(before, func(n string) bool { return slices.Contains(after, n) }) {
		t.Errorf("files %v, then %v, used %v", before, after, used)
	}
}

func TestFilesOfADroppedCollectionAreSwept(t *testing.T) {
	folder := closed(t, inFiles)
	s := openShop(t, folder, inFiles)
	if err := s.DeleteCollection(t.Context(), "docs"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.segmentPath("7-1-2-01234567.seg"), []byte("of a collection to come"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.sweepSegments(t.Context()); err != nil {
		t.Fatal(err)
	}
	if names, _ := s.files(); !cmp.Equal(names, []string{"7-1-2-01234567.seg"}) {
		t.Errorf("left: %v", names)
	}
}

func TestUnwritableFolderCostsOnlyTheFiles(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, SegmentsFolder), nil, 0o600); err != nil { // a file in its place
		t.Fatal(err)
	}
	s := openShop(t, folder, inFiles)
	s.put(0, 10, "word")
	if _, err := s.segmentFiles(0); err == nil {
		t.Error("no error to read a folder that is a file")
	}
	if diff := cmp.Diff(texts("word", upTo(10)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
}

func TestIngestAloneLeavesFullSegments(t *testing.T) {
	folder := t.TempDir()
	s := openShop(t, folder, inFiles)
	s.stop() // the poller, which does the same
	s.done.Wait()
	s.put(0, 40, "word")
	if err := s.seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c := s.current.Load().collections["docs"]; c != nil && c.index != nil {
		t.Error("an index was loaded")
	}
	sealed, _ := s.files()
	if len(sealed) < 4 {
		t.Errorf("files %v", sealed)
	}
	if diff := cmp.Diff(texts("word", upTo(40)...), s.found("word")); diff != "" {
		t.Error(diff)
	}
	names, used := s.files()
	if !cmp.Equal(names, used) || slices.ContainsFunc(sealed, func(n string) bool { return !slices.Contains(used, n) }) {
		t.Errorf("files %v, then %v, used %v", sealed, names, used)
	}
}

func TestDocumentWithoutAMarkIsNotLostInSilence(t *testing.T) {
	folder := closed(t, Options{})
	s := openShop(t, folder, Options{})
	err := s.db.update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM document_marks WHERE row = 9`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, retriever.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}
