package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"ragway/retriever"
)

// Options of an Embedder. BaseURL and Model are required.
type Options struct {
	BaseURL string // up to and without "/embeddings", e.g. "https://api.openai.com/v1"; a query string goes out with each request
	APIKey  string // empty: no Authorization header
	Model   string

	Dimensions     int    // asked for and insisted on; 0: the model's own, learned from the first answer
	QueryPrefix    string // put before each query, e.g. "query: " for E5
	DocumentPrefix string // put before each document
	Encoding       string // "float" (default) or "base64", a quarter of the bytes where the server knows it

	MaxBatch       int              // texts in a request; default 32, the most that TEI takes unless told otherwise
	MaxBatchTokens int              // tokens in a request, a larger text goes alone; default 100,000, a third of OpenAI's bound
	CountTokens    func(string) int // default: a third of the bytes, which errs on the high side for English
	Concurrency    int              // requests under way at once over all calls; default 4, fewer while the server is overloaded

	RequestsPerMinute int // most that are sent; 0: no bound but the server's own
	TokensPerMinute   int // by CountTokens; 0: the same

	MaxRetries int           // after the first attempt; default 6, negative: none
	Timeout    time.Duration // of one attempt; default 60 s

	Transport http.RoundTripper // default: a clone of http.DefaultTransport
	Logger    *slog.Logger      // gets a warning for each retry; default: none
	OnTokens  func(n int)       // told of the tokens the server counted for a request; called concurrently
}

func (o *Options) applyDefaults() {
	o.Encoding = cmp.Or(o.Encoding, string(goopenai.EmbeddingEncodingFormatFloat))
	o.MaxBatch = cmp.Or(o.MaxBatch, 32)
	o.MaxBatchTokens = cmp.Or(o.MaxBatchTokens, 100_000)
	if o.TokensPerMinute > 0 { // one batch must not eat the next minutes' share
		o.MaxBatchTokens = min(o.MaxBatchTokens, o.TokensPerMinute)
	}
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.MaxRetries = max(cmp.Or(o.MaxRetries, 6), 0)
	o.Timeout = cmp.Or(o.Timeout, time.Minute)
	if o.CountTokens == nil {
		o.CountTokens = func(s string) int { return len(s)/3 + 1 }
	}
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = o.Concurrency
		o.Transport = t
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnTokens == nil {
		o.OnTokens = func(int) {}
	}
}

func (o *Options) check() (*url.URL, error) {
	u, err := url.Parse(o.BaseURL)
	switch {
	case o.BaseURL == "":
		return nil, errors.New("openai embedder: BaseURL is required")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("openai embedder: BaseURL is no http or https address") // not quoted: it may hold a key
	case o.Model == "":
		return nil, errors.New("openai embedder: Model is required")
	case o.Encoding != "float" && o.Encoding != "base64":
		return nil, fmt.Errorf("openai embedder: encoding %q, want float or base64", o.Encoding)
	case o.Dimensions < 0 || o.MaxBatch < 0 || o.MaxBatchTokens < 0 || o.Concurrency < 0 || o.RequestsPerMinute < 0 || o.TokensPerMinute < 0 || o.Timeout < 0:
		return nil, errors.New("openai embedder: a bound is negative")
	}
	return u, nil
}

// Embedder embeds through a server. It is safe for concurrent use.
type Embedder struct {
	opts      Options
	client    *goopenai.Client
	secrets   secrets
	slots     chan struct{} // one for each request under way
	dimension atomic.Int64  // 0 until known
}

var _ retriever.Embedder = (*Embedder)(nil)

// New returns an Embedder without asking the server anything.
func New(o Options) (*Embedder, error) {
	o.applyDefaults()
	u, err := o.check()
	if err != nil {
		return nil, err
	}
	e := &Embedder{
		opts:    o,
		client:  newClient(u, o.APIKey, newRetrying(o, u.RawQuery)),
		secrets: secretsOf(u, o.APIKey),
		slots:   make(chan struct{}, o.Concurrency),
	}
	e.dimension.Store(int64(o.Dimensions))
	return e, nil
}

