package openai

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pacer decides when a request may start, for all requests of an Embedder: not while the
// server wants a pause, not beyond the rates that were configured, and not more at once
// than the server has shown it takes.
type pacer struct {
	window   window
	requests *rate.Limiter
	tokens   *rate.Limiter

	mu    sync.Mutex
	until time.Time
}

func newPacer(o Options) *pacer {
	return &pacer{
		window:   newWindow(o.Concurrency),
		requests: perMinute(o.RequestsPerMinute, 1),
		tokens:   perMinute(o.TokensPerMinute, o.MaxBatchTokens),
	}
}

// unpaced only pauses when the server asks for it.
func unpaced() *pacer { return newPacer(Options{Concurrency: math.MaxInt32}) }

// perMinute allows n a minute in bursts of a second's worth, or of least where that is
// more: servers measure their limits over seconds, and one request must fit.
func perMinute(n, least int) *rate.Limiter {
	if n == 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(n)/60, max(n/60, least))
}

// pause lets no request start for d, longer if a longer pause is on already.
func (p *pacer) pause(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := time.Now().Add(d); until.After(p.until) {
		p.until = until
	}
}

// wait returns when a request of so many tokens may be sent, or with the context's error.
func (p *pacer) wait(ctx context.Context, tokens int) error {
	if err := p.requests.Wait(ctx); err != nil {
		return err
	}
	if burst := p.tokens.Burst(); burst > 0 {
		if err := p.tokens.WaitN(ctx, min(tokens, burst)); err != nil {
			return err
		}
	}
	for {
		p.mu.Lock()
		left := time.Until(p.until)
		p.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}

type tokensKey struct{}

// withTokens notes how many tokens a request holds for the pacer below the client.
func withTokens(ctx context.Context, n int) context.Context {
	return context.WithValue(ctx, tokensKey{}, n)
}

func tokensOf(ctx context.Context) int {
	n, _ := ctx.Value(tokensKey{}).(int)
	return n
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
