package retriever

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
)

const (
	// wholeDocuments bounds the hits of Full: each is a source to cite.
	wholeDocuments = 50
	// wholeChunks bounds what Full reads before it knows the tokens.
	wholeChunks = 4096
)

// whole returns the query's documents as one hit each, ordered by collection and URI. It
// reports false when they do not all fit the token budget.
func (e *Engine) whole(ctx context.Context, q Query, spaces []space) (hits []Hit, fit bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, e.opt.StoreTimeout)
	defer cancel()
	documents, fit, err := e.documents(ctx, q, spaces)
	if err != nil || !fit {
		return nil, false, err
	}
	tokens := 0
	for _, d := range documents {
		h, ok, err := e.wholeDocument(ctx, q.Scope, d)
		if err != nil || !ok {
			return nil, false, err
		}
		if tokens += h.Chunk.Tokens; q.TokenBudget > 0 && tokens > q.TokenBudget {
			return nil, false, nil
		}
		hits = append(hits, h)
	}
	return hits, true, nil
}

// documents lists what the query is about, unless it is too much.
func (e *Engine) documents(ctx context.Context, q Query, spaces []space) (out []Document, fit bool, err error) {
	chunks, now := 0, e.opt.Now()
	for _, s := range spaces {
		if err := e.validate(ctx, q, s); err != nil {
			return nil, false, err
		}
		from := len(out)
		for d, err := range e.listed(ctx, q, s.name) {
			if err != nil {
				return nil, false, err
			}
			if d.Chunks == 0 || !q.Filter.Match(d.Metadata) || !validAt(d.Metadata, now) {
				continue
			}
			out = append(out, d)
			if chunks += d.Chunks; chunks > wholeChunks || len(out) > wholeDocuments {
				return nil, false, nil
			}
		}
		slices.SortFunc(out[from:], func(a, b Document) int { return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.ID, b.ID)) })
	}
	return out, true, nil
}

// listed are the documents of a collection, those that the query names if it names any.
func (e *Engine) listed(ctx context.Context, q Query, collection string) iter.Seq2[Document, error] {
	if len(q.Documents) == 0 {
		return e.opt.Store.Documents(ctx, q.Scope, collection, "")
	}
	return func(yield func(Document, error) bool) {
		for _, id := range q.Documents {
			d, _, err := e.opt.Store.Document(ctx, q.Scope, id)
			if errors.Is(err, ErrDocumentNotFound) || err == nil && d.Collection != collection {
				continue
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// validate lets the store refuse a filter that does not fit, as it does in a search.
func (e *Engine) validate(ctx context.Context, q Query, s space) error {
	if q.Filter == nil {
		return nil
	}
	_, err := e.opt.Store.Candidates(ctx, CandidateQuery{Collection: s.name, Scope: q.Scope, Filter: q.Filter, Depth: 1, Bare: true})
	return err
}

// wholeDocument is false when the document was replaced meanwhile.
func (e *Engine) wholeDocument(ctx context.Context, scope Scope, d Document) (Hit, bool, error) {
	ids := make([]string, d.Chunks)
	for i := range ids {
		ids[i] = ChunkID(d.ID, d.Version, i)
	}
	found, err := e.opt.Store.Passages(ctx, scope, d.Collection, ids)
	if err != nil || len(found) != len(ids) {
		return Hit{}, false, err
	}
	chunks := make([]Chunk, len(found))
	for i, p := range found {
		chunks[i] = p.Chunk
	}
	h := Hit{Passage: found[0], Score: 1, Relevance: 1}
	if len(chunks) > 1 {
		h.Chunk, h.Merged = joinChunks(chunks[0], chunks)
		h.Chunk.Headings = nil
	}
	return h, true, nil
}
