package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ragway/retriever"
)

// retrieved is an understood request with what was found for it.
type retrieved struct {
	understood
	asked       bool     // there was a question and the store was searched
	collections []string // those searched
	result      retriever.Result
}

// empty reports whether the relevance gate let nothing through.
func (r retrieved) empty() bool { return r.asked && len(r.result.Hits) == 0 && !r.lost() }

// lost reports whether retrieval failed as a whole and the request goes on without it.
func (r retrieved) lost() bool {
	return slices.ContainsFunc(r.degraded, func(d retriever.Degradation) bool { return d.Stage == string(stageRetrieve) })
}

func (s *Server) retrieve(ctx context.Context, u understood, scope retriever.Scope) (retrieved, error) {
	r := retrieved{understood: u}
	if u.control.off || u.question.Text == "" {
		return r, nil
	}
	r.asked = true
	q := s.query(u, scope)
	r.collections = q.Collections
	result, err := s.opt.Retriever.Retrieve(ctx, q)
	if err != nil {
		return s.retrievalLost(ctx, r, err)
	}
	result.Degraded = append(r.degraded, result.Degraded...)
	r.result, r.degraded = result, result.Degraded
	s.countRetrieval(result)
	return r, nil
}

func (s *Server) query(u understood, scope retriever.Scope) retriever.Query {
	c := u.control
	names := c.collections
	if len(names) == 0 { // not the caller's choice, nor the caller's error when one is not there
		names = defaultCollections(u.retrieval.Collections, scope)
	}
	return retriever.Query{
		Text: u.question.Text, Variants: u.rewritten.Variants, Hypothetical: u.rewritten.Hypothetical, Scope: scope, Collections: names, SkipMissing: len(c.collections) == 0, Documents: c.documents, Filter: u.filter(),
		Mode: c.mode, K: c.topK, Recency: c.recency, MinScore: c.minScore, PerDocument: u.retrieval.PerDocument, Diversity: c.diversity,
		Neighbours: c.neighbours, TokenBudget: c.tokenBudget, Explain: c.explain || c.dryRun,
	}
}

// filter is the operator's and the request's.
func (u understood) filter() *retriever.Filter {
	switch asked := u.control.filter; {
	case u.virtual == nil || u.virtual.Filter == nil:
		return asked
	case asked == nil:
		return u.virtual.Filter
	default:
		return &retriever.Filter{Op: retriever.OpAnd, Filters: []retriever.Filter{*u.virtual.Filter, *asked}}
	}
}

// defaultCollections are the operator's that the caller may see, or the caller's own: a
// key for one collection works without naming it in every request.
func defaultCollections(operator []string, scope retriever.Scope) []string {
	if within := scope.Within(operator...).Collections; len(within) > 0 {
		return within
	}
	return scope.Collections
}

// retrievalLost decides what becomes of a request whose retrieval failed. What the caller
// did wrong is an error whatever the policy.
func (s *Server) retrievalLost(ctx context.Context, r retrieved, err error) (retrieved, error) {
	callers := ctx.Err() != nil || errors.Is(err, retriever.ErrBadFilter) || errors.Is(err, retriever.ErrCollectionNotFound)
	if callers || r.control.onError == Fail {
		return r, retrievalError(ctx, err, r.control.filterIn, r.control.collectionsIn)
	}
	s.opt.Logger.WarnContext(ctx, "retrieval lost, answering without documents", "error", err)
	r.degraded = append(r.degraded, retriever.Degradation{Stage: string(stageRetrieve), Reason: "the documents cannot be searched now"})
	s.metrics.degraded.WithLabelValues(string(stageRetrieve)).Inc()
	return r, nil
}

// retrievalError says whose fault a failed retrieval is; the two names are of the fields
// that a filter and a collection came in.
func retrievalError(ctx context.Context, err error, filter, collection string) error {
	switch {
	case ctx.Err() != nil:
		return fail(stageRetrieve, context.Cause(ctx))
	case errors.Is(err, retriever.ErrBadFilter):
		return &failure{stage: stageRetrieve, param: filter, err: err}
	case errors.Is(err, retriever.ErrCollectionNotFound):
		return &failure{stage: stageRetrieve, param: collection, err: err}
	}
	return fail(stageRetrieve, fmt.Errorf("%w: %w", errRetrieval, err))
}

func (s *Server) countRetrieval(r retriever.Result) {
	s.metrics.hits.Observe(float64(len(r.Hits)))
	s.metrics.embedTokens.Add(float64(r.EmbedTokens))
	if len(r.Hits) == 0 {
		s.metrics.empty.Inc()
	} else {
		s.metrics.topScore.Observe(r.Hits[0].Relevance)
	}
	for _, d := range r.Degraded {
		s.metrics.degraded.WithLabelValues(d.Stage).Inc()
	}
}
