package local

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"ragway/retriever"
)

// loadColumns are the columns that loading scans, over documents d and chunk_index x.
var loadColumns = fmt.Sprintf(`SELECT d.row, m.mark, d.bytes, d.tenant, d.acl, d.metadata, x.key, x.id, x.terms, x.vector
	FROM documents d JOIN document_marks m ON m.collection = d.collection AND m.row = d.row
	LEFT JOIN chunk_index x ON x.key BETWEEN d.row << %d AND (d.row << %d) + %d `, chunkBits, chunkBits, maxDocChunks-1)

// loadIndex is the index of a whole collection: its segment files, and what they lack from
// the database.
func (s *Store) loadIndex(ctx context.Context, tx *sql.Tx, c *collection) (*index, error) {
	of, err := s.segmentsOf(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	live, err := readLiveRows(ctx, tx, c.row)
	if err != nil {
		return nil, err
	}
	var documents int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM documents WHERE collection = ?`, c.row).Scan(&documents); err != nil {
		return nil, err
	}
	if documents != len(live.rows) {
		return nil, fmt.Errorf("%d documents, %d of them with a mark: %w", documents, len(live.rows), retriever.ErrCorrupt)
	}
	files, removed, err := s.openSegments(ctx, c, of, live)
	if err != nil {
		return nil, err
	}
	var segments []*segment
	after := int64(0)
	for i := range len(files) + 1 {
		before := live.newest + 1
		if i < len(files) {
			before = files[i].rows[0]
		}
		gap, err := s.loadGap(ctx, tx, c, of, live.between(after+1, before-1))
		if err != nil {
			return nil, err
		}
		segments = append(segments, gap...)
		if i < len(files) {
			segments, after = append(segments, files[i]), files[i].rows[files[i].documents()-1]
		}
	}
	empty := &index{dimension: of.Dimension, params: bm25{s.opts.K1, s.opts.B}, of: of}
	return empty.with(segments, nil).with(nil, removed), nil
}

// loadGap builds the segments of documents that no file has, and keeps them in files.
func (s *Store) loadGap(ctx context.Context, tx *sql.Tx, c *collection, of segmentOf, gap liveRows) ([]*segment, error) {
	if len(gap.rows) == 0 {
		return nil, nil
	}
	l := s.newLoader(c)
	l.keep = func(seg *segment) *segment { return s.kept(seg, of) }
	segments, err := l.finish(s.scanRange(ctx, tx, c, l, gap.rows[0], gap.rows[len(gap.rows)-1]))
	if err != nil {
		return nil, err
	}
	if l.documents != len(gap.rows) {
		return nil, fmt.Errorf("%d documents where the file has marks of %d: %w", l.documents, len(gap.rows), retriever.ErrCorrupt)
	}
	return segments, nil
}

// scanRange reads the documents of a range of rows. The unary plus keeps SQLite from the
// index by collection, whose order is another, so that it would sort all vectors.
func (s *Store) scanRange(ctx context.Context, tx *sql.Tx, c *collection, l *loader, first, last int64) error {
	rows, err := tx.QueryContext(ctx, loadColumns+`WHERE +d.collection = ? AND d.row BETWEEN ? AND ? ORDER BY d.row, x.key`, c.row, first, last)
	if err != nil {
		return err
	}
	return l.scan(rows)
}

// loadRows builds the segments of the documents at rows; those that are gone again are
// left out.
func (s *Store) loadRows(ctx context.Context, tx *sql.Tx, c *collection, documents []int64) ([]*segment, error) {
	l := s.newLoader(c)
	slices.Sort(documents)
	for _, row := range documents {
		rows, err := tx.StmtContext(ctx, s.stmts.load).QueryContext(ctx, row, c.row)
		if err != nil {
			return nil, err
		}
		if err := l.scan(rows); err != nil {
			return nil, err
		}
	}
	return l.finish(nil)
}

// loader turns rows into segments of bounded size.
type loader struct {
	dimension int
	params    bm25
	most      int  // chunks of a segment
	once      bool // stop after the first segment that is full
	keep      func(*segment) *segment
	builder   *segmentBuilder
	last      int64 // row of the document being added
	documents int
	segments  []*segment
	vector    retriever.Vector // reused
}

func (s *Store) newLoader(c *collection) *loader {
	l := &loader{keep: func(seg *segment) *segment { return seg }, dimension: c.settings.Fingerprint.Dimension, params: bm25{s.opts.K1, s.opts.B}, most: s.opts.segmentChunks}
	l.builder, l.vector = newSegmentBuilder(l.dimension, l.params), make(retriever.Vector, l.dimension)
	return l
}

func (l *loader) finish(err error) ([]*segment, error) {
	if err != nil {
		return nil, err
	}
	l.cut()
	return l.segments, nil
}

func (l *loader) cut() {
	if l.builder.documents() > 0 {
		l.segments = append(l.segments, l.keep(l.builder.build()))
		l.builder = newSegmentBuilder(l.dimension, l.params)
	}
}

func (l *loader) scan(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
		var d documentEntry
		var acl, metadata string
		var key sql.NullInt64
		var id, terms, vector sql.RawBytes
		if err := rows.Scan(&d.row, &d.mark, &d.bytes, &d.tenant, &acl, &metadata, &key, &id, &terms, &vector); err != nil {
			return err
		}
		if d.row != l.last {
			if l.builder.chunks() >= l.most {
				if l.cut(); l.once {
					return nil
				}
			}
			if err := decodeJSON(acl, &d.acl); err != nil {
				return fmt.Errorf("access list of document row %d: %w", d.row, err)
			}
			if err := decodeJSON(metadata, &d.metadata); err != nil {
				return fmt.Errorf("metadata of document row %d: %w", d.row, err)
			}
			l.builder.addDocument(d)
			l.last = d.row
			l.documents++
		}
		if !key.Valid {
			continue // a document without chunks
		}
		if err := l.addChunk(id, terms, vector); err != nil {
			return fmt.Errorf("chunk key %d: %w", key.Int64, err)
		}
	}
	return rows.Err()
}

func (l *loader) addChunk(id, terms, vector []byte) error {
	if len(id) != 16 {
		return fmt.Errorf("id of %d bytes: %w", len(id), retriever.ErrCorrupt)
	}
	chunk := l.builder.addChunk([16]byte(id), 0, vector != nil)
	length, err := decodeTerms(terms, func(term []byte, count uint16) { l.builder.addTerm(chunk, term, count) })
	if err != nil {
		return err
	}
	l.builder.lengths[chunk] = length
	if vector == nil {
		return nil
	}
	if err := decodeVectorInto(l.vector, vector); err != nil {
		return err
	}
	l.builder.setVector(chunk, l.vector)
	return nil
}
