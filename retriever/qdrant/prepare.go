package qdrant

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"ragway/retriever"
	"ragway/retriever/text"
)

// prepared is a checked document with its terms.
type prepared struct {
	retriever.Upsert
	terms []termCounts // one a chunk
}

// prepare checks documents and counts their terms. It returns those before the first bad
// one, and what is wrong with that.
func prepare(h head, docs []retriever.Upsert) ([]prepared, error) {
	analyzer := text.For(h.collection.Language)
	ready := make([]prepared, 0, len(docs))
	for _, u := range docs {
		if err := check(h, &u); err != nil {
			return ready, fmt.Errorf("document %q: %w", u.Document.URI, err)
		}
		p := prepared{Upsert: u, terms: make([]termCounts, len(u.Chunks))}
		for i, c := range u.Chunks {
			p.terms[i] = countTerms(c.Terms(analyzer))
		}
		ready = append(ready, p)
	}
	return ready, nil
}

// check refuses what the server would take and then answer wrongly with, or would refuse
// together with the rest of the batch.
func check(h head, u *retriever.Upsert) error {
	d := &u.Document
	if d.Collection != h.collection.Name || d.ID != retriever.DocumentID(d.Collection, d.Tenant, d.URI) || d.Version == "" || d.Chunks != len(u.Chunks) {
		return fmt.Errorf("not sealed for collection %q", h.collection.Name)
	}
	if err := checkStrings(d); err != nil {
		return err
	}
	if err := u.CheckSpace(h.collection.Fingerprint); err != nil {
		return err
	}
	for i := range u.Chunks {
		c := &u.Chunks[i]
		if c.ID != retriever.ChunkID(d.ID, d.Version, i) || c.Ordinal != i {
			return fmt.Errorf("chunk %d: not sealed", i)
		}
		if !utf8.ValidString(c.Text) || !utf8.ValidString(c.Context) || !allValid(c.Headings) {
			return fmt.Errorf("chunk %d: text is not UTF-8", i)
		}
		if c.Vector == nil {
			continue
		}
		if err := c.Vector.Check(h.collection.Fingerprint.Dimension); err != nil {
			return fmt.Errorf("chunk %d: %w", i, err)
		}
		if len(c.Vector) == 0 {
			return fmt.Errorf("chunk %d: empty vector: %w", i, retriever.ErrBadVector)
		}
	}
	return nil
}

func checkStrings(d *retriever.Document) error {
	if !allValid([]string{d.Tenant, d.URI, d.RecordID, d.Title, d.MIME, d.URL, d.Hash, d.Pipeline, d.Version}) || !allValid(d.ACL) {
		return fmt.Errorf("title, link or access list is not UTF-8: %w", retriever.ErrBadMetadata)
	}
	for key, v := range d.Metadata {
		values, isList := v.([]any)
		if !isList {
			values = []any{v}
		}
		for _, v := range append(values, key) {
			if s, ok := v.(string); ok && !utf8.ValidString(s) {
				return fmt.Errorf("metadata %q is not UTF-8: %w", key, retriever.ErrBadMetadata)
			}
		}
	}
	return nil
}

func allValid(values []string) bool {
	return !slices.ContainsFunc(values, func(s string) bool { return !utf8.ValidString(s) })
}

// extendSchema makes the new fields of the documents filterable, before any document with
// them is written. It cuts off the documents from the first that contradicts the schema.
func (s *Store) extendSchema(ctx context.Context, h head, ready []prepared, bad error) (head, []prepared, error, error) {
	for {
		schema, n, err := extend(h.schema, ready)
		if err != nil {
			ready, bad = ready[:n], err
		}
		actual, err := s.addFields(ctx, h.physical, h.schema, schema)
		if err != nil {
			return h, nil, nil, err
		}
		h.schema = actual
		if agree(actual, schema) {
			return h, ready, bad, s.createIndexes(ctx, h.physical, dateIndexes(h, ready))
		}
	}
}

func extend(schema retriever.Schema, ready []prepared) (retriever.Schema, int, error) {
	for i := range ready {
		next, _, err := schema.Extend(ready[i].Document.Metadata)
		if err != nil {
			return schema, i, fmt.Errorf("document %q: %w", ready[i].Document.URI, err)
		}
		schema = next
	}
	return schema, len(ready), nil
}

func agree(have, want retriever.Schema) bool {
	for key, t := range want {
		if have[key] != t {
			return false
		}
	}
	return true
}

// chooseAverage fixes the average length at the collection's first chunks.
func (s *Store) chooseAverage(ctx context.Context, h head, ready []prepared) (head, error) {
	if h.averageLength > 0 || !slices.ContainsFunc(ready, func(p prepared) bool { return len(p.Chunks) > 0 }) {
		return h, nil
	}
	err := s.exclusively(ctx, "collection/"+h.collection.Name, func(ctx context.Context) error {
		now, err := s.readHead(ctx, h.name)
		if err != nil {
			return err
		}
		if h.averageLength = now.averageLength; h.averageLength > 0 {
			return nil
		}
		h.averageLength = averageLength(ready)
		return s.setMetadata(ctx, h, payload{metaAverage: h.averageLength})
	})
	return h, err
}