// Fingerprint names the model, and the dimension once it is known.
func (e *Embedder) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{
		Model:          e.opts.Model,
		Dimension:      int(e.dimension.Load()),
		QueryPrefix:    e.opts.QueryPrefix,
		DocumentPrefix: e.opts.DocumentPrefix,
	}
}

// Embed returns a unit vector for each text, nil for blank ones, which are not sent. On an
// error it returns the vectors before the first batch that has none.
func (e *Embedder) Embed(ctx context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	prefix := e.opts.DocumentPrefix
	if kind == retriever.QueryText {
		prefix = e.opts.QueryPrefix
	}
	batches := e.cut(prefix, texts)
	vectors := make([]retriever.Vector, len(texts))
	failed, err := e.embedAll(ctx, batches, vectors)
	if err != nil {
		return vectors[:batches[failed].first()], fmt.Errorf("embed %s: %w", batches[failed], err)
	}
	return vectors, nil
}

// mostShort is how often a server may leave out texts of one batch: one that has a smaller
// bound than it was told of answers with what it took.
const mostShort = 8

// request sends one batch and returns its vectors in the order of its texts. What an
// answer leaves out is asked for again.
func (e *Embedder) request(ctx context.Context, b batch) ([]retriever.Vector, error) {
	vectors := make([]retriever.Vector, len(b.inputs))
	left := make([]int, len(b.inputs))
	for i := range left {
		left[i] = i
	}
	for range mostShort {
		data, err := e.ask(ctx, b, left)
		if err != nil {
			return nil, err
		}
		if err := e.place(vectors, left, data); err != nil {
			return nil, err
		}
		if len(data) == len(left) {
			return vectors, nil
		}
		left = slices.DeleteFunc(left, func(i int) bool { return vectors[i] != nil })
		if len(data) == 0 {
			break
		}
	}
	return nil, fmt.Errorf("%d vectors came back for %d texts", len(vectors)-len(left), len(vectors))
}

// ask sends the texts of b at these places.
func (e *Embedder) ask(ctx context.Context, b batch, places []int) ([]goopenai.Embedding, error) {
	inputs := make([]string, len(places))
	for i, at := range places {
		inputs[i] = b.inputs[at]
	}
	response, err := e.client.CreateEmbeddings(withTokens(ctx, b.tokens*len(places)/len(b.inputs)), goopenai.EmbeddingRequest{
		Input:          inputs,
		Model:          goopenai.EmbeddingModel(e.opts.Model),
		EncodingFormat: goopenai.EmbeddingEncodingFormat(e.opts.Encoding),
		Dimensions:     e.opts.Dimensions,
	})
	if err != nil {
		return nil, e.secrets.explain(ctx, err)
	}
	e.opts.OnTokens(max(response.Usage.PromptTokens, response.Usage.TotalTokens))
	return response.Data, nil
}

// place checks an answer to a question for the texts at these places, and puts its vectors
// there at unit length.
func (e *Embedder) place(vectors []retriever.Vector, places []int, data []goopenai.Embedding) error {
	n := len(places)
	if len(data) > n {
		return fmt.Errorf("%d vectors came back for %d texts", len(data), n)
	}
	for _, d := range data {
		switch {
		case d.Index < 0 || d.Index >= n:
			return fmt.Errorf("index %d came back for %d texts", d.Index, n)
		case vectors[places[d.Index]] != nil:
			return fmt.Errorf("index %d came back twice", d.Index)
		}
		v := retriever.Vector(d.Embedding)
		if err := e.checkDimension(len(v)); err != nil {
			return fmt.Errorf("vector %d: %w", d.Index, err)
		}
		if err := retriever.Normalize(v); err != nil {
			return fmt.Errorf("vector %d: %w", d.Index, err)
		}
		vectors[places[d.Index]] = v
	}
	return nil
}

// checkDimension holds every vector to Options.Dimensions, else to the first one's.
func (e *Embedder) checkDimension(got int) error {
	if got > 0 {
		e.dimension.CompareAndSwap(0, int64(got))
	}
	if want := e.dimension.Load(); int64(got) != want || got == 0 {
		return fmt.Errorf("dimension %d, want %d: %w", got, want, retriever.ErrBadVector)
	}
	return nil
}
