package retriever

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"
)

// Options of an Engine. Store is required.
type Options struct {
	Store    Store
	Embedder Embedder   // nil: every query is lexical
	Others   []Embedder // for collections that Embedder's vectors do not fit; the first that fits is asked
	Logger   *slog.Logger

	K            int                      // hits when the query does not say; default 6
	Depth        int                      // candidates of each list; default 100, the depth fusion was measured at
	Fusion       func(Fingerprint) Fusion // by the collection's space; default DefaultFusion
	Reranker     Reranker                 // nil: the fused order stands
	RerankDepth  int                      // how many of the first the reranker reads; default 50, beyond which it finds little
	EmbedTimeout time.Duration            // default 3 s: a person is waiting, and words alone answer too
	StoreTimeout time.Duration            // default 5 s
	Count        func(string) int

	// Observe is told how long each stage took and how it ended; may be nil.
	Observe func(stage string, took time.Duration, err error)
	Now     func() time.Time
}

// Engine answers queries over a Store. It is safe for concurrent use.
type Engine struct {
	opt       Options
	embedders []*questioner // the main one first
}

// New returns an Engine. It does not touch the store or an embedder yet.
func New(opt Options) (*Engine, error) {
	if opt.Store == nil {
		return nil, errors.New("retriever: Options.Store is required")
	}
	opt.applyDefaults()
	e := &Engine{opt: opt}
	for _, embedder := range append([]Embedder{opt.Embedder}, opt.Others...) {
		if embedder != nil {
			e.embedders = append(e.embedders, &questioner{Embedder: embedder})
		}
	}
	return e, nil
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
	if o.RerankDepth == 0 {
		o.RerankDepth = 50
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

// Retrieve plans, finds candidates, fuses, reranks and selects. Losing the embedder, the
// reranker or one of several collections degrades the result and says so; losing all
// collections is an error, as is one that does not exist (ErrCollectionNotFound) or a
// filter that does not fit (ErrBadFilter). A missing DefaultCollection reads as empty.
func (e *Engine) Retrieve(ctx context.Context, q Query) (Result, error) {
	start := e.opt.Now()
	q, notes := e.plan(q)
	for attempt := 1; ; attempt++ {
		r, err := e.retrieve(ctx, q, Result{Query: q.Text, Mode: q.Mode, Notes: slices.Clone(notes)})
		// A collection that took another's place under the query's hands is looked at anew.
		if errors.Is(err, ErrFingerprint) && attempt < searchAttempts {
			continue
		}
		r.Took = e.opt.Now().Sub(start)
		return r, err
	}
}

func (e *Engine) retrieve(ctx context.Context, q Query, r Result) (Result, error) {
	spaces, err := e.collections(ctx, q)
	if err != nil {
		return r, err
	}
	if q.Mode == Full {
		hits, fit, err := e.whole(ctx, q, spaces)
		if err != nil || fit {
			r.Hits = hits
			return r, err
		}
	}
	return e.search(ctx, q, spaces, r)
}

// searchAttempts bounds how often a search is begun anew because documents were replaced
// between finding and reading their chunks. Then what is still there has to do.
const searchAttempts = 3

func (e *Engine) search(ctx context.Context, q Query, spaces []space, begun Result) (Result, error) {
	if q.Mode == Full {
		begun.Notes = append(begun.Notes, "the documents do not fit the token budget as a whole: the best passages were searched")
		q.Mode = Hybrid
	}
	vectors := e.embed(ctx, q, spaces, &begun)
	for attempt := 1; ; attempt++ {
		r := begun
		ranked, err := e.rank(ctx, q, spaces, vectors, &r)
		if err != nil {
			return r, err
		}
		l := &lineup{engine: e, scope: q.Scope, hits: ranked}
		if err := e.choose(ctx, q, l, &r); err != nil {
			return r, err
		}
		if l.lost == 0 || attempt == searchAttempts {
			return r, nil
		}
	}
}

// choose makes hits of a ranking.
func (e *Engine) choose(ctx context.Context, q Query, l *lineup, r *Result) error {
	if err := l.age(ctx, q.Recency, e.opt.Now()); err != nil {
		return err
	}
	if err := e.rerank(ctx, q, l, r); err != nil {
		return err
	}
	if q.Raw {
		err := l.readTo(ctx, q.K)
		r.Hits = l.hits[:min(q.K, len(l.hits))]
		return err
	}
	if err := l.diversify(ctx, q); err != nil {
		return err
	}
	if q.Explain {
		if err := l.readTo(ctx, len(l.hits)); err != nil {
			return err
		}
	}
	s := newSelection(q, e.opt.Now())
	if err := s.run(ctx, l); err != nil {
		return err
	}
	var err error
	if r.Hits, err = e.widen(ctx, q, s); err == nil {
		r.Dropped = s.dropped
	}
	return err
}
