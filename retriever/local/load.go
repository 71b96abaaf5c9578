package local

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"ragway/retriever"
)

// loadColumns are the columns that loading scans, over documents d and chunk_index x.
var loadColumns = fmt.Sprintf(`SELECT d.row, d.bytes, d.tenant, d.acl, d.metadata, x.key, x.id, x.terms, x.vector
	FROM documents d LEFT JOIN chunk_index x ON x.key BETWEEN d.row << %d AND (d.row << %d) + %d `, chunkBits, chunkBits, maxDocChunks-1)

// loadAll builds the segments of a whole collection.
func (s *Store) loadAll(ctx context.Context, tx *sql.Tx, c *collection) ([]*segment, error) {
	l := s.newLoader(c)
	rows, err := tx.QueryContext(ctx, loadColumns+`WHERE d.collection = ? ORDER BY d.row, x.key`, c.row)
	if err != nil {
		return nil, err
	}
	return l.finish(l.scan(rows))
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
	most      int // chunks of a segment
	builder   *segmentBuilder
	last      int64 // row of the document being added
	segments  []*segment
	vector    retriever.Vector // reused
}

func (s *Store) newLoader(c *collection) *loader {
	l := &loader{dimension: c.settings.Fingerprint.Dimension, params: bm25{s.opts.K1, s.opts.B}, most: s.opts.segmentChunks}
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
		l.segments = append(l.segments, l.builder.build())
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
		if err := rows.Scan(&d.row, &d.bytes, &d.tenant, &acl, &metadata, &key, &id, &terms, &vector); err != nil {
			return err
		}
		if d.row != l.last {
			if l.builder.chunks() >= l.most {
				l.cut()
			}
			if err := decodeJSON(acl, &d.acl); err != nil {
				return fmt.Errorf("access list of document row %d: %w", d.row, err)
			}
			if err := decodeJSON(metadata, &d.metadata); err != nil {
				return fmt.Errorf("metadata of document row %d: %w", d.row, err)
			}
			l.builder.addDocument(d)
			l.last = d.row
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
