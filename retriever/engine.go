package retriever

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// MaxQueryRunes is where a query is cut; what follows would only dilute it.
const MaxQueryRunes = 4000

// Options of an Engine. Store is required.
type Options struct {
	Store    Store
	Embedder Embedder // nil: every query is lexical
	Logger   *slog.Logger

	K            int                      // hits when the query does not say; default 6
	Depth        int                      // candidates of each list; default 100, the depth fusion was measured at
	Fusion       func(Fingerprint) Fusion // by the collection's space; default DefaultFusion
	EmbedTimeout time.Duration            // default 3 s: a person is waiting, and words alone answer too
	StoreTimeout time.Duration            // default 5 s
	Count        func(string) int

	// Observe is told how long each stage took and how it ended; may be nil.
	Observe func(stage string, took time.Duration, err error)
	Now     func() time.Time
}

// Engine answers queries over a Store. It is safe for concurrent use.
type Engine struct {
	opt   Options
	probe probe
}

// New returns an Engine. It does not touch the store or the embedder yet.
func New(opt Options) (*Engine, error) {
	if opt.Store == nil {
		return nil, errors.New("retriever: Options.Store is required")
	}
	opt.applyDefaults()
	return &Engine{opt: opt}, nil
}

func (o *Options) applyDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.K == 0 {
		o.K = 6
	}
	if o.Depth == 0 {
		o.Depth = 100
	}
	if o.Fusion == nil {
		o.Fusion = DefaultFusion
	}
	if o.EmbedTimeout == 0 {
		o.EmbedTimeout = 3 * time.Second
	}
	if o.StoreTimeout == 0 {
		o.StoreTimeout = 5 * time.Second
	}
	if o.Count == nil {
		o.Count = func(s string) int { return (len(s) + 3) / 4 } // OpenAI's rule of thumb for English
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Retrieve plans, finds candidates, fuses and selects. Losing the embedder or one of
// several collections degrades the result and says so; losing all of them is an error, as
// is a collection that does not exist (ErrCollectionNotFound) or a filter that does not
// fit (ErrBadFilter). A missing DefaultCollection reads as empty.
func (e *Engine) Retrieve(ctx context.Context, q Query) (Result, error) {
	start := e.opt.Now()
	q = e.plan(q)
	r := Result{Query: q.Text, Mode: q.Mode}
	spaces, err := e.collections(ctx, q)
	if err != nil {
		return r, err
	}
	var vector Vector
	if q.Mode != Lexical {
		vector = e.embed(ctx, q, spaces, &r)
	}
	sets, err := e.candidates(ctx, q, spaces, vector, &r)
	if err != nil {
		return r, err
	}
	fused := e.fusion(spaces).Fuse(merge(sets))
	if q.Raw {
		r.Hits = fused[:min(q.K, len(fused))]
	} else {
		s := newSelection(q)
		s.run(fused)
		r.Hits, r.Dropped = s.kept, s.dropped
	}
	r.Took = e.opt.Now().Sub(start)
	return r, nil
}

// plan fills in defaults and bounds the query's text.
func (e *Engine) plan(q Query) Query {
	if len(q.Collections) == 0 {
		q.Collections = []string{DefaultCollection}
	}
	if q.Mode == "" {
		q.Mode = Hybrid
	}
	if q.K == 0 {
		q.K = e.opt.K
	}
	if q.Depth == 0 {
		q.Depth = e.opt.Depth
	}
	q.Depth = max(q.Depth, q.K)
	q.Text = cutRunes(q.Text, MaxQueryRunes)
	return q
}

// collections resolves the names, each once. It fails on the first the Scope does not
// allow or that does not exist; those that Query.SkipMissing speaks of are left out.
func (e *Engine) collections(ctx context.Context, q Query) ([]space, error) {
	var out []space
	seen := map[string]bool{}
	for _, name := range q.Collections {
		if seen[name] {
			continue
		}
		seen[name] = true
		if !q.Scope.AllowsCollection(name) {
			return nil, fmt.Errorf("collection %q: %w", name, ErrCollectionNotFound)
		}
		settings, err := e.opt.Store.Settings(ctx, q.Scope, name)
		switch missing := errors.Is(err, ErrCollectionNotFound); {
		case missing && (q.SkipMissing || name == DefaultCollection):
			continue
		case missing: // stores name the collection as well
			return nil, fmt.Errorf("collection %q: %w", name, ErrCollectionNotFound)
		case err != nil:
			return nil, fmt.Errorf("collection %q: %w", name, err)
		}
		out = append(out, space{name: name, fingerprint: settings.Fingerprint})
	}
	return out, nil
}

// embed returns the query's vector, nil when there is none, and marks what was lost. A
// query over collections without vectors costs no call of the embedder.
func (e *Engine) embed(ctx context.Context, q Query, spaces []space, r *Result) Vector {
	if q.Mode == Dense {
		mark(r, spaces, func(s space) bool { return !s.hasVectors() }, "the collection has no vectors")
	}
	if !slices.ContainsFunc(spaces, space.hasVectors) {
		return nil
	}
	if e.opt.Embedder == nil {
		mark(r, spaces, space.hasVectors, "no embedder is configured")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.EmbedTimeout)
	defer cancel()
	start := e.opt.Now()
	vector, err := e.queryVector(ctx, q.Text, spaces, r)
	e.opt.Observe("embed", e.opt.Now().Sub(start), err)
	if err != nil {
		e.opt.Logger.WarnContext(ctx, "query embedding lost, searching by words", "error", err)
		r.Degraded = append(r.Degraded, Degradation{Stage: "embed", Reason: "the embedder does not answer"})
	}
	return vector
}

// queryVector embeds text unless no collection's vectors can be compared with it.
func (e *Engine) queryVector(ctx context.Context, text string, spaces []space, r *Result) (Vector, error) {
	configured, err := e.probe.fingerprint(ctx, e.opt.Embedder)
	if err != nil {
		return nil, err
	}
	usable := false
	for i := range spaces {
		s := &spaces[i]
		if !s.hasVectors() {
			continue
		}
		if s.mismatch = s.fingerprint.Matches(configured); s.mismatch != nil {
			r.Degraded = append(r.Degraded, Degradation{Stage: "dense", Collection: s.name, Reason: s.mismatch.Error()})
		}
		usable = usable || s.mismatch == nil
	}
	if !usable {
		return nil, nil
	}
	vectors, err := e.opt.Embedder.Embed(ctx, QueryText, []string{text})
	if err != nil {
		return nil, err
	}
	r.EmbedTokens = e.opt.Count(text)
	return vectors[0], nil
}

// mark says of each collection that which holds for that its vectors are not used.
func mark(r *Result, spaces []space, which func(space) bool, reason string) {
	for _, s := range spaces {
		if which(s) {
			r.Degraded = append(r.Degraded, Degradation{Stage: "dense", Collection: s.name, Reason: reason})
		}
	}
}

// candidates asks the collections side by side. One of several may fail; its loss is
// marked. An error of the caller's making (ErrBadFilter) fails the whole.
func (e *Engine) candidates(ctx context.Context, q Query, spaces []space, vector Vector, r *Result) ([]CandidateSet, error) {
	if len(spaces) == 0 {
		return []CandidateSet{{}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.StoreTimeout)
	defer cancel()
	start := e.opt.Now()
	sets, errs := make([]CandidateSet, len(spaces)), make([]error, len(spaces))
	var wg sync.WaitGroup
	for i, s := range spaces {
		wg.Go(func() { sets[i], errs[i] = e.opt.Store.Candidates(ctx, candidateQuery(q, s, vector)) })
	}
	wg.Wait()
	e.opt.Observe("candidates", e.opt.Now().Sub(start), errors.Join(errs...))
	return keepAnswered(spaces, sets, errs, r)
}

func candidateQuery(q Query, s space, vector Vector) CandidateQuery {
	c := CandidateQuery{Collection: s.name, Scope: q.Scope, Filter: q.Filter, Depth: q.Depth}
	if q.Mode != Dense {
		c.Text = q.Text
	}
	if q.Mode != Lexical && s.hasVectors() && s.mismatch == nil {
		c.Vector = vector
	}
	if c.Text == "" && c.Vector == nil { // dense was asked for and is lost: words are better than nothing
		c.Text = q.Text
	}
	return c
}

func keepAnswered(spaces []space, sets []CandidateSet, errs []error, r *Result) ([]CandidateSet, error) {
	var kept []CandidateSet
	var last error
	for i, err := range errs {
		switch {
		case err == nil:
			kept = append(kept, sets[i])
		case errors.Is(err, ErrBadFilter), errors.Is(err, ErrCollectionNotFound), errors.Is(err, context.Canceled):
			return nil, fmt.Errorf("search %q: %w", spaces[i].name, err)
		default:
			last = fmt.Errorf("search %q: %w", spaces[i].name, err)
			r.Degraded = append(r.Degraded, Degradation{Stage: "collection", Collection: spaces[i].name, Reason: "the store does not answer"})
		}
	}
	if len(kept) == 0 {
		return nil, last
	}
	return kept, nil
}

// fusion follows the first space that has vectors.
func (e *Engine) fusion(spaces []space) Fusion {
	var fp Fingerprint
	for _, s := range spaces {
		if s.hasVectors() {
			fp = s.fingerprint
			break
		}
	}
	return e.opt.Fusion(fp)
}

// cutRunes returns the first n runes of s.
func cutRunes(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
