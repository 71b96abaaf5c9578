package local

import (
	"bytes"
	"context"
	"database/sql"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"ragway/retriever"
	"ragway/retriever/text"
)

func (s *Store) Candidates(ctx context.Context, q retriever.CandidateQuery) (set retriever.CandidateSet, err error) {
	err = s.read(ctx, func(tx *sql.Tx, v *view) error {
		set = retriever.CandidateSet{}
		if _, err := s.known(ctx, tx, v, q.Scope, q.Collection); err != nil {
			return err
		}
		c, err := s.loaded(ctx, tx, v, q.Collection)
		if err != nil {
			return err
		}
		defer runtime.KeepAlive(c) // for its segments, see segment
		if err := checkQuery(c, q); err != nil {
			return err
		}
		masks := c.index.masks(q.Scope, q.Filter)
		if len(q.Documents) > 0 {
			rows, err := s.documentRows(ctx, tx, c, q.Documents)
			if err != nil {
				return err
			}
			c.index.restrict(masks, rows)
		}
		var found []candidate
		if found, set.Background, err = c.index.search(ctx, text.For(c.settings.Language), q, masks); err != nil {
			return err
		}
		set.Candidates, err = s.fill(ctx, tx, c, found, q.Bare)
		return err
	})
	if err != nil {
		return retriever.CandidateSet{}, wrap("candidates", err)
	}
	return set, nil
}

func checkQuery(c *collection, q retriever.CandidateQuery) error {
	if err := q.CheckVector(c.settings.Fingerprint); err != nil {
		return err
	}
	return q.Filter.Validate(c.schema, func() []string { return c.index.fields(q.Scope) })
}

// candidate is a chunk of the union, before its texts are read.
type candidate struct {
	ref            chunkRef
	lexical, dense retriever.Leg
	coverage       float64
}

// search finds both lists and completes the scores of their union, ordered by chunk ID.
// masks has one mask a part.
func (x *index) search(ctx context.Context, analyzer *text.Analyzer, q retriever.CandidateQuery, masks []bitset) (found []candidate, background retriever.Distribution, err error) {
	depth := max(1, q.Depth)
	var lex *lexical
	union := map[chunkRef]*candidate{}
	if terms := analyzer.QueryTerms(q.Text); len(terms) > 0 {
		lex = x.newLexical(terms)
		best := newTop(x, depth)
		for i := range x.parts {
			if err := lex.search(ctx, x, i, masks[i], best); err != nil {
				return nil, background, err
			}
		}
		join(union, best.sorted(), func(c *candidate) *retriever.Leg { return &c.lexical })
	}
	var dense *denseQuery
	if q.Vector != nil {
		dense = x.newDenseQuery(q.Vector, depth)
		best, err := x.nearest(ctx, dense, masks)
		if err != nil {
			return nil, background, err
		}
		join(union, best, func(c *candidate) *retriever.Leg { return &c.dense })
		background = x.background(dense.exact)
	}
	return x.completed(union, lex, dense), background, nil
}

// join adds a ranked list to the union.
func join(union map[chunkRef]*candidate, list []scored, leg func(*candidate) *retriever.Leg) {
	for i, item := range list {
		c := union[item.ref]
		if c == nil {
			c = &candidate{ref: item.ref}
			union[item.ref] = c
		}
		*leg(c) = retriever.Leg{Score: item.score, Rank: i + 1, Known: true}
	}
}

// completed gives each candidate the scores that its lists did not.
func (x *index) completed(union map[chunkRef]*candidate, lex *lexical, dense *denseQuery) []candidate {
	out := make([]candidate, 0, len(union))
	for ref, c := range union {
		p := x.parts[ref.part]
		if lex != nil {
			c.lexical.Score, c.coverage = lex.score(p, int(ref.part), ref.chunk)
			c.lexical.Known = true
		}
		if dense != nil && !c.dense.Known && p.hasVector != nil && p.hasVector.has(ref.chunk) {
			c.dense = retriever.Leg{Score: p.cosine(dense.exact, ref.chunk), Known: true}
		}
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b candidate) int { return bytes.Compare(x.id(a.ref)[:], x.id(b.ref)[:]) })
	return out
}

// fill makes candidates of what was found, with their texts unless they are to be bare.
func (s *Store) fill(ctx context.Context, tx *sql.Tx, c *collection, found []candidate, bare bool) ([]retriever.Candidate, error) {
	out := make([]retriever.Candidate, len(found))
	refs := make([]chunkRef, len(found))
	for i, f := range found {
		out[i] = retriever.Candidate{Lexical: f.lexical, Dense: f.dense, Coverage: f.coverage}
		out[i].Chunk.ID = uuid.UUID(*c.index.id(f.ref)).String()
		refs[i] = f.ref
	}
	if bare {
		return out, nil
	}
	passages, err := s.passages(ctx, tx, c, refs)
	if err != nil {
		return nil, err
	}
	for i, p := range passages {
		out[i].Passage = p
	}
	return out, nil
}
