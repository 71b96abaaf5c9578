package upstream

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"ragway/gateway"
)

// HTTPOptions configures an HTTP upstream. BaseURL is required, unless the preset has one.
type HTTPOptions struct {
	Name    string        // default: the host of the address
	Preset  string        // see presets; "" for a server of no known kind
	BaseURL string        // with the version, as OPENAI_BASE_URL has it: https://api.openai.com/v1
	APIs    []gateway.API // that it speaks; default: the preset's, else OpenAI
	Key     string        // empty for none

	Passthrough bool              // the client's own key is sent, and never Key
	Headers     map[string]string // sent with every call
	Query       map[string]string

	Models   []string          // patterns of the names it serves; none: all
	Rewrite  map[string]string // names as clients know them to names as the server does
	Weight   int               // against the others that serve a model
	Fallback []string          // names of servers that take over, in order

	MaxConcurrency int           // calls under way at once; 0: no bound
	MaxQueue       int           // calls that wait for one of those
	QueueTimeout   time.Duration // default 30 s

	StreamUsage    bool           // see gateway.Target
	ContextWindows map[string]int // tokens, by pattern of the server's names of models

	ConnectTimeout   time.Duration // default 10 s: a dead host is known long before that
	FirstByteTimeout time.Duration // default 5 min: a long prompt on a slow machine
	IdleTimeout      time.Duration // between two reads of an answer; default 2 min
	TotalTimeout     time.Duration // default 30 min: reasoning models answer that late

	TrustedCA []byte            // PEM, besides the system's certificates
	Transport http.RoundTripper // default: one of its own
}

// HTTP forwards calls to one model server.
type HTTP struct {
	name        string
	bases       map[gateway.API]string
	deployments bool // the model stands in the path, as Azure has it
	headers     map[string]string
	query       url.Values

	key         string
	keyStyle    keyStyle
	passthrough bool
	redact      redactor

	models   []string
	rewrite  map[string]string
	weight   int
	fallback []string

	streamUsage bool
	windows     *windows
	queue       *queue
	health      *health
	transport   http.RoundTripper

	firstByte, idle, total time.Duration
}

var _ gateway.Upstream = (*HTTP)(nil)

// NewHTTP returns an upstream. It connects to nothing yet.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	preset, ok := known(o.Preset)
	if !ok {
		return nil, fmt.Errorf("upstream: no preset %q", o.Preset)
	}
	bases := o.bases(preset)
	var some *url.URL
	for _, base := range bases {
		u, err := checkBase(base)
		if err != nil {
			return nil, err
		}
		some = u
	}
	if err := o.applyDefaults(some); err != nil {
		return nil, err
	}
	h := &HTTP{
		name: o.Name, bases: bases, headers: o.Headers, query: url.Values{},
		key: o.Key, keyStyle: preset.Key, passthrough: o.Passthrough, redact: newRedactor(o.Key),
		models: o.Models, rewrite: o.Rewrite, weight: o.Weight, fallback: o.Fallback, streamUsage: o.StreamUsage,
		queue: newQueue(o.MaxConcurrency, o.MaxQueue, o.QueueTimeout), health: newHealth(),
		transport: o.Transport,
		firstByte: o.FirstByteTimeout, idle: o.IdleTimeout, total: o.TotalTimeout,
	}
	for name, value := range o.Query {
		h.query.Set(name, value)
	}
	h.deployments = o.Preset == "azure" && strings.HasSuffix(bases[gateway.OpenAI], azureDeployments)
	h.windows = newWindows(o.ContextWindows, preset.window)
	return h, nil
}

// checkBase returns the address if it is one that calls can be sent to. Its error does not
// quote it: a key may stand in it.
func checkBase(address string) (*url.URL, error) {
	base, err := url.Parse(address)
	switch {
	case address == "":
		return nil, errors.New("upstream: BaseURL is missing")
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, errors.New("upstream: BaseURL: want http(s)://host[:port][/path]")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("upstream: BaseURL: want no user, query or fragment; the key has its own setting")
	}
	return base, nil
}

func (o *HTTPOptions) applyDefaults(base *url.URL) error {
	o.Name = cmp.Or(o.Name, base.Host)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 10*time.Second)
	o.FirstByteTimeout = cmp.Or(o.FirstByteTimeout, 5*time.Minute)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 2*time.Minute)
	o.TotalTimeout = cmp.Or(o.TotalTimeout, 30*time.Minute)
	o.QueueTimeout = cmp.Or(o.QueueTimeout, 30*time.Second)
	if o.Transport != nil {
		return nil
	}
	transport := newTransport(o.ConnectTimeout)
	if len(o.TrustedCA) > 0 {
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(o.TrustedCA) {
			return errors.New("upstream: TrustedCA holds no certificate in PEM")
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	o.Transport = transport
	return nil
}

// speaks reports whether the server has this API. A call that names none is OpenAI's.
func (h *HTTP) speaks(api gateway.API) bool { return h.base(api) != "" }

func (h *HTTP) base(api gateway.API) string { return h.bases[cmp.Or(api, gateway.OpenAI)] }

// serves reports whether the server is to be asked for a model. Endpoints without one are
// everybody's.
func (h *HTTP) serves(model string) bool {
	if model == "" || len(h.models) == 0 {
		return true
	}
	_, renamed := h.rewrite[model]
	return renamed || slices.ContainsFunc(h.models, func(pattern string) bool { return matches(pattern, model) })
}

// matches is path.Match, but * stands for slashes as well: names of models have them.
func matches(pattern, model string) bool {
	hidden := strings.NewReplacer("/", "\x00")
	ok, err := path.Match(hidden.Replace(pattern), hidden.Replace(model))
	return err == nil && ok
}

// rewritten is the name that the server knows a model by.
func (h *HTTP) rewritten(model string) string { return cmp.Or(h.rewrite[model], model) }

// names are what the server can be asked for, for people.
func (h *HTTP) names() []string {
	if len(h.models) == 0 {
		return []string{"anything (" + h.name + ")"}
	}
	return append(slices.Collect(maps.Keys(h.rewrite)), h.models...)
}

// headerBytes bounds the header of an answer, which goes on to clients; net/http's own
// bound is 10 MB.
const headerBytes = 64 << 10

// newTransport keeps as many idle connections as there were streams: the standard two a
// host would close and reopen one for nearly every request. It asks for no compression:
// a compressed event stream arrives in blocks of the compressor's choosing.
func newTransport(connect time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connect, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    connect,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4096,
		MaxIdleConnsPerHost:    4096,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: headerBytes,
		DisableCompression:     true,
		WriteBufferSize:        16 << 10, // most requests leave in one write
	}
}

