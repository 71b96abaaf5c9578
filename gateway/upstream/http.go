package upstream

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ragway/gateway"
)

// HTTPOptions configures an HTTP upstream. BaseURL is required.
type HTTPOptions struct {
	Name    string // default: the host of BaseURL
	BaseURL string // with the version, as OPENAI_BASE_URL has it: https://api.openai.com/v1
	Key     string // sent as a bearer token; empty for none

	ConnectTimeout   time.Duration // default 10 s: a dead host is known long before that
	FirstByteTimeout time.Duration // default 5 min: a long prompt on a slow machine
	IdleTimeout      time.Duration // between two reads of an answer; default 2 min
	TotalTimeout     time.Duration // default 30 min: reasoning models answer that late

	Transport http.RoundTripper // default: one of its own
}

// HTTP forwards calls to a server that speaks OpenAI's API.
type HTTP struct {
	name      string
	base      string
	key       string
	redact    redactor
	transport http.RoundTripper

	firstByte, idle, total time.Duration
}

var _ gateway.Upstream = (*HTTP)(nil)

// NewHTTP returns an upstream at o.BaseURL. It connects to nothing yet.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	base, err := url.Parse(o.BaseURL)
	switch {
	case o.BaseURL == "":
		return nil, errors.New("upstream: BaseURL is missing")
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, errors.New("upstream: BaseURL: want http(s)://host[:port][/path]")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("upstream: BaseURL: want no user, query or fragment; the key has its own setting")
	}
	o.applyDefaults(base)
	return &HTTP{
		name: o.Name, base: strings.TrimRight(o.BaseURL, "/"), key: o.Key, redact: newRedactor(o.Key),
		transport: o.Transport,
		firstByte: o.FirstByteTimeout, idle: o.IdleTimeout, total: o.TotalTimeout,
	}, nil
}

func (o *HTTPOptions) applyDefaults(base *url.URL) {
	o.Name = cmp.Or(o.Name, base.Host)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 10*time.Second)
	o.FirstByteTimeout = cmp.Or(o.FirstByteTimeout, 5*time.Minute)
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 2*time.Minute)
	o.TotalTimeout = cmp.Or(o.TotalTimeout, 30*time.Minute)
	if o.Transport == nil {
		o.Transport = newTransport(o.ConnectTimeout)
	}
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
		return h.redacted(reply), nil
	}
	return reply, nil
}

// request builds the outgoing request. Its body is always bytes of our own: handing an
// inbound body to the transport loses the ends of streams (golang/go#40747).
func (h *HTTP) request(ctx context.Context, call gateway.Call) (*http.Request, error) {
	target := h.base + call.Path
	if call.Query != "" {
		target += "?" + call.Query
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, target, bytes.NewReader(call.Body))
	if err != nil {
		return nil, err
	}
	if call.Header != nil {
		req.Header = call.Header.Clone()
	}
	if h.key != "" {
		req.Header.Set("Authorization", "Bearer "+h.key)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "ragway")
	}
	return req, nil
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
func (h *HTTP) redacted(reply *gateway.Reply) *gateway.Reply {
	data, err := io.ReadAll(io.LimitReader(reply.Body, errorBodyLimit))
	_ = reply.Body.Close()
	clean := h.redact.bytes(data)
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
func (h *HTTP) String() string { return h.base }
