package ingest

import (
	"context"

	"ragway/retriever"
)

// recall gives the chunks of p the vectors that the store has of the same texts: in the
// version that p replaces, and in a document of the same bytes under another URI. So a
// renamed file, a changed paragraph or another way of cutting costs the embedding of what
// is new, on any machine. What the store cannot tell is embedded.
//
// A static table is faster than the store and is not spared.
func (r *run) recall(ctx context.Context, p *pending) {
	if r.embedder == nil || r.made.IsStatic() || r.held.IsZero() {
		return
	}
	vectors := map[string]retriever.Vector{}
	for _, id := range r.kin(p) {
		doc, chunks, err := r.e.o.Store.Document(ctx, r.e.o.Scope, id)
		if err != nil || doc.Collection != r.e.o.Collection {
			continue
		}
		for _, c := range chunks {
			if c.Vector != nil {
				vectors[c.Indexed()] = c.Vector
			}
		}
	}
	if len(vectors) == 0 {
		return
	}
	p.todo = p.todo[:0]
	for i := range p.up.Chunks {
		c := &p.up.Chunks[i]
		if c.Vector = vectors[c.Indexed()]; c.Vector == nil {
			p.todo = append(p.todo, i)
		}
	}
}

// kin are the stored documents that may have texts in common with p.
func (r *run) kin(p *pending) (ids []string) {
	if p.entry.stored {
		ids = append(ids, p.entry.DocumentID)
	}
	if twin := r.plan.holders[p.up.Document.Hash]; twin != "" && twin != p.entry.DocumentID {
		ids = append(ids, twin)
	}
	return ids
}
