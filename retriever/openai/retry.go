package openai

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	firstWait   = 500 * time.Millisecond // doubled with each attempt
	longestWait = 30 * time.Second       // of our own; a server may ask for more
	totalWait   = 5 * time.Minute        // over the attempts of one request
	maxVectors  = 256 << 20              // bytes of an answer; 2,048 vectors of 3,072 numbers are some 90 MB of JSON
)

// retrying tries a request again when that may help: after 429, 408 and 5xx and when the
// connection fails. It waits as long as the server asks in Retry-After, else twice as long
// each time, and gives up early rather than wait beyond the context's deadline.
//
// It reads answers whole, so that one that breaks off is a failed connection like others.
type retrying struct {
	next    http.RoundTripper
	query   string // raw query string of every request
	retries int
	timeout time.Duration // of one attempt
	most    int64         // bytes of an answer
	pacer   *pacer
	log     *slog.Logger
}

func newRetrying(o Options, query string) *retrying {
	return &retrying{next: o.Transport, query: query, retries: o.MaxRetries, timeout: o.Timeout, most: maxVectors, pacer: newPacer(o), log: o.Logger}
}

func (t *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx := req.Context()
	waited := time.Duration(0)
	for attempt := 1; ; attempt++ {
		resp, err := t.paced(req)
		if ctx.Err() != nil || attempt > t.retries || !worthRetrying(resp, err) {
			return resp, err
		}
		wait := backoff(attempt)
		if asked, ok := retryAfter(resp); ok {
			wait = asked
		}
		if waited += wait; waited > totalWait || beyondDeadline(ctx, wait) {
			return resp, err
		}
		t.log.WarnContext(ctx, "embedding request will be repeated", "attempt", attempt, "status", status(resp), "wait", wait)
		if isOverload(resp) {
			t.pacer.pause(wait)
		} else if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// paced sends the request once, when its time has come.
func (t *retrying) paced(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if err := t.pacer.wait(ctx, tokensOf(ctx)); err != nil {
		return nil, err
	}
	ticket, err := t.pacer.window.enter(ctx)
	if err != nil {
		return nil, err
	}
	resp, err := t.attempt(req)
	t.pacer.window.leave(ticket, isOverload(resp))
	return resp, err
}

// attempt sends the request once and reads the answer.
func (t *retrying) attempt(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(req.Context(), t.timeout, fmt.Errorf("no answer within %v", t.timeout))
	defer cancel()
	r := req.Clone(ctx)
	r.URL.RawQuery = t.query
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, causeOf(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, t.most+1))
	switch {
	case err != nil:
		return nil, causeOf(ctx, err)
	case int64(len(body)) > t.most:
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, t.most)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

var errTooLarge = errors.New("answer too large")

// causeOf is why ctx ended, if it did, else err.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func worthRetrying(resp *http.Response, err error) bool {
	if err != nil {
		var certificate *tls.CertificateVerificationError
		return !errors.Is(err, errTooLarge) && !errors.As(err, &certificate)
	}
	switch code := resp.StatusCode; code {
	case http.StatusTooManyRequests:
		return !outOfQuota(resp)
	case http.StatusRequestTimeout:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	default:
		return code >= 500
	}
}

// outOfQuota reports whether a 429 says that the account is empty, which no waiting cures.
func outOfQuota(resp *http.Response) bool {
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return bytes.Contains(body, []byte(`"insufficient_quota"`))
}

// isOverload reports whether the answer is about the server as a whole, not one request.
func isOverload(resp *http.Response) bool {
	return resp != nil && (resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable)
}

// retryAfter is the wait that the server asks for, in milliseconds (OpenAI's own header),
// seconds or as a date, which is read by the server's clock where the answer shows it.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	if ms, err := strconv.ParseFloat(resp.Header.Get("Retry-After-Ms"), 64); err == nil {
		return bounded(ms * float64(time.Millisecond))
	}
	value := resp.Header.Get("Retry-After")
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		return bounded(s * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return bounded(float64(at.Sub(now)))
}

// bounded turns nanoseconds into a wait; what is absurd exceeds totalWait and ends the attempts.
func bounded(ns float64) (time.Duration, bool) {
	if ns != ns {
		return 0, false
	}
	return time.Duration(min(max(ns, 0), float64(2*totalWait))), true
}

// backoff is the wait after the given attempt, from 1, with a quarter of jitter.
func backoff(attempt int) time.Duration {
	d := min(firstWait<<min(attempt-1, 10), longestWait)
	return d - d/8 + rand.N(d/4)
}

func beyondDeadline(ctx context.Context, wait time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < wait
}

func status(resp *http.Response) string {
	if resp == nil {
		return "no answer"
	}
	return resp.Status
}
