package local

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"ragway/retriever"
	"ragway/retriever/text"
)

// prepared is a document encoded for the file, ready before the write lock is taken.
type prepared struct {
	document retriever.Document
	metadata string
	acl      string
	chunks   []preparedChunk
	vectors  int
	bytes    int64
}

type preparedChunk struct {
	chunk    retriever.Chunk
	id       uuid.UUID
	headings string
	terms    []byte
	vector   []byte
}

// prepare encodes the longest prefix of docs that is in order, with what stopped it.
func prepare(ctx context.Context, c *collection, docs []retriever.Upsert) ([]prepared, error) {
	analyzer := text.For(c.settings.Language)
	out := make([]prepared, 0, len(docs))
	for _, u := range docs {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		p, err := prepareOne(c, analyzer, u)
		if err != nil {
			return out, fmt.Errorf("document %s: %w", u.Document.URI, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func prepareOne(c *collection, analyzer *text.Analyzer, u retriever.Upsert) (p prepared, err error) {
	if err := checkSealed(c, u); err != nil {
		return p, err
	}
	if err := u.CheckSpace(c.settings.Fingerprint); err != nil {
		return p, err
	}
	p.document = u.Document
	if p.document.Metadata, err = u.Document.Metadata.Check(); err != nil {
		return p, err
	}
	if p.metadata, err = encodeJSON(len(p.document.Metadata), p.document.Metadata); err != nil {
		return p, err
	}
	if p.acl, err = encodeJSON(len(u.Document.ACL), u.Document.ACL); err != nil {
		return p, err
	}
	p.chunks = make([]preparedChunk, len(u.Chunks))
	for i, chunk := range u.Chunks {
		if p.chunks[i], err = prepareChunk(c, analyzer, chunk); err != nil {
			return p, fmt.Errorf("chunk %d: %w", i, err)
		}
		p.bytes += int64(len(chunk.Text))
		if chunk.Vector != nil {
			p.vectors++
		}
	}
	return p, nil
}

// checkSealed refuses what the ids in the file would not bear out.
func checkSealed(c *collection, u retriever.Upsert) error {
	d := u.Document
	switch {
	case d.Collection != c.settings.Name:
		return fmt.Errorf("it is of collection %q, not %q", d.Collection, c.settings.Name)
	case d.Tenant == "" || d.ID != retriever.DocumentID(d.Collection, d.Tenant, d.URI):
		return fmt.Errorf("id %q is not that of its collection, tenant and URI", d.ID)
	case len(u.Chunks) != d.Chunks || len(u.Chunks) > maxDocChunks:
		return fmt.Errorf("%d chunks, the document says %d, at most %d", len(u.Chunks), d.Chunks, maxDocChunks)
	case !d.ModTime.IsZero() && (d.ModTime.Year() < 0 || d.ModTime.Year() > 9999):
		return fmt.Errorf("modification time %v", d.ModTime)
	}
	for i, chunk := range u.Chunks {
		if chunk.Ordinal != i || chunk.DocumentID != d.ID || chunk.ID != retriever.ChunkID(d.ID, d.Version, i) {
			return fmt.Errorf("chunk %d is not sealed", i)
		}
	}
	return nil
}

func prepareChunk(c *collection, analyzer *text.Analyzer, chunk retriever.Chunk) (p preparedChunk, err error) {
	if chunk.Vector != nil {
		if err := chunk.Vector.Check(c.settings.Fingerprint.Dimension); err != nil {
			return p, err
		}
	}
	if p.id, err = uuid.Parse(chunk.ID); err != nil {
		return p, err
	}
	if p.headings, err = encodeJSON(len(chunk.Headings), chunk.Headings); err != nil {
		return p, err
	}
	p.chunk, p.vector, p.terms = chunk, encodeVector(chunk.Vector), encodeTerms(chunk.Terms(analyzer))
	return p, nil
}

// encodeJSON is "" for what has no elements.
func encodeJSON(n int, v any) (string, error) {
	if n == 0 {
		return "", nil
	}
	data, err := json.Marshal(v)
	return string(data), err
}

func decodeJSON[T any](s string, v *T) error {
	if s == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(s), v); err != nil {
		return fmt.Errorf("%w: %w", retriever.ErrCorrupt, err)
	}
	return nil
}
