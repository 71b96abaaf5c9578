package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ragway/retriever/text"
)

// SegmentsFolder holds the segment files within the data folder. It may be deleted while no
// process has the store open: the next one makes the files anew.
const SegmentsFolder = "segments"

const (
	// fileFrom is how many chunks a segment must have to be written to a file. Fewer are
	// read from the database in half a second.
	fileFrom = 1 << 14

	segmentSuffix   = ".seg"
	temporaryPrefix = "new-"
	// abandonedAfter is how old a temporary file is that no process is writing any more.
	abandonedAfter = time.Hour
)

// segmentName is the name of a segment file, COLLECTION-FIRST-LAST-RANDOM.seg with the rows
// of the collection and of the first and the last document: two processes that write the
// same segment write two files, of which the next to load keeps one.
type segmentName struct {
	collection, first, last int64
	random                  string
}

func (n segmentName) String() string {
	return fmt.Sprintf("%d-%d-%d-%s%s", n.collection, n.first, n.last, n.random, segmentSuffix)
}

func parseSegmentName(name string) (n segmentName, ok bool) {
	_, err := fmt.Sscanf(name, "%d-%d-%d-%8s"+segmentSuffix, &n.collection, &n.first, &n.last, &n.random)
	return n, err == nil && n.String() == name && n.first <= n.last
}

func (s *Store) segmentPath(name string) string {
	return filepath.Join(s.opts.Path, SegmentsFolder, name)
}

func (s *Store) segmentEntries() ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(filepath.Join(s.opts.Path, SegmentsFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

// segmentFiles are the names of the collection's files, or of all for collection 0.
func (s *Store) segmentFiles(collection int64) (names []segmentName, err error) {
	entries, err := s.segmentEntries()
	for _, e := range entries {
		if n, ok := parseSegmentName(e.Name()); ok && (collection == 0 || n.collection == collection) {
			names = append(names, n)
		}
	}
	return names, err
}

// kept is the segment in a file, if it is large enough to have one; the segment as it is
// when the file cannot be written or read back, which costs memory and the next start.
func (s *Store) kept(seg *segment, of segmentOf) *segment {
	if !littleEndian || seg.chunks() < s.opts.fileFrom {
		return seg
	}
	name := segmentName{of.Collection, seg.rows[0], seg.rows[len(seg.rows)-1], uuid.NewString()[:8]}
	path := s.segmentPath(name.String())
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = writeSegment(path, seg, of)
	}
	var mapped *segment
	if err == nil {
		mapped, err = openSegment(path, of, seg.params)
	}
	if err != nil {
		s.opts.Logger.Warn("a segment stays in memory", "file", path, "error", err)
		return seg
	}
	return mapped
}

func (s *Store) removeSegment(name, why string) {
	if err := os.Remove(s.segmentPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.opts.Logger.Warn("remove segment file", "file", name, "error", err)
		return
	}
	s.opts.Logger.Debug("segment file removed", "file", name, "why", why)
}

// liveRows are the documents of a collection at the moment of a transaction.
type liveRows struct {
	rows, marks []int64
	newest      int64 // row of any collection
}

func readLiveRows(ctx context.Context, tx *sql.Tx, collection int64) (l liveRows, err error) {
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'documents'`).Scan(&l.newest); err != nil {
		return l, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT row, mark FROM document_marks WHERE collection = ? ORDER BY row`, collection)
	if err != nil {
		return l, err
	}
	defer rows.Close()
	for rows.Next() {
		var row, mark int64
		if err := rows.Scan(&row, &mark); err != nil {
			return l, err
		}
		l.rows, l.marks = append(l.rows, row), append(l.marks, mark)
	}
	return l, rows.Err()
}

// between is the part of l with the rows from first to last.
func (l liveRows) between(first, last int64) liveRows {
	from, _ := slices.BinarySearch(l.rows, first)
	to, found := slices.BinarySearch(l.rows, last)
	if found {
		to++
	}
	to = max(from, to)
	return liveRows{l.rows[from:to], l.marks[from:to], l.newest}
}

