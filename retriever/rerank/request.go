package rerank

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// ask gets the scores of one batch. It tries once more after 429 and 503 when the deadline
// leaves room for the wait and for an attempt as long as the first. The slot is kept
// meanwhile, so that an overloaded server is asked less.
func (r *Reranker) ask(ctx context.Context, query string, passages []string) ([]float64, error) {
	body, err := r.encode(query, passages)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	a, err := r.post(ctx, body)
	if wait := a.wait(); err == nil && a.overloaded() && leavesRoom(ctx, wait, time.Since(started)) {
		r.opts.Logger.WarnContext(ctx, "rerank request will be repeated", "status", a.status, "wait", wait)
		if sleep(ctx, wait) != nil {
			return nil, context.Cause(ctx)
		}
		a, err = r.post(ctx, body)
	}
	switch {
	case err != nil:
		return nil, err
	case a.status/100 != 2:
		return nil, r.refusal(a)
	}
	scores, err := parse(r.opts.Shape, a.body, len(passages))
	if err != nil {
		return nil, &redacted{r.redact(err.Error()), err}
	}
	return scores, nil
}

func (r *Reranker) encode(query string, passages []string) ([]byte, error) {
	short := make([]string, len(passages))
	for i, p := range passages {
		short[i] = cut(p, r.opts.MaxChars)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // six bytes for a "<" add up in source code
	err := e.Encode(r.opts.Shape.request(r.opts.Model, query, short))
	return b.Bytes(), err
}

// answer is what the server said, whole.
type answer struct {
	status   int
	header   http.Header
	redirect string // scheme and host that it points to, empty if to none
	body     []byte
}

// post sends a body once and reads the answer.
func (r *Reranker) post(ctx context.Context, body []byte) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.address, bytes.NewReader(body))
	if err != nil {
		return answer{}, r.explain(ctx, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	// Not sent, but tells net/http that it may repeat the request when the server closed an
	// idle connection just then.
	req.Header["Idempotency-Key"] = []string{}
	if r.opts.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+r.opts.APIKey)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, r.explain(ctx, err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if to, err := resp.Location(); err == nil && a.status/100 == 3 {
		a.redirect = to.Scheme + "://" + to.Host
	}
	a.body, err = r.read(ctx, resp, maxReply(body))
	return a, err
}

// maxReply bounds the reply to a request, in bytes. vLLM returns the passages with the
// scores whether asked to or not, and servers that write ASCII make up to three bytes of one.
func maxReply(request []byte) int64 { return 1<<20 + 4*int64(len(request)) }

const maxErrorBody = 64 << 10 // bytes; the message is at its beginning

func (r *Reranker) read(ctx context.Context, resp *http.Response, most int64) ([]byte, error) {
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // the status says enough
		return body, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return nil, r.explain(ctx, err)
	case int64(len(body)) > most:
		return nil, fmt.Errorf("%w: answer of more than %d bytes", ErrBadReply, most)
	}
	return body, nil
}

func (a answer) overloaded() bool {
	return a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
}

// wait is how long the server asks to be left alone, in seconds or until a date, which is
// read by the server's clock where the answer shows it. A quarter of a second, give or
// take, where it does not say: TEI does not.
func (a answer) wait() time.Duration {
	value := a.header.Get("Retry-After")
	if s, err := strconv.ParseFloat(value, 64); err == nil && s >= 0 {
		return time.Duration(min(s, 1e6) * float64(time.Second)) // a million has no room anywhere
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 200*time.Millisecond + rand.N(100*time.Millisecond)
	}
	now, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(at.Sub(now), 0)
}

func leavesRoom(ctx context.Context, wait, attempt time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline)-attempt > wait
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
