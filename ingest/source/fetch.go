package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ragway/ingest"
)

const (
	mostHops     = 10               // redirects of a page
	mostAttempts = 4                // at a page whose server is busy
	longestPause = 2 * time.Minute  // between them, also when the server asks for more
	longestFetch = 10 * time.Minute // of one page, to its last byte
)

var (
	errGone       = ingest.Failf(ingest.Unreadable, "the page is not there")
	errDisallowed = ingest.Failf(ingest.Unreadable, "robots.txt does not allow it")
)

// fetcher gets pages, politely: it asks each host for its robots.txt and keeps to it, and
// to a rate. It may be used by several goroutines.
type fetcher struct {
	client    *http.Client
	transport *http.Transport
	userAgent string
	rate      rate.Limit
	logger    *slog.Logger
	pause     func(context.Context, time.Duration) error

	mu    sync.Mutex
	hosts map[string]*host
}

// host is by scheme, name and port, as robots.txt is.
type host struct {
	limiter *rate.Limiter

	mu     sync.Mutex // held while robots.txt is fetched
	robots *robots    // nil: not known yet
	err    error      // why it could not be had
}

func newFetcher(o Options) *fetcher {
	dialer := &net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	if !o.HTTP.AllowPrivate {
		dialer.Control = onlyPublic
	}
	// No proxy: what it would connect to could not be looked at.
	transport := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
	return &fetcher{
		transport: transport, userAgent: o.UserAgent, rate: rate.Limit(o.HTTP.Rate), logger: o.Logger, pause: pause, hosts: map[string]*host{},
		client: &http.Client{
			Transport: transport, Timeout: longestFetch,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // each hop is ours to check
		},
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// answer is a page, or the word that it is what it was.
type answer struct {
	url    *url.URL // where redirects ended
	header http.Header
	same   pageToken     // when it is what it was; then there is no body
	body   io.ReadCloser // uncompressed
}

// get follows redirects, each hop checked as the first. known, which may be nil, is the
// token that is known for an address, to ask whether it still holds. The error is errGone
// for a page that does not exist, and errDisallowed where robots.txt says so.
func (f *fetcher) get(ctx context.Context, u *url.URL, known func(*url.URL) pageToken) (*answer, error) {
	for range mostHops {
		allowed, err := f.allowed(ctx, u)
		if err != nil {
			return nil, err
		}
		if !allowed {
			return nil, errDisallowed
		}
		var token pageToken
		if known != nil {
			token = known(u)
		}
		resp, err := f.ask(ctx, u, token)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode == http.StatusOK {
			return &answer{url: u, header: resp.Header, body: resp.Body}, nil
		}
		drop(resp)
		switch {
		case resp.StatusCode == http.StatusNotModified && token.validator != "":
			return &answer{url: u, header: resp.Header, same: token}, nil
		case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone:
			return nil, errGone
		case !isRedirect(resp.StatusCode):
			return nil, ingest.Failf(ingest.Unreadable, "the server answered %s", statusText(resp.StatusCode))
		}
		if u, err = redirect(u, resp.Header.Get("Location")); err != nil {
			return nil, err
		}
	}
	return nil, ingest.Failf(ingest.Unreadable, "more than %d redirects", mostHops)
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func redirect(from *url.URL, location string) (*url.URL, error) {
	to, err := url.Parse(location)
	if err == nil && location != "" {
		to, err = normalURL(from.ResolveReference(to))
	}
	if err != nil || location == "" {
		return nil, ingest.Failf(ingest.Unreadable, "redirected to what is not an address of a page")
	}
	return to, nil
}

// drop ends an answer whose body nobody needs; a short one is read so that its connection
// can be used again.
func drop(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 16<<10)
	resp.Body.Close()
}

func statusText(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// ask sends one request, again where the server is busy and says so. Any other answer is
// the caller's.
func (f *fetcher) ask(ctx context.Context, u *url.URL, token pageToken) (*http.Response, error) {
	h := f.host(u)
	for attempt := 1; ; attempt++ {
		if err := h.limiter.Wait(ctx); err != nil {
			return nil, err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return nil, ingest.Failf(ingest.Unreadable, "%w", withoutURL(err))
		}
		req.Header.Set("User-Agent", f.userAgent)
		req.Header.Set("Accept", "text/html,application/xhtml+xml,application/pdf;q=0.9,text/*;q=0.9,*/*;q=0.5")
		token.condition(req.Header)
		f.logger.Debug("get", "host", u.Host, "path", u.Path, "attempt", attempt)
		resp, err := f.client.Do(req)
		if err != nil {
			return nil, ingest.Failf(ingest.Unreadable, "%w", withoutURL(err))
		}
		if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusServiceUnavailable {
			return resp, nil
		}
		wait := retryAfter(resp.Header, time.Second<<(attempt-1))
		if attempt == mostAttempts || wait > longestPause {
			return resp, nil
		}
		drop(resp)
		if err := f.pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// retryAfter is what the server asks for, in seconds or as a date, else fallback.
func retryAfter(h http.Header, fallback time.Duration) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return fallback
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(until.Sub(now), 0)
}

// withoutURL keeps query strings, which may hold keys, out of messages.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && errors.Is(op.Err, ErrPrivateAddress) {
		err = op.Err
	}
	return err
}

// forget makes the fetcher ask hosts for their robots.txt again.
func (f *fetcher) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.hosts)
}

