package rerank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"ragway/retriever"
)

// Options of a Reranker. Shape and BaseURL are required, and Model but for TEI.
type Options struct {
	Shape   Shape
	BaseURL string // up to and without "/rerank", e.g. "https://api.cohere.com/v2"; a query string goes out with each request
	APIKey  string // empty: no Authorization header
	Model   string // TEI serves one model and is not told; there it only names, default "tei"

	Timeout     time.Duration // of a whole call, its waits and its retry included; default 10 s
	Concurrency int           // requests under way at once over all calls; default 4
	MaxChars    int           // of a passage, and of the query; default 8,000: 32 of them and the query stay below TEI's 2 MB in any script

	// BatchSize is how many passages go into a request; default 32 for TEI, 1,000 for others.
	// A model that weighs the passages against each other, such as jina-reranker-v3, gives
	// scores that compare only within a request.
	BatchSize int

	Transport http.RoundTripper // where TLS is set up; default: a clone of http.DefaultTransport
	Logger    *slog.Logger      // gets a warning for each retry; default: none
}

func (o *Options) applyDefaults() {
	if o.Shape == TEI {
		o.Model = cmp.Or(o.Model, "tei")
	}
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	o.Concurrency = cmp.Or(o.Concurrency, 4)
	o.BatchSize = cmp.Or(o.BatchSize, o.Shape.batchSize())
	o.MaxChars = cmp.Or(o.MaxChars, 8000)
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = max(o.Concurrency, 0)
		o.Transport = t
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func (o *Options) check() (*url.URL, error) {
	u, err := url.Parse(o.BaseURL)
	switch {
	case !o.Shape.known():
		return nil, fmt.Errorf("reranker: shape %q, want %s, %s or %s", o.Shape, Cohere, Jina, TEI)
	case o.BaseURL == "":
		return nil, errors.New("reranker: BaseURL is required")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("reranker: BaseURL is no http or https address") // not quoted: it may hold a key
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/rerank"):
		return nil, errors.New(`reranker: BaseURL ends in "/rerank", which is put behind it`)
	case strings.ContainsFunc(o.APIKey, unicode.IsControl):
		return nil, errors.New("reranker: APIKey holds a control character, such as the end of a line")
	case o.Model == "":
		return nil, errors.New("reranker: Model is required")
	case o.Timeout < 0 || o.Concurrency < 0 || o.BatchSize < 0 || o.MaxChars < 0:
		return nil, errors.New("reranker: a bound is negative")
	}
	return u, nil
}

// Reranker asks a server for scores. It is safe for concurrent use.
type Reranker struct {
	opts    Options
	address string // of requests, with the query string
	client  http.Client
	secrets []string      // never to appear in an error
	slots   chan struct{} // one for each request under way
}

var _ retriever.Reranker = (*Reranker)(nil)

// New returns a Reranker without asking the server anything.
func New(o Options) (*Reranker, error) {
	o.applyDefaults()
	u, err := o.check()
	if err != nil {
		return nil, err
	}
	r := &Reranker{opts: o, slots: make(chan struct{}, o.Concurrency)}
	r.secrets = secrets(o.APIKey, u)
	u.Fragment = ""
	r.address = u.JoinPath("rerank").String()
	// A redirect would take the passages, and on the same host the key, to where nobody
	// configured them to go.
	r.client = http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return r, nil
}

// secrets is what may not appear in an error, longer ones before what they hold.
func secrets(key string, u *url.URL) []string {
	password, _ := u.User.Password()
	all := []string{key, u.RawQuery, password}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= 8 { // not the 1 of version=1
				all = append(all, v)
			}
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return all
}

// Model names the model.
func (r *Reranker) Model() string { return r.opts.Model }

// Rerank returns the score of each passage. An error is the context's where that ended, a
// retriever.ErrUnavailable where the server does not answer in time or says that it is
// overloaded or broken, ErrBadReply where it makes no sense, and otherwise a StatusError or
// the reason why its certificate is not trusted.
func (r *Reranker) Rerank(ctx context.Context, query string, passages []string) ([]float64, error) {
	if len(passages) == 0 {
		return nil, nil
	}
	late := &noAnswer{message: fmt.Sprintf("rerank: no answer within %v", r.opts.Timeout)}
	bounded, cancel := context.WithTimeoutCause(ctx, r.opts.Timeout, late)
	defer cancel()
	running, fail := context.WithCancelCause(bounded) // by the first batch that fails
	defer fail(nil)
	query = cut(query, r.opts.MaxChars)
	scores := make([]float64, len(passages))
	var wg sync.WaitGroup
	for first := 0; first < len(passages) && r.acquire(running); first += r.opts.BatchSize {
		b := batch{first, passages[first:min(first+r.opts.BatchSize, len(passages))]}
		wg.Go(func() {
			defer r.release()
			got, err := r.ask(running, query, b.passages)
			if err != nil {
				fail(fmt.Errorf("rerank %s: %w", b, err))
			}
			copy(scores[b.first:], got)
		})
	}
	wg.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("rerank: %w", ctx.Err())
	case running.Err() != nil:
		return nil, context.Cause(running)
	}
	return scores, nil
}

// acquire waits for a free slot, or returns false when the context has ended.
func (r *Reranker) acquire(ctx context.Context) bool {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil { // both were ready
		r.release()
		return false
	}
	return true
}

func (r *Reranker) release() { <-r.slots }

// batch is what goes into one request.
type batch struct {
	first    int // index of its first passage among those of the call
	passages []string
}

// String names the batch by the positions of its passages, from 0.
func (b batch) String() string {
	last := b.first + len(b.passages) - 1
	if b.first == last {
		return fmt.Sprintf("passage %d", last)
	}
	return fmt.Sprintf("passages %d–%d", b.first, last)
}
