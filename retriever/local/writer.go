package local

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// Bounds of one transaction, so that a large Put neither holds the lock for long nor
// fills the log.
const (
	commitDocuments = 512
	commitChunks    = 4096
)

func (s *Store) Put(ctx context.Context, collection string, docs []retriever.Upsert) (stored int, err error) {
	if len(docs) == 0 {
		_, err := s.collection(ctx, collection)
		return 0, wrap("put", err)
	}
	for stored < len(docs) {
		n, err := s.putSome(ctx, collection, docs[stored:commitEnd(docs, stored)])
		stored += n
		if errors.Is(err, errReplaced) {
			continue
		}
		if err != nil {
			return stored, wrap("put", err)
		}
	}
	return stored, nil
}

// commitEnd is where the transaction ends that starts with docs[from].
func commitEnd(docs []retriever.Upsert, from int) int {
	end, chunks := from, 0
	for end < len(docs) && end-from < commitDocuments && (end == from || chunks+len(docs[end].Chunks) <= commitChunks) {
		chunks += len(docs[end].Chunks)
		end++
	}
	return end
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// putSome stores docs in one transaction, the longest prefix of them that is in order.
func (s *Store) putSome(ctx context.Context, name string, docs []retriever.Upsert) (stored int, err error) {
	c, err := s.collection(ctx, name)
	if err != nil {
		return 0, err
	}
	ready, stopped := prepare(ctx, c, docs)
	if stopped != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	var refused error
	err = s.db.update(ctx, func(tx *sql.Tx) error {
		w, err := s.newWriting(ctx, tx, c)
		if err != nil {
			return err
		}
		stored, refused = 0, nil
		for _, p := range ready {
			if refused = w.admit(p.document); refused != nil {
				break
			}
			if err := w.put(p, s.now()); err != nil {
				return fmt.Errorf("document %s: %w", p.document.URI, err)
			}
			stored++
		}
		if stored == 0 {
			return nil
		}
		return w.finish()
	})
	if err != nil {
		return 0, err
	}
	if stored > 0 {
		for _, p := range ready[:stored] {
			s.unsealed.Add(int64(len(p.chunks)))
		}
		s.changed()
	}
	if refused != nil {
		return stored, refused
	}
	return stored, stopped
}

// collection reads one collection's settings.
func (s *Store) collection(ctx context.Context, name string) (c *collection, err error) {
	err = s.db.view(ctx, func(tx *sql.Tx) error {
		all, err := readCollections(ctx, tx)
		if err != nil {
			return err
		}
		if c = all[name]; c == nil {
			return notFound(name)
		}
		return nil
	})
	return c, err
}

func (s *Store) Delete(ctx context.Context, collection string, ids []string) (deleted int, err error) {
	for {
		if deleted, err = s.delete(ctx, collection, ids); !errors.Is(err, errReplaced) {
			return deleted, wrap("delete", err)
		}
	}
}

func (s *Store) delete(ctx context.Context, collection string, ids []string) (deleted int, err error) {
	c, err := s.collection(ctx, collection)
	if err != nil {
		return 0, err
	}
	err = s.db.update(ctx, func(tx *sql.Tx) error {
		w, err := s.newWriting(ctx, tx, c)
		if err != nil {
			return err
		}
		deleted = 0
		for _, id := range ids {
			old, err := w.find(id)
			if err != nil {
				return err
			}
			if old.row == 0 {
				continue
			}
			if err := w.remove(old); err != nil {
				return err
			}
			deleted++
		}
		if deleted == 0 {
			return nil
		}
		return w.finish()
	})
	if err != nil {
		return 0, err
	}
	s.changed()
	return deleted, nil
}

// writing is one transaction on one collection's documents.
type writing struct {
	*Store
	ctx        context.Context
	tx         *sql.Tx
	collection int64
	schema     retriever.Schema
	lastIngest time.Time
	extended   bool
	counts     counts // what the transaction adds
	insert     [3]*sql.Stmt
}

// counts are kept with the collection, so that asking for them reads no documents.
type counts struct{ documents, chunks, vectors, bytes int64 }

// errReplaced says that the collection's name means another one than when it was read.
var errReplaced = errors.New("collection was replaced")

func (s *Store) newWriting(ctx context.Context, tx *sql.Tx, c *collection) (*writing, error) {
	w := &writing{Store: s, ctx: ctx, tx: tx, collection: c.row}
	var row int64
	var schema []byte
	var lastIngest string
	err := tx.QueryRowContext(ctx, `SELECT row, schema, last_ingest FROM collections WHERE name = ?`, c.name).Scan(&row, &schema, &lastIngest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, notFound(c.name)
	case err != nil:
		return nil, err
	case row != c.row:
		return nil, errReplaced
	}
	if w.lastIngest, err = parseTime(lastIngest); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(schema, &w.schema); err != nil {
		return nil, fmt.Errorf("schema: %w: %w", retriever.ErrCorrupt, err)
	}
	for i, statement := range []string{
		`INSERT INTO documents (collection, id, tenant, uri, record_id, title, mime, url, hash, size, mod_time, metadata, acl,
			pipeline, version, chunks, vectors, bytes, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		`INSERT INTO chunks (key, id, text, context, headings, span_start, span_end, page, tokens) VALUES (?,?,?,?,?,?,?,?,?)`,
		`INSERT INTO chunk_index (key, id, terms, vector) VALUES (?,?,?,?)`,
	} {
		var err error
		if w.insert[i], err = tx.PrepareContext(ctx, statement); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// admit extends the schema by the document's fields, or refuses it.
func (w *writing) admit(d retriever.Document) error {
	schema, added, err := w.schema.Extend(d.Metadata)
	if err != nil {
		return fmt.Errorf("document %s: %w", d.URI, err)
	}
	w.schema, w.extended = schema, w.extended || len(added) > 0
	return nil
}

// stored is what the collection has under a document's ID; row 0: nothing.
type stored struct {
	row     int64
	version string
	counts  counts
}

func (w *writing) find(id string) (old stored, err error) {
	err = w.tx.QueryRowContext(w.ctx, `SELECT row, version, chunks, vectors, bytes FROM documents WHERE id = ? AND collection = ?`, id, w.collection).
		Scan(&old.row, &old.version, &old.counts.chunks, &old.counts.vectors, &old.counts.bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return stored{}, nil
	}
	return old, err
}

func (w *writing) put(p prepared, now string) error {
	old, err := w.find(p.document.ID)
	if err != nil {
		return err
	}
	if old.row != 0 && old.version == p.document.Version {
		_, err := w.tx.ExecContext(w.ctx, `UPDATE documents SET updated_at = max(updated_at, ?) WHERE row = ?`, now, old.row)
		return err
	}
	if old.row != 0 {
		if err := w.remove(old); err != nil {
			return err
		}
	}
	return w.add(p, now)
}

func (w *writing) add(p prepared, now string) error {
	d := p.document
	result, err := w.insert[0].ExecContext(w.ctx, w.collection, d.ID, d.Tenant, d.URI, d.RecordID, d.Title, d.MIME, d.URL, d.Hash,
		d.Size, formatTime(d.ModTime), p.metadata, p.acl, d.Pipeline, d.Version, d.Chunks, p.vectors, p.bytes, now)
	if err != nil {
		return err
	}
	row, err := result.LastInsertId()
	if err != nil {
		return err
	}
	for i, c := range p.chunks {
		key := row<<chunkBits | int64(i)
		if _, err := w.insert[1].ExecContext(w.ctx, key, c.chunk.ID, c.chunk.Text, c.chunk.Context, c.headings,
			c.chunk.Span.Start, c.chunk.Span.End, c.chunk.Page, c.chunk.Tokens); err != nil {
			return err
		}
		if _, err := w.insert[2].ExecContext(w.ctx, key, c.id[:], c.terms, c.vector); err != nil {
			return err
		}
	}
	w.counts.documents++
	w.counts.chunks += int64(len(p.chunks))
	w.counts.vectors += int64(p.vectors)
	w.counts.bytes += p.bytes
	return w.logChange(w.ctx, w.tx, documentAdded, w.collection, row)
}

// erase removes a document's rows and tells nobody.
func erase(ctx context.Context, tx *sql.Tx, row int64) error {
	low, high := row<<chunkBits, row<<chunkBits|(maxDocChunks-1)
	for _, statement := range []string{`DELETE FROM chunks WHERE key BETWEEN ? AND ?`, `DELETE FROM chunk_index WHERE key BETWEEN ? AND ?`} {
		if _, err := tx.ExecContext(ctx, statement, low, high); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM documents WHERE row = ?`, row)
	return err
}

func (w *writing) remove(old stored) error {
	if err := erase(w.ctx, w.tx, old.row); err != nil {
		return err
	}
	w.counts.documents--
	w.counts.chunks -= old.counts.chunks
	w.counts.vectors -= old.counts.vectors
	w.counts.bytes -= old.counts.bytes
	return w.logChange(w.ctx, w.tx, documentRemoved, w.collection, old.row)
}

// finish writes what belongs to the collection as a whole. Its last ingest moves on with
// every transaction, also when the clock stands still or goes back: by it others see that
// something has changed.
func (w *writing) finish() error {
	now := w.opts.Now()
	if !now.After(w.lastIngest) {
		now = w.lastIngest.Add(1)
	}
	_, err := w.tx.ExecContext(w.ctx, `UPDATE collections SET documents = documents + ?, chunks = chunks + ?, vectors = vectors + ?,
		bytes = bytes + ?, last_ingest = ? WHERE row = ?`,
		w.counts.documents, w.counts.chunks, w.counts.vectors, w.counts.bytes, formatTime(now), w.collection)
	if err != nil || !w.extended {
		return err
	}
	schema, err := json.Marshal(w.schema)
	if err != nil {
		return err
	}
	if _, err := w.tx.ExecContext(w.ctx, `UPDATE collections SET schema = ? WHERE row = ?`, schema, w.collection); err != nil {
		return err
	}
	return w.logChange(w.ctx, w.tx, collectionChanged, w.collection, 0)
}
