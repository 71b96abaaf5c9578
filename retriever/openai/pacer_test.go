package openai

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ragway/retriever"
)

// instant is a server that answers every request at once, in the time of a bubble.
type instant struct {
	mu      sync.Mutex
	busy    int
	most    int
	sent    []time.Time
	took    time.Duration
	refuses func(n int) bool // whether the n-th request, from 0, gets a 429
}

func (s *instant) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	n := len(s.sent)
	s.sent = append(s.sent, time.Now())
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	err := sleep(req.Context(), s.took)
	s.mu.Lock()
	s.busy--
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req}
	body := `{"data":[{"index":0,"embedding":[1,0]}]}`
	if s.refuses != nil && s.refuses(n) {
		resp.StatusCode, body = http.StatusTooManyRequests, `{"error":{"message":"slow down"}}`
		resp.Header.Set("Retry-After", "2")
	}
	resp.Body = readCloser{strings.NewReader(body)}
	return resp, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func embedOneByOne(t *testing.T, o Options, n int) {
	t.Helper()
	o.BaseURL, o.Model, o.MaxBatch = "http://localhost/v1", "m", 1
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strings.Repeat("x", 300) // 101 tokens by the default count
	}
	if _, err := e.Embed(t.Context(), retriever.DocumentText, texts); err != nil {
		t.Fatal(err)
	}
}

func TestRequestsKeepToTheConfiguredRates(t *testing.T) {
	for name, o := range map[string]Options{
		"requests": {RequestsPerMinute: 60},
		"tokens":   {TokensPerMinute: 60 * 101, MaxBatchTokens: 101},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &instant{took: time.Millisecond}
				o.Transport = s
				began := time.Now()
				embedOneByOne(t, o, 31)
				if got := time.Since(began).Round(time.Second); got != 30*time.Second {
					t.Errorf("31 requests at one a second took %v, want 30 s", got)
				}
			})
		})
	}
}

// A server that takes two at a time and refuses the rest is asked little more than it has
// to be, and the run ends complete.
func TestConcurrencyFollowsWhatTheServerTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &instant{took: 100 * time.Millisecond}
		refused := 0
		s.refuses = func(int) bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.busy >= 2 {
				refused++
				return true
			}
			return false
		}
		const texts = 200
		embedOneByOne(t, Options{Transport: s, Concurrency: 16, MaxRetries: 20}, texts)
		if got := len(s.sent); got != texts+refused {
			t.Errorf("%d requests for %d texts and %d refusals", got, texts, refused)
		}
		if refused > texts/4 {
			t.Errorf("%d requests were refused: the window does not follow", refused)
		}
		t.Logf("%d refused", refused)
	})
}

func TestAThirdRefusedEndsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := 0
		s := &instant{took: 10 * time.Millisecond, refuses: func(n int) bool {
			if n%3 == 1 {
				refused++
			}
			return n%3 == 1
		}}
		embedOneByOne(t, Options{Transport: s}, 100)
		if got := len(s.sent); got != 100+refused {
			t.Errorf("%d requests for 100 texts and %d refusals", got, refused)
		}
	})
}

func TestWaitersLeaveTheWindowWhenTheirContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWindow(1)
		ticket, err := w.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := w.enter(ctx)
			gone <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		w.leave(ticket, false)
		if _, err := w.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