func (f *fetcher) host(u *url.URL) *host {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := u.Scheme + "://" + u.Host
	h := f.hosts[key]
	if h == nil {
		h = &host{limiter: rate.NewLimiter(f.rate, 1)}
		f.hosts[key] = h
	}
	return h
}

func (f *fetcher) allowed(ctx context.Context, u *url.URL) (bool, error) {
	r, err := f.robots(ctx, u)
	if err != nil {
		return false, err
	}
	path := u.EscapedPath()
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return r.allows(path), nil
}

// robots asks a host for its robots.txt once. One that does not exist allows all; one
// that could not be had allows nothing (RFC 9309, 2.3.1).
func (f *fetcher) robots(ctx context.Context, u *url.URL) (robots, error) {
	h := f.host(u)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return robots{}, h.err
	}
	if h.robots != nil {
		return *h.robots, nil
	}
	r, err := f.fetchRobots(ctx, &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"})
	if err != nil {
		if ctx.Err() == nil {
			h.err = err
		}
		return robots{}, err
	}
	h.robots = &r
	if r.delay > 0 {
		h.limiter.SetLimit(min(f.rate, rate.Every(r.delay)))
	}
	return r, nil
}

func (f *fetcher) fetchRobots(ctx context.Context, u *url.URL) (robots, error) {
	for range mostHops {
		resp, err := f.ask(ctx, u, pageToken{})
		if errors.Is(err, ErrPrivateAddress) {
			return robots{}, err
		}
		if err != nil {
			return robots{}, fmt.Errorf("robots.txt: %w", err)
		}
		switch status := resp.StatusCode; {
		case status == http.StatusOK:
			defer resp.Body.Close()
			return parseRobots(resp.Body), nil
		case isRedirect(status):
			drop(resp)
			if u, err = redirect(u, resp.Header.Get("Location")); err != nil {
				return robots{}, fmt.Errorf("robots.txt: %w", err)
			}
		case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			drop(resp)
			return robots{}, nil
		default:
			drop(resp)
			return robots{}, ingest.Failf(ingest.Unreadable, "robots.txt: the server answered %s, so nothing may be fetched", statusText(status))
		}
	}
	return robots{}, nil // too many redirects are as if there were none (RFC 9309, 2.3.1.2)
}

// pageToken says which version of a page was seen, where, and as what. As text it is an
// ingest.Item's token.
type pageToken struct {
	url       string // where redirects ended
	mime      string // Content-Type
	validator string // an ETag, or "since " and a Last-Modified; "": the server named no version
}

// mostValidator bounds what is kept of a server's own words.
const mostValidator = 1 << 10

// tokenOf reads an answer's validators. A page that was changed within two seconds before
// the answer could change once more and keep its Last-Modified.
func tokenOf(u *url.URL, h http.Header) pageToken {
	t := pageToken{url: u.String(), mime: h.Get("Content-Type"), validator: h.Get("ETag")}
	if t.validator == "" {
		modified, err := http.ParseTime(h.Get("Last-Modified"))
		at, derr := http.ParseTime(h.Get("Date"))
		if err == nil && derr == nil && at.Sub(modified) > 2*time.Second {
			t.validator = "since " + h.Get("Last-Modified")
		}
	}
	if len(t.validator)+len(t.mime) > mostValidator || strings.Contains(t.url+t.mime, "\n") {
		t.validator = ""
	}
	return t
}

func (t pageToken) String() string {
	if t.validator == "" {
		return ""
	}
	return t.url + "\n" + t.mime + "\n" + t.validator
}

func parsePageToken(s string) (t pageToken) {
	t.url, s, _ = strings.Cut(s, "\n")
	t.mime, t.validator, _ = strings.Cut(s, "\n")
	return t
}

func (t pageToken) condition(h http.Header) {
	since, isTime := strings.CutPrefix(t.validator, "since ")
	switch {
	case t.validator == "":
	case isTime:
		h.Set("If-Modified-Since", since)
	default:
		h.Set("If-None-Match", t.validator)
	}
}
