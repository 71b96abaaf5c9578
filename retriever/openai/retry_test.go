package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// answers is a server that gives each answer once, then works. It notes when it was asked.
type answers struct {
	mu    sync.Mutex
	list  []http.HandlerFunc
	start time.Time
	asked []time.Duration
	works server
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, time.Since(a.start))
	var h http.Handler = &a.works
	if len(a.list) > 0 {
		h, a.list = a.list[0], a.list[1:]
	}
	a.mu.Unlock()
	h.ServeHTTP(w, r)
}

// refuse answers with a status and pairs of header names and values.
func refuse(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, `{"error":{"message":"later"}}`)
	}
}

func TestRetryWaitsAsAsked(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answer   func() http.HandlerFunc
		min, max time.Duration
	}{
		{"seconds", func() http.HandlerFunc { return refuse(429, "Retry-After", "7") }, 7 * time.Second, 7 * time.Second},
		{"milliseconds", func() http.HandlerFunc { return refuse(429, "Retry-After-Ms", "120", "Retry-After", "1") }, 120 * time.Millisecond, 120 * time.Millisecond},
		{"date by our clock", func() http.HandlerFunc {
			return refuse(503, "Retry-After", time.Now().UTC().Add(9*time.Second).Format(http.TimeFormat))
		}, 8 * time.Second, 9 * time.Second},
		{"date by the server's clock", func() http.HandlerFunc {
			return refuse(429, "Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT", "Date", "Wed, 21 Oct 2015 07:28:00 GMT")
		}, 30 * time.Second, 30 * time.Second},
		{"nothing said", func() http.HandlerFunc { return refuse(500) }, 400 * time.Millisecond, 600 * time.Millisecond},
		{"nonsense", func() http.HandlerFunc { return refuse(429, "Retry-After", "soon") }, 400 * time.Millisecond, 600 * time.Millisecond},
		{"date gone by", func() http.HandlerFunc { return refuse(429, "Retry-After", "Thu, 21 Oct 1999 07:28:00 GMT") }, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: []http.HandlerFunc{tt.answer()}, start: time.Now()}
				embed(t, newTest(t, a, Options{}), "a")
				if len(a.asked) != 2 || a.asked[1] < tt.min || a.asked[1] > tt.max {
					t.Errorf("asked after %v, want twice, the second after %v to %v", a.asked, tt.min, tt.max)
				}
			})
		})
	}
}

func TestWhatIsRetried(t *testing.T) {
	quota := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(429)
		io.WriteString(w, `{"error":{"message":"pay","code":"insufficient_quota"}}`)
	}
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   int // requests
	}{
		{"429", refuse(429), 2},
		{"500", refuse(500), 2},
		{"502", refuse(502), 2},
		{"529", refuse(529), 2},
		{"408", refuse(408), 2},
		{"400", refuse(400), 1},
		{"401", refuse(401), 1},
		{"404", refuse(404), 1},
		{"413", refuse(413), 1},
		{"501", refuse(501), 1},
		{"an empty account", quota, 1},
		{"a wait of an hour", refuse(429, "Retry-After", "3600"), 1},
		{"a wait of a million years", refuse(429, "Retry-After", "1e300"), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: []http.HandlerFunc{tt.answer}, start: time.Now()}
				_, err := newTest(t, a, Options{}).Embed(context.Background(), retriever.DocumentText, []string{"a"})
				var status *StatusError
				if len(a.asked) != tt.want || errors.As(err, &status) != (tt.want == 1) {
					t.Errorf("asked %d times and %v, want %d times", len(a.asked), err, tt.want)
				}
			})
		})
	}
}

func TestRetriesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{start: time.Now()}
		for range 20 {
			a.list = append(a.list, refuse(503))
		}
		_, err := newTest(t, a, Options{MaxRetries: 3}).Embed(context.Background(), retriever.DocumentText, []string{"a"})
		if err == nil || err.Error() != "embed text 0: status 503: later" || len(a.asked) != 4 {
			t.Errorf("%v after %d requests, want status 503 after 4", err, len(a.asked))
		}
	})
}

// flaky fails in the given ways below HTTP before it works.
type flaky struct {
	fail []func(*http.Request) (*http.Response, error)
	next http.RoundTripper
	n    int
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	if f.n++; f.n <= len(f.fail) {
		return f.fail[f.n-1](r)
	}
	return f.next.RoundTrip(r)
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (brokenBody) Close() error             { return nil }

func TestBrokenConnectionsAreRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }
		cut := func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: brokenBody{}}, nil
		}
		silent := func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		f := &flaky{fail: []func(*http.Request) (*http.Response, error){refused, cut, silent}, next: inMemory{&server{}}}
		if diff := cmp.Diff([]retriever.Vector{unit(1)}, embed(t, newTest(t, nil, Options{Transport: f}), "a")); diff != "" || f.n != 4 {
			t.Errorf("%d attempts, want 4 (-want +got)\n%s", f.n, diff)
		}
		f = &flaky{fail: []func(*http.Request) (*http.Response, error){silent}}
		_, err := newTest(t, nil, Options{Transport: f, MaxRetries: -1, Timeout: time.Second}).Embed(context.Background(), retriever.DocumentText, []string{"a"})
		if err == nil || err.Error() != "embed text 0: no answer within 1s" {
			t.Errorf("error %v", err)
		}
	})
}

func TestOverloadPausesAllBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{list: []http.HandlerFunc{refuse(429, "Retry-After", "20")}, start: time.Now()}
		e := newTest(t, a, Options{MaxBatch: 1, Concurrency: 1})
		texts := numbered(3)
		var wg sync.WaitGroup
		wg.Go(func() { embed(t, e, texts...) })
		synctest.Wait()
		other := newTest(t, a, Options{MaxBatch: 1, Concurrency: 4})
		other.client = e.client // same pacer
		wg.Go(func() { embed(t, other, texts...) })
		wg.Wait()
		if len(a.asked) != 7 {
			t.Fatalf("%d requests, want 7", len(a.asked))
		}
		for _, at := range a.asked[1:] {
			if at < 20*time.Second {
				t.Errorf("asked after %v, want nothing before 20 s", at)
			}
		}
	})
}

func TestCancelStopsWaitingAtOnce(t *testing.T) {
	for name, status := range map[string]int{"paused": 429, "backing off": 500} {
		synctest.Test(t, func(t *testing.T) {
			a := &answers{list: []http.HandlerFunc{refuse(status, "Retry-After", "60")}, start: time.Now()}
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			_, err := newTest(t, a, Options{}).Embed(ctx, retriever.DocumentText, []string{"a"})
			if took := time.Since(a.start); !errors.Is(err, context.Canceled) || took != time.Second {
				t.Errorf("%s: %v after %v, want the cancellation after 1s", name, err, took)
			}
		})
	}
}

func TestDeadlineBeforeTheRetryFailsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{list: []http.HandlerFunc{refuse(429, "Retry-After", "60")}, start: time.Now()}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := newTest(t, a, Options{}).Embed(ctx, retriever.DocumentText, []string{"a"})
		var status *StatusError
		if took := time.Since(a.start); !errors.As(err, &status) || took != 0 {
			t.Errorf("%v after %v, want status 429 at once", err, took)
		}
	})
}

func TestBackoffGrowsWithinBounds(t *testing.T) {
	for attempt := 1; attempt < 100; attempt++ {
		want := min(firstWait<<min(attempt-1, 10), longestWait)
		if d := backoff(attempt); d < want*7/8 || d > want*9/8 {
			t.Errorf("attempt %d: %v, want about %v", attempt, d, want)
		}
	}
}
