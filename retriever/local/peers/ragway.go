package main

import (
	"context"
	"errors"
	"fmt"

	"ragway/retriever"
	"ragway/retriever/local"
)

const collection = "peers"

// ragway is the product's own path: the engine over the embedded store, with an embedder
// that has the queries' vectors at hand.
type ragway struct {
	store  *local.Store
	engine *retriever.Engine
}

func (r *ragway) load(ctx context.Context, folder string, c *corpus) (err error) {
	store, err := local.Open(ctx, local.Options{Path: folder})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := store.CreateCollection(ctx, retriever.Collection{Name: collection, Fingerprint: fingerprint}); err != nil {
		return err
	}
	return c.batches(2000, func(docs []document) error {
		_, err := store.Put(ctx, collection, upserts(docs))
		return err
	})
}

func upserts(docs []document) []retriever.Upsert {
	out := make([]retriever.Upsert, len(docs))
	for i, d := range docs {
		id := fmt.Sprint(d.number)
		out[i] = retriever.Upsert{
			Document: retriever.Document{Collection: collection, Tenant: retriever.DefaultTenant, URI: "corpus#" + id, RecordID: id, Hash: id,
				Metadata: retriever.Metadata{"source": d.source, "year": d.year, "date": d.date, "team": d.team}},
			Chunks: []retriever.Chunk{{Text: d.text, Tokens: len(d.text) / 4, Vector: d.vector}},
			Space:  fingerprint,
		}
		out[i].Seal()
	}
	return out
}

func (r *ragway) open(ctx context.Context, folder string, _ *corpus, truths []truth) (err error) {
	if r.store, err = local.Open(ctx, local.Options{Path: folder}); err != nil {
		return err
	}
	if err = r.store.Ping(ctx); err != nil {
		return err
	}
	prepared := embedder{}
	for _, t := range truths {
		prepared[t.Query.Text] = t.Query.Vector
	}
	r.engine, err = retriever.New(retriever.Options{Store: r.store, Embedder: prepared})
	return err
}

func (r *ragway) searches() []search {
	filter := &retriever.Filter{Op: retriever.OpEq, Key: "team", Value: team(filterTeam)}
	return []search{
		{mode: modeLexicalIndex, ask: r.finding(func(q query) retriever.CandidateQuery { return retriever.CandidateQuery{Text: q.Text, Depth: top} })},
		{mode: modeDenseIndex, ask: r.finding(func(q query) retriever.CandidateQuery { return retriever.CandidateQuery{Vector: q.Vector, Depth: top} })},
		{mode: modeHybridIndex, ask: r.finding(func(q query) retriever.CandidateQuery {
			return retriever.CandidateQuery{Text: q.Text, Vector: q.Vector, Depth: 100}
		})},
		{mode: modeLexical, right: rightLexical, exact: true, ask: r.asking(retriever.Query{Mode: retriever.Lexical, Depth: top})},
		{mode: modeDense, right: rightDense, ask: r.asking(retriever.Query{Mode: retriever.Dense, Depth: top})},
		{mode: modeDenseFiltered, right: rightDenseFiltered, ask: r.asking(retriever.Query{Mode: retriever.Dense, Depth: top, Filter: filter})},
		{mode: modeHybrid, ask: r.asking(retriever.Query{Mode: retriever.Hybrid})},
		{mode: modeHybridFiltered, ask: r.asking(retriever.Query{Mode: retriever.Hybrid, Filter: filter})},
	}
}

// finding asks the store alone: what is found, with scores and without texts.
func (r *ragway) finding(of func(query) retriever.CandidateQuery) func(context.Context, query) ([]string, error) {
	return func(ctx context.Context, asked query) ([]string, error) {
		q := of(asked)
		q.Collection, q.Bare = collection, true
		q.Scope = retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{collection}}
		set, err := r.store.Candidates(ctx, q)
		if err == nil && len(set.Candidates) < top {
			return nil, fmt.Errorf("%d candidates", len(set.Candidates))
		}
		return nil, err
	}
}

// asking answers queries like q. Hybrid keeps the engine's depth, 100 candidates of each
// list: fusion needs them, whatever k is.
func (r *ragway) asking(q retriever.Query) func(context.Context, query) ([]string, error) {
	q.Scope = retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{collection}}
	q.Collections, q.K = []string{collection}, top
	return func(ctx context.Context, asked query) ([]string, error) {
		q := q
		q.Text = asked.Text
		result, err := r.engine.Retrieve(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(result.Degraded) > 0 {
			return nil, fmt.Errorf("degraded: %v", result.Degraded)
		}
		var found []string
		for _, h := range result.Hits {
			if h.Chunk.Text == "" {
				return nil, fmt.Errorf("hit %s has no text", h.Document.RecordID)
			}
			found = append(found, h.Document.RecordID)
		}
		return found, nil
	}
}

func (r *ragway) close() error { return r.store.Close() }

var fingerprint = retriever.Fingerprint{Model: "peers", Dimension: dimension}

// embedder knows the vectors of the queries.
type embedder map[string]retriever.Vector

func (e embedder) Fingerprint() retriever.Fingerprint { return fingerprint }

func (e embedder) Embed(_ context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	out := make([]retriever.Vector, len(texts))
	for i, text := range texts {
		v, known := e[text]
		switch {
		case known:
			out[i] = v
		case text == retriever.ProbeText: // any vector: the collection was made without a probe
			out[i] = make(retriever.Vector, dimension)
			out[i][0] = 1
		default:
			return nil, fmt.Errorf("no vector for %q", text)
		}
	}
	return out, nil
}
