package main

import (
	"context"
	"strings"
	"time"

	"ragway/configs"
	"ragway/gateway"
	"ragway/retriever"
)

// reading are the flags of commands that read documents. Without them the command acts
// as the operator of the data folder and sees everything.
type reading struct {
	Tenant string   `placeholder:"T" help:"See only this tenant's documents (default: all; with --as: default)."`
	As     []string `placeholder:"user:ann" help:"See what these principals (user:NAME, group:NAME) may see."`
}

func (r reading) scope() (retriever.Scope, error) {
	if r.Tenant == "" && len(r.As) == 0 {
		return retriever.Operator(), nil
	}
	s := retriever.Scope{Tenant: r.Tenant, Collections: []string{retriever.AllCollections}}
	if s.Tenant == "" {
		s.Tenant = retriever.DefaultTenant
	}
	if len(r.As) > 0 {
		principals, err := retriever.ParseACL(r.As)
		if err != nil {
			return s, usagef("--as %s: %w", strings.Join(r.As, ","), err)
		}
		s.Principals = principals
	}
	return s, nil
}

// open configures the command and opens the store that is there, for what the flags let
// it see.
func (r reading) open(ctx context.Context, a *app, flags ...func(*configs.Config)) (retriever.Store, retriever.Scope, error) {
	scope, err := r.scope()
	if err != nil {
		return nil, scope, err
	}
	if err := a.configure(append(flags, a.quieter)...); err != nil {
		return nil, scope, err
	}
	store, err := a.store(ctx, true)
	return store, scope, err
}

// quieter leaves a person's terminal to results: what an index says of itself when it is
// opened is news for the log of a server.
func (a *app) quieter(cfg *configs.Config) {
	if a.LogLevel == "" && cfg.Log.Level == "info" {
		cfg.Log.Level = "warn"
	}
}

// asking are the flags of commands that search. What they leave open the configuration
// says, or the server that is asked.
type asking struct {
	Collection []string `short:"c" placeholder:"C" help:"Collection to search; may be repeated (default: as configured, default)."`
	Mode       string   `placeholder:"hybrid|dense|lexical|full" help:"Which lists to answer from, or full: whole documents (default: as configured, hybrid)."`
	URL        string   `name:"url" placeholder:"U" help:"Ask this running server, with the key in $$RAGWAY_API_KEY, instead of opening the store."`
	reading
}

// searcher answers a query.
type searcher func(context.Context, retriever.Query) (gateway.SearchResult, error)

// searcher opens what answers, and begins the query that flags and configuration ask for.
func (s asking) searcher(ctx context.Context, a *app) (searcher, retriever.Query, error) {
	if _, err := retriever.ParseMode(s.Mode); err != nil {
		return nil, retriever.Query{}, usagef("--%w%s", err, suggestion(s.Mode, "hybrid", "dense", "lexical", "full"))
	}
	if s.URL != "" {
		return s.remote(a)
	}
	eng, q, err := s.engine(ctx, a)
	return func(ctx context.Context, q retriever.Query) (gateway.SearchResult, error) {
		r, err := eng.Retrieve(ctx, q)
		return gateway.NewSearchResult(r, true), err
	}, q, err
}

func (s asking) engine(ctx context.Context, a *app) (*retriever.Engine, retriever.Query, error) {
	var q retriever.Query
	store, scope, err := s.open(ctx, a, func(cfg *configs.Config) { setIf(&cfg.Retrieval.Mode, s.Mode) })
	if err != nil {
		return nil, q, err
	}
	embedder, err := a.embedder()
	if err != nil {
		return nil, q, err
	}
	r := a.cfg.Retrieval
	q = retriever.Query{
		Scope: scope, Collections: r.Collections, SkipMissing: true,
		Mode: retriever.Mode(r.Mode), MinScore: r.MinScore, PerDocument: r.PerDocument,
		Neighbours: r.Neighbours, Diversity: r.Diversity, Recency: recencyOf(r.Recency),
	}
	if q.Mode == retriever.Full {
		q.TokenBudget = r.TokenBudget
	}
	if s.Collection != nil {
		q.Collections, q.SkipMissing = s.Collection, false
	}
	a.cfg.Retrieval.Timeouts.Search = max(r.Timeouts.Search, coldSearch)
	eng, err := a.engine(store, embedder, nil)
	if err != nil || q.Mode == retriever.Lexical {
		return eng, q, err
	}
	return eng, q, checkSpaces(ctx, eng, scope, q.Collections)
}

// coldSearch is what a command's search may take at least: the first opens the index, which
// a server has done before it answers anyone.
const coldSearch = time.Minute

// checkSpaces refuses the first collection whose vectors no configured embedder makes: what
// it answers by words alone would pass for all it has.
func checkSpaces(ctx context.Context, eng *retriever.Engine, scope retriever.Scope, collections []string) error {
	mismatches, err := eng.CheckSpaces(ctx, scope, collections...)
	if err != nil || len(mismatches) == 0 {
		return err
	}
	return mismatches[0]
}
