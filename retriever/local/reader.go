package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"ragway/retriever"
)

// statements are the prepared statements of the read pool.
type statements struct {
	seq, counts, load        *sql.Stmt
	named, page              *sql.Stmt
	documents, chunks, whole *sql.Stmt
	rows                     *sql.Stmt
}

const (
	documentColumns = `row, id, tenant, uri, record_id, title, mime, url, hash, size, mod_time, metadata, acl, pipeline, version, chunks, updated_at`
	chunkColumns    = `c.key, c.id, c.text, c.context, c.headings, c.span_start, c.span_end, c.page, c.tokens`
)

func prepareStatements(ctx context.Context, db *sql.DB) (*statements, error) {
	s := &statements{}
	for _, p := range []struct {
		into  **sql.Stmt
		query string
	}{
		{&s.seq, `SELECT coalesce(max(seq), 0) FROM changes`},
		{&s.counts, `SELECT documents, chunks, vectors, bytes, last_ingest FROM collections WHERE row = ?`},
		{&s.load, loadColumns + `WHERE d.row = ? AND d.collection = ? ORDER BY x.key`},
		{&s.named, `SELECT n.name, d.row FROM documents d JOIN collections n ON n.row = d.collection WHERE d.id = ? AND n.` + notDropped},
		{&s.page, `SELECT ` + documentColumns + ` FROM documents WHERE collection = ? AND id > ? ORDER BY id LIMIT ?`},
		{&s.rows, `SELECT row FROM documents WHERE collection = ? AND id IN (SELECT value FROM json_each(?))`},
		{&s.documents, `SELECT ` + documentColumns + ` FROM documents WHERE row IN (SELECT value FROM json_each(?))`},
		{&s.chunks, `SELECT ` + chunkColumns + ` FROM chunks c WHERE c.key IN (SELECT value FROM json_each(?))`},
		{&s.whole, `SELECT ` + chunkColumns + `, x.vector FROM chunks c JOIN chunk_index x ON x.key = c.key WHERE c.key BETWEEN ? AND ? ORDER BY c.key`},
	} {
		var err error
		if *p.into, err = db.PrepareContext(ctx, p.query); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// documentRow is a row of documentColumns on its way to a retriever.Document.
type documentRow struct {
	row                               int64
	document                          retriever.Document
	metadata, acl, modTime, updatedAt string
}

func (r *documentRow) targets() []any {
	d := &r.document
	return []any{&r.row, &d.ID, &d.Tenant, &d.URI, &d.RecordID, &d.Title, &d.MIME, &d.URL, &d.Hash, &d.Size, &r.modTime,
		&r.metadata, &r.acl, &d.Pipeline, &d.Version, &d.Chunks, &r.updatedAt}
}

func (r *documentRow) decode(collection string) (retriever.Document, error) {
	d := r.document
	d.Collection = collection
	var err error
	if d.ModTime, err = parseTime(r.modTime); err != nil {
		return d, err
	}
	if d.UpdatedAt, err = parseTime(r.updatedAt); err != nil {
		return d, err
	}
	if err := decodeJSON(r.metadata, &d.Metadata); err != nil {
		return d, err
	}
	return d, decodeJSON(r.acl, &d.ACL)
}

// scanChunk reads a row of chunkColumns, and of more columns if there are targets.
func scanChunk(rows *sql.Rows, more ...any) (key int64, c retriever.Chunk, err error) {
	var headings string
	targets := append([]any{&key, &c.ID, &c.Text, &c.Context, &headings, &c.Span.Start, &c.Span.End, &c.Page, &c.Tokens}, more...)
	if err := rows.Scan(targets...); err != nil {
		return 0, c, err
	}
	c.Ordinal = int(key & (maxDocChunks - 1))
	return key, c, decodeJSON(headings, &c.Headings)
}

func (s *Store) readDocuments(ctx context.Context, tx *sql.Tx, collection string, rowIDs []int64) (map[int64]retriever.Document, error) {
	rows, err := queryList(ctx, tx, s.stmts.documents, rowIDs)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[int64]retriever.Document, len(rowIDs))
	for rows.Next() {
		var r documentRow
		if err := rows.Scan(r.targets()...); err != nil {
			return nil, err
		}
		if out[r.row], err = r.decode(collection); err != nil {
			return nil, fmt.Errorf("document row %d: %w", r.row, err)
		}
	}
	return out, rows.Err()
}

func (s *Store) readChunks(ctx context.Context, tx *sql.Tx, keys []int64) (map[int64]retriever.Chunk, error) {
	rows, err := queryList(ctx, tx, s.stmts.chunks, keys)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[int64]retriever.Chunk, len(keys))
	for rows.Next() {
		key, c, err := scanChunk(rows)
		if err != nil {
			return nil, err
		}
		out[key] = c
	}
	return out, rows.Err()
}