// removed are the rows of the segment that live no more. fits is false when the segment has
// not all documents that live between its first and its last, or other ones.
func (l liveRows) removed(s *segment) (removed []int64, fits bool) {
	if s.documents() == 0 {
		return nil, false
	}
	l = l.between(s.rows[0], s.rows[len(s.rows)-1])
	i := 0
	for d, row := range s.rows {
		switch {
		case i == len(l.rows) || l.rows[i] > row:
			removed = append(removed, row)
		case l.rows[i] == row && l.marks[i] == s.marks[d]:
			i++
		default:
			return nil, false
		}
	}
	return removed, i == len(l.rows)
}

// segmentsOf is what the collection's segments are made of at the moment of tx.
func (s *Store) segmentsOf(ctx context.Context, tx *sql.Tx, c *collection) (of segmentOf, err error) {
	f := c.settings.Fingerprint
	of = segmentOf{Collection: c.row, Analysis: text.Version, Space: f.Key(), Dimension: f.Dimension}
	return of, tx.QueryRowContext(ctx, `SELECT id FROM store`).Scan(&of.Store)
}

// openSegments opens the collection's segment files, in the order of their rows, without
// overlaps, with the rows in them that live no more. It removes the files that are of no
// use: damaged, superseded, or of another past of the database. A damaged one is reported.
func (s *Store) openSegments(ctx context.Context, c *collection, of segmentOf, live liveRows) (segments []*segment, removed []int64, err error) {
	if !littleEndian {
		return nil, nil, nil
	}
	names, err := s.segmentFiles(c.row)
	if err != nil {
		s.opts.Logger.Warn("segment files cannot be used; the database is read instead", "error", err)
		return nil, nil, nil
	}
	slices.SortFunc(names, func(a, b segmentName) int { // of two that begin alike, the longer first
		switch {
		case a.first != b.first:
			return int(max(-1, min(1, a.first-b.first)))
		case a.last != b.last:
			return int(max(-1, min(1, b.last-a.last)))
		}
		return strings.Compare(a.random, b.random)
	})
	covered := int64(0)
	for _, n := range names {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if n.last > live.newest {
			continue // of a process that has seen more than this transaction
		}
		if n.first <= covered {
			s.removeSegment(n.String(), "superseded")
			continue
		}
		seg, gone, err := s.openLive(n, of, live)
		switch {
		case errors.Is(err, errOtherSegment):
			s.removeSegment(n.String(), err.Error())
			continue
		case errors.Is(err, errSegmentFile):
			s.opts.Logger.Warn("a segment file is damaged and is made anew from the database", "file", n.String(), "error", err)
			s.removeSegment(n.String(), err.Error())
			continue
		case err != nil:
			s.opts.Logger.Warn("a segment file cannot be used; the database is read instead", "file", n.String(), "error", err)
			continue
		}
		segments, removed, covered = append(segments, seg), append(removed, gone...), n.last
	}
	return segments, removed, nil
}

func (s *Store) openLive(n segmentName, of segmentOf, live liveRows) (seg *segment, removed []int64, err error) {
	if seg, err = openSegment(s.segmentPath(n.String()), of, bm25{s.opts.K1, s.opts.B}); err != nil {
		return nil, nil, err
	}
	removed, fits := live.removed(seg)
	if !fits || len(removed) == seg.documents() || seg.rows[0] != n.first || seg.rows[len(seg.rows)-1] != n.last {
		return nil, nil, errOtherSegment
	}
	return seg, removed, nil
}

// sweepSegments removes the files of collections that are no more, and what killed
// processes left.
func (s *Store) sweepSegments(ctx context.Context) error {
	names, err := s.segmentFiles(0)
	if err != nil {
		return err
	}
	for _, n := range names {
		var gone bool
		err := s.db.read.QueryRowContext(ctx, `SELECT NOT EXISTS (SELECT 1 FROM collections WHERE row = ?1)
			AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'collections' AND seq >= ?1)`, n.collection).Scan(&gone)
		if err != nil {
			return translate(ctx, err)
		}
		if gone {
			s.removeSegment(n.String(), "no collection")
		}
	}
	entries, err := s.segmentEntries()
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), temporaryPrefix) {
			continue
		}
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > abandonedAfter {
			s.removeSegment(e.Name(), "abandoned")
		}
	}
	return err
}
