package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ragway/retriever"
)

// retrieval finds passages; *retriever.Engine does.
type retrieval interface {
	Retrieve(ctx context.Context, q retriever.Query) (retriever.Result, error)
}

// documents shows single documents and says whether the store is there; every
// retriever.Store does.
type documents interface {
	Document(ctx context.Context, scope retriever.Scope, id string) (retriever.Document, []retriever.Chunk, error)
	Ping(ctx context.Context) error
}

// Options of a Server. Retriever, Store and Upstream are required.
type Options struct {
	Retriever retrieval
	Store     documents
	Upstream  Upstream
	Embedder  retriever.Embedder // answers /v1/embeddings when the upstream does not; may be nil
	Reranker  retriever.Reranker // answers /v1/rerank; may be nil
	Rewriter  retriever.Rewriter // rewords questions before they are searched; may be nil
	UI        http.Handler       // serves GET /; nil: that is a 404
	MCP       http.Handler       // serves /mcp, with a Caller in its context; nil: that is a 404
	Uploads   uploads            // files and vector stores; nil: their routes are a 404

	PassThrough []string // "METHOD /path" that upstreams are asked as it is; none: no such path

	// Catalog lists all collections for the metrics, with the operator's eyes; may be nil.
	Catalog func(ctx context.Context) ([]retriever.CollectionInfo, error)

	Keys []Key // none: auth is off and every caller is the default tenant without principals
	// OpenScope is every caller's when there are no Keys; default: the default tenant without
	// principals, so that a document with an access list stays hidden.
	OpenScope *retriever.Scope
	OpenWrite bool // they may also upload files, and change and delete what they see

	Secret    []byte // for fences, links and loops; the same on all replicas. Default: random, for this process
	PublicURL string // of this server in links, e.g. https://docs.example.com; default: the Host the client used
	Version   Version

	Policy
	Limits   Limits
	Count    func(string) int                    // tokens of a text; default: a quarter of its bytes
	CountFor func(model string) func(string) int // tokens as a model counts them, for budgets; default: Count

	Registerer prometheus.Registerer // default: a registry of its own
	Gatherer   prometheus.Gatherer   // what /metrics shows; default: the same registry
	Logger     *slog.Logger
	LogContent bool // log questions and whole prompts too
	Now        func() time.Time
}

// Version is what runs, for ragway_build_info.
type Version struct{ Version, Revision string }

// Policy of an empty retrieval, from the loosest to the strictest.
type OnEmpty string

const (
	PassThrough OnEmpty = "passthrough" // the request goes on as it is
	Instruct    OnEmpty = "instruct"    // the model is told that nothing was found
	Refuse      OnEmpty = "refuse"      // the gateway says so itself; no model is asked
)

// Policy of a failed retrieval, from the loosest to the strictest.
type OnError string

const (
	Degrade OnError = "degrade" // the request goes on without context, marked
	Fail    OnError = "fail"    // the request fails
)

// Retrieval is what a request gets that asks for nothing else, and how far one may go.
type Retrieval struct {
	Collections []string // default: retriever.DefaultCollection
	Mode        retriever.Mode
	TopK        int     // passages; default 6
	TokenBudget int     // tokens of context; default 3000
	MinScore    float64 // the relevance gate, in [0,1]; 0 lets everything through
	PerDocument int     // passages of one document; 0: no limit
	Neighbours  int     // chunks to widen a passage by, on either side
	Diversity   float64 // see retriever.Query.Diversity
	Recency     retriever.Recency
	OnEmpty     OnEmpty // default PassThrough
	OnError     OnError // default Fail
	Profile     string  // the prompt profile; default: default
	OnlyAsked   bool    // requests without a "rag" object pass as they are

	MaxTopK        int // default 50
	MaxTokenBudget int // default 16000
}

// Limits bound what one request can cost.
type Limits struct {
	BodyBytes    int64         // of a request; default 20 MiB: images travel inside
	ReplyBytes   int64         // of an answer that is not streamed; default 64 MiB
	DrainTimeout time.Duration // how long Serve waits for running requests; default 30 s
	Heartbeat    time.Duration // silence in a stream before a comment is sent; default 10 s
	LinkLifetime time.Duration // of a signed document link; default 24 h
	UploadTime   time.Duration // how long an upload may take; default 1 h
}

func (o *Options) check() error {
	switch {
	case o.Retriever == nil:
		return errors.New("gateway: Options.Retriever is required")
	case o.Store == nil:
		return errors.New("gateway: Options.Store is required")
	case o.Upstream == nil:
		return errors.New("gateway: Options.Upstream is required")
	case o.Registerer != nil && o.Gatherer == nil:
		return errors.New("gateway: Options.Gatherer is required with Registerer")
	}
	return nil
}

func (o *Options) applyDefaults() {
	if o.Registerer == nil {
		reg := prometheus.NewRegistry()
		o.Registerer, o.Gatherer = reg, reg
	}
	if len(o.Secret) == 0 {
		o.Secret = make([]byte, 32)
		_, _ = rand.Read(o.Secret) // never fails: it ends the program instead
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Count == nil {
		o.Count = func(s string) int { return (len(s) + 3) / 4 }
	}
	if o.CountFor == nil {
		count := o.Count
		o.CountFor = func(string) func(string) int { return count }
	}
	if o.OpenScope == nil {
		o.OpenScope = &retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{retriever.AllCollections}}
	}
	o.Limits.applyDefaults()
}

func (r *Retrieval) applyDefaults() {
	if len(r.Collections) == 0 {
		r.Collections = []string{retriever.DefaultCollection}
	}
	if r.Mode == "" {
		r.Mode = retriever.Hybrid
	}
	orDefault(&r.TopK, 6)
	orDefault(&r.TokenBudget, 3000)
	orDefault(&r.OnEmpty, PassThrough)
	orDefault(&r.OnError, Fail)
	orDefault(&r.MaxTopK, 50)
	orDefault(&r.MaxTokenBudget, 16000)
	r.MaxTopK = max(r.MaxTopK, r.TopK)
	r.MaxTokenBudget = max(r.MaxTokenBudget, r.TokenBudget)
}

func (l *Limits) applyDefaults() {
	orDefault(&l.BodyBytes, 20<<20)
	orDefault(&l.ReplyBytes, 64<<20)
	orDefault(&l.DrainTimeout, 30*time.Second)
	orDefault(&l.Heartbeat, 10*time.Second)
	orDefault(&l.LinkLifetime, 24*time.Hour)
	orDefault(&l.UploadTime, time.Hour)
}

func orDefault[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}