// documentRows are the rows of the collection's documents of these IDs; it leaves out those
// that are not there.
func (s *Store) documentRows(ctx context.Context, tx *sql.Tx, c *collection, ids []string) ([]int64, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := tx.StmtContext(ctx, s.stmts.rows).QueryContext(ctx, c.row, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var row int64
		if err := rows.Scan(&row); err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// queryList runs a statement whose one parameter is a JSON array: one prepared statement
// for lists of every length.
func queryList(ctx context.Context, tx *sql.Tx, stmt *sql.Stmt, list []int64) (*sql.Rows, error) {
	data, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	return tx.StmtContext(ctx, stmt).QueryContext(ctx, string(data))
}

func (s *Store) Document(ctx context.Context, scope retriever.Scope, id string) (document retriever.Document, chunks []retriever.Chunk, err error) {
	err = s.db.view(ctx, func(tx *sql.Tx) error {
		row, collection, err := s.findDocument(ctx, tx, scope, id)
		if err != nil {
			return err
		}
		found, err := s.readDocuments(ctx, tx, collection, []int64{row})
		if err != nil {
			return err
		}
		var ok bool
		if document, ok = found[row]; !ok || !scope.Allows(document) {
			return retriever.ErrDocumentNotFound
		}
		chunks, err = s.chunksOf(ctx, tx, row, id)
		return err
	})
	if err != nil {
		return retriever.Document{}, nil, wrap("document", err)
	}
	return document, chunks, nil
}

// findDocument is the row of the document of this ID in the one collection of the scope
// that has it, and the name that its documents give that collection.
func (s *Store) findDocument(ctx context.Context, tx *sql.Tx, scope retriever.Scope, id string) (row int64, collection string, err error) {
	rows, err := tx.StmtContext(ctx, s.stmts.named).QueryContext(ctx, id)
	if err != nil {
		return 0, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name, &row); err != nil {
			return 0, "", err
		}
		if scope.AllowsByID(name) {
			collection, _ = retriever.ServedName(name)
			return row, collection, nil
		}
	}
	return 0, "", errors.Join(rows.Err(), retriever.ErrDocumentNotFound)
}

func (s *Store) chunksOf(ctx context.Context, tx *sql.Tx, row int64, document string) ([]retriever.Chunk, error) {
	rows, err := tx.StmtContext(ctx, s.stmts.whole).QueryContext(ctx, row<<chunkBits, row<<chunkBits|(maxDocChunks-1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []retriever.Chunk
	for rows.Next() {
		var vector sql.RawBytes
		_, c, err := scanChunk(rows, &vector)
		if err != nil {
			return nil, err
		}
		if c.Vector, err = decodeVector(vector); err != nil {
			return nil, err
		}
		c.DocumentID = document
		out = append(out, c)
	}
	return out, rows.Err()
}

// documentPage is how many documents one read of a listing takes.
const documentPage = 256

// Documents reads page by page, so that a caller that takes its time between two
// documents holds no transaction.
func (s *Store) Documents(ctx context.Context, scope retriever.Scope, name, prefix string) iter.Seq2[retriever.Document, error] {
	return func(yield func(retriever.Document, error) bool) {
		var c *collection
		err := s.read(ctx, func(tx *sql.Tx, v *view) (err error) {
			c, err = s.known(ctx, tx, v, scope, name)
			return err
		})
		if err != nil {
			yield(retriever.Document{}, wrap("documents", err))
			return
		}
		for after, more := "", true; more; {
			var page []retriever.Document
			page, after, more, err = s.documentPage(ctx, c, after, prefix)
			if err != nil {
				yield(retriever.Document{}, wrap("documents", err))
				return
			}
			for _, d := range page {
				if scope.Allows(d) && !yield(d, nil) {
					return
				}
			}
		}
	}
}

// documentPage reads the next documents after an ID, keeps those with the prefix, and
// returns the last ID it read.
func (s *Store) documentPage(ctx context.Context, c *collection, after, prefix string) (page []retriever.Document, last string, more bool, err error) {
	err = s.db.view(ctx, func(tx *sql.Tx) error {
		rows, err := tx.StmtContext(ctx, s.stmts.page).QueryContext(ctx, c.row, after, documentPage)
		if err != nil {
			return err
		}
		defer rows.Close()
		n := 0
		for ; rows.Next(); n++ {
			var r documentRow
			if err := rows.Scan(r.targets()...); err != nil {
				return err
			}
			last = r.document.ID
			if !strings.HasPrefix(r.document.URI, prefix) {
				continue
			}
			d, err := r.decode(c.settings.Name)
			if err != nil {
				return fmt.Errorf("document %s: %w", d.ID, err)
			}
			page = append(page, d)
		}
		more = n == documentPage
		return rows.Err()
	})
	return page, last, more, err
}