// Name implements gateway.Upstream.
func (h *HTTP) Name() string { return h.name }

// CloseIdleConnections lets go of connections nobody is using.
func (h *HTTP) CloseIdleConnections() {
	if c, ok := h.transport.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Do implements gateway.Upstream.
func (h *HTTP) Do(ctx context.Context, call gateway.Call) (*gateway.Reply, error) {
	watched, watch := newWatchdog(ctx, h.firstByte, h.total)
	if !h.speaks(call.API) {
		watch.stop()
		return nil, &gateway.UpstreamError{Upstream: h.name, Kind: gateway.ErrNotServed}
	}
	req, err := h.request(watched, call)
	if err != nil {
		watch.stop()
		return nil, h.fail(ctx, watched, gateway.ErrUpstreamDown, err)
	}
	resp, err := h.transport.RoundTrip(req)
	if err != nil {
		err = h.fail(ctx, watched, gateway.ErrUpstreamDown, err)
		watch.stop()
		return nil, err
	}
	body, err := decoded(resp)
	if err != nil {
		_ = resp.Body.Close()
		watch.stop()
		return nil, &gateway.UpstreamError{Upstream: h.name, Kind: gateway.ErrUpstreamInvalid, Cause: err}
	}
	watch.rearm(h.idle)
	reply := &gateway.Reply{Status: resp.StatusCode, Header: endToEnd(resp.Header), Upstream: h.name}
	reply.Body = &answerBody{Reader: body, raw: resp.Body, watch: watch, idle: h.idle, fail: func(err error) error {
		return h.fail(ctx, watched, gateway.ErrUpstreamCut, err)
	}}
	if resp.StatusCode >= http.StatusBadRequest {
		return h.redacted(reply, call), nil
	}
	return reply, nil
}

// request builds the outgoing request. Its body is always bytes of our own: handing an
// inbound body to the transport loses the ends of streams (golang/go#40747).
func (h *HTTP) request(ctx context.Context, call gateway.Call) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, call.Method, h.target(call), bytes.NewReader(call.Body))
	if err != nil {
		return nil, err
	}
	if call.Header != nil {
		req.Header = call.Header.Clone()
	}
	for name, value := range h.headers {
		req.Header.Set(name, value)
	}
	h.authorize(req.Header, call)
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "ragway")
	}
	return req, nil
}

// target is the address of a call.
func (h *HTTP) target(call gateway.Call) string {
	target := h.base(call.API)
	if h.deployments && call.Model != "" {
		target += "/" + url.PathEscape(call.Model)
	}
	target += call.Path
	query := call.Query
	if len(h.query) > 0 {
		if query != "" {
			query += "&"
		}
		query += h.query.Encode()
	}
	if query != "" {
		target += "?" + query
	}
	return target
}

// fail makes the typed error of what the transport said. The caller's own cancellation
// stays recognisable; a watchdog's is a timeout.
func (h *HTTP) fail(ctx, watched context.Context, kind error, err error) error {
	if ctx.Err() != nil {
		return &gateway.UpstreamError{Upstream: h.name, Kind: kind, Cause: context.Cause(ctx)}
	}
	var expired *expiredError
	if errors.As(context.Cause(watched), &expired) {
		return &gateway.UpstreamError{Upstream: h.name, Kind: gateway.ErrUpstreamTimeout, Cause: expired}
	}
	return &gateway.UpstreamError{Upstream: h.name, Kind: kind, Cause: errors.New(h.redact.text(plainCause(err)))}
}

// plainCause is err without the URL that net/http likes to put in front of it.
func plainCause(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "connection closed in the middle"
	}
	return err.Error()
}

// errorBodyLimit bounds an error answer, which is read whole before it is passed on.
const errorBodyLimit = 1 << 20

// redacted reads an error answer whole and takes secrets out of it: providers quote the
// key they refuse.
func (h *HTTP) redacted(reply *gateway.Reply, call gateway.Call) *gateway.Reply {
	data, err := io.ReadAll(io.LimitReader(reply.Body, errorBodyLimit))
	_ = reply.Body.Close()
	clean := h.redact.with(call.Credential).bytes(data)
	reply.Header.Del("Content-Length")
	reply.Body = io.NopCloser(bytes.NewReader(clean))
	if err != nil {
		reply.Body = io.NopCloser(io.MultiReader(bytes.NewReader(clean), failingReader{err}))
	}
	return reply
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

var _ fmt.Stringer = (*HTTP)(nil)

// String shows where prompts go, without the key.
func (h *HTTP) String() string {
	return strings.Join(slices.Compact(slices.Sorted(maps.Values(h.bases))), ", ")
}
