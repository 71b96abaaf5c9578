package rerank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ragway/retriever"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// request is what came in, in any shape.
type request struct {
	Query     string
	Documents []string
	Texts     []string
}

func (r request) passages() []string { return append(r.Documents, r.Texts...) }

// server scores a passage by its length and answers best first, as the real ones do.
type server struct {
	shape    Shape
	mu       sync.Mutex
	requests []request
	before   func(w http.ResponseWriter, r *http.Request, in request) (done bool)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in request
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, in)
	s.mu.Unlock()
	if s.before != nil && s.before(w, r, in) {
		return
	}
	field := "relevance_score"
	if s.shape == TEI {
		field = "score"
	}
	var results []map[string]any
	for i := len(in.passages()) - 1; i >= 0; i-- {
		results = append(results, map[string]any{"index": i, field: len(in.passages()[i])})
	}
	if s.shape == TEI {
		json.NewEncoder(w).Encode(results)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"results": results})
}

// inMemory calls a handler without a network, so that synctest can advance the clock.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func newTest(t *testing.T, h http.Handler, o Options) *Reranker {
	t.Helper()
	if o.Transport == nil {
		o.Transport = inMemory{h}
	}
	if o.BaseURL == "" {
		o.BaseURL = "http://reranker.test"
	}
	if o.Shape == "" {
		o.Shape = TEI
	}
	if o.Shape != TEI {
		o.Model = "m"
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// overNetwork serves h on a loopback listener and returns its address and a transport.
func overNetwork(t *testing.T, h http.Handler) (string, *http.Transport) {
	t.Helper()
	listening := httptest.NewServer(h)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		listening.Close()
	})
	return listening.URL, transport
}

// numbered are n passages of the lengths 1 to n.
func numbered(n int) (passages []string, scores []float64) {
	for i := range n {
		passages, scores = append(passages, strings.Repeat("x", i+1)), append(scores, float64(i+1))
	}
	return passages, scores
}

func TestShapesSpeakAsDocumented(t *testing.T) {
	passages := []string{"The capital of Brazil is Brasília.", "Paris is the capital of <France>.", "Horses and cows"}
	want := []float64{0.1204, 0.97812, 3.1e-05}
	documents := `"query":"capital of France?","documents":["The capital of Brazil is Brasília.","Paris is the capital of <France>.","Horses and cows"],"top_n":3`
	texts := `"query":"capital of France?","texts":["The capital of Brazil is Brasília.","Paris is the capital of <France>.","Horses and cows"]`
	for _, tt := range []struct {
		reply   string
		shape   Shape
		base    string
		model   string
		path    string
		request string
		named   string
	}{
		{"cohere.json", Cohere, "/v2", "rerank-v3.5", "/v2/rerank", `{"model":"rerank-v3.5",` + documents + `}`, "rerank-v3.5"},
		{"jina.json", Jina, "/v1/", "jina-reranker-v2-base-multilingual", "/v1/rerank", `{"model":"jina-reranker-v2-base-multilingual",` + documents + `,"return_documents":false}`, "jina-reranker-v2-base-multilingual"},
		{"vllm.json", Jina, "/v1", "m", "/v1/rerank", `{"model":"m",` + documents + `,"return_documents":false}`, "m"},
		{"infinity.json", Jina, "", "m", "/rerank", `{"model":"m",` + documents + `,"return_documents":false}`, "m"},
		{"tei.json", TEI, "?tenant=7", "", "/rerank?tenant=7", "{" + texts + `,"raw_scores":false,"truncate":true}`, "tei"},
	} {
		t.Run(tt.reply, func(t *testing.T) {
			var path, body string
			var header http.Header
			url, transport := overNetwork(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				path, body, header = r.Method+" "+r.URL.RequestURI(), strings.TrimSpace(string(b)), r.Header
				http.ServeFile(w, r.Clone(context.WithoutCancel(r.Context())), filepath.Join("testdata", tt.reply))
			}))
			r, err := New(Options{Shape: tt.shape, BaseURL: url + tt.base, APIKey: "sk-1", Model: tt.model, Transport: transport})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Rerank(t.Context(), "capital of France?", passages)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, scores (-want +got)\n%s", err, diff)
			}
			if path != "POST "+tt.path || header.Get("Authorization") != "Bearer sk-1" || header.Get("Content-Type") != "application/json" {
				t.Errorf("asked %s with %v, want POST %s", path, header, tt.path)
			}
			if _, sent := header["Idempotency-Key"]; sent {
				t.Error("an Idempotency-Key was sent")
			}
			if diff := cmp.Diff(tt.request, body); diff != "" {
				t.Errorf("request (-want +got)\n%s", diff)
			}
			if r.Model() != tt.named {
				t.Errorf("model %q, want %q", r.Model(), tt.named)
			}
		})
	}
}

func TestNoKeyNoHeader(t *testing.T) {
	s := &server{shape: TEI, before: func(_ http.ResponseWriter, r *http.Request, _ request) bool {
		if _, ok := r.Header["Authorization"]; ok {
			t.Error("an Authorization header was sent")
		}
		return false
	}}
	if _, err := newTest(t, s, Options{}).Rerank(t.Context(), "q", []string{"a"}); err != nil {
		t.Error(err)
	}
}

func TestNoPassagesNoCall(t *testing.T) {
	s := &server{}
	got, err := newTest(t, s, Options{}).Rerank(t.Context(), "q", nil)
	if got != nil || err != nil || len(s.requests) > 0 {
		t.Errorf("%v, %v after %d requests, want nothing", got, err, len(s.requests))
	}
}

func TestBatchesKeepTheOrderOfPassages(t *testing.T) {
	for _, tt := range []struct {
		shape    Shape
		size, n  int
		requests []int // passages in each
	}{
		{TEI, 0, 32, []int{32}},
		{TEI, 0, 70, []int{32, 32, 6}},
		{TEI, 64, 70, []int{64, 6}},
		{Jina, 0, 1001, []int{1000, 1}},
		{Cohere, 2, 3, []int{2, 1}},
	} {
		t.Run(fmt.Sprintf("%d of %s", tt.n, tt.shape), func(t *testing.T) {
			s := &server{shape: tt.shape}
			passages, want := numbered(tt.n)
			r := newTest(t, s, Options{Shape: tt.shape, BatchSize: tt.size, Concurrency: 1})
			got, err := r.Rerank(t.Context(), "q", passages)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, scores (-want +got)\n%s", err, diff)
			}
			var sizes []int
			var sent []string
			for _, in := range s.requests {
				sizes, sent = append(sizes, len(in.passages())), append(sent, in.passages()...)
			}
			if diff := cmp.Diff(tt.requests, sizes); diff != "" {
				t.Errorf("requests (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(passages, sent); diff != "" {
				t.Errorf("sent out of order (-want +got)\n%s", diff)
			}
		})
	}
}

func TestLongTextsAreCut(t *testing.T) {
	s := &server{shape: TEI}
	if _, err := newTest(t, s, Options{MaxChars: 12}).Rerank(t.Context(), "is this the question asked?", []string{"short", "one two four five"}); err != nil {
		t.Fatal(err)
	}
	want := []request{{Query: "is this the", Texts: []string{"short", "one two four"}}}
	if diff := cmp.Diff(want, s.requests); diff != "" {
		t.Errorf("sent (-want +got)\n%s", diff)
	}
}

func TestConcurrencyIsBoundedOverCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most int
		s := &server{shape: TEI, before: func(http.ResponseWriter, *http.Request, request) bool {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			<-time.After(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return false
		}}
		r := newTest(t, s, Options{BatchSize: 1, Concurrency: 3})
		passages, want := numbered(5)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if got, err := r.Rerank(t.Context(), "q", passages); err != nil || !cmp.Equal(want, got) {
					t.Errorf("%v, %v, want %v", got, err, want)
				}
			})
		}
		wg.Wait()
		if most != 3 || len(s.requests) != 10 {
			t.Errorf("%d requests, %d at once, want 10, 3 at once", len(s.requests), most)
		}
	})
}

// silent answers when the client gives up.
func silent(_ http.ResponseWriter, r *http.Request, _ request) bool {
	<-r.Context().Done()
	return true
}

func TestSlotsAreWaitedForNoLongerThanTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{shape: TEI, before: silent}
		r := newTest(t, s, Options{Concurrency: 1, Timeout: time.Hour})
		holder, release := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { r.Rerank(holder, "q", []string{"a"}) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		_, err := r.Rerank(ctx, "q", []string{"b"})
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 2*time.Second || len(s.requests) != 1 {
			t.Errorf("%v after %v and %d requests, want the deadline after 2s and 1", err, took, len(s.requests))
		}
		release()
		wg.Wait()
		s.before = nil
		if _, err := r.Rerank(t.Context(), "q", []string{"c"}); err != nil {
			t.Errorf("the slot is lost: %v", err)
		}
	})
}

func TestNothingIsAskedOnceTheContextHasEnded(t *testing.T) {
	s := &server{shape: TEI}
	r := newTest(t, s, Options{Concurrency: 1})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // select takes a free slot and an ended context at random
		if _, err := r.Rerank(ended, "q", []string{"a"}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if len(s.requests) > 0 || len(r.slots) > 0 {
		t.Errorf("%d requests and %d slots taken, want none", len(s.requests), len(r.slots))
	}
}

func TestEndsInTime(t *testing.T) {
	cancelled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(time.Second, func() { cancel(errors.New("the client went away")) })
		return ctx, func() { cancel(nil) }
	}
	deadline := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 2*time.Second)
	}
	for _, tt := range []struct {
		name  string
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		want  error
		other error
		text  string
		after time.Duration
	}{
		{"cancelled by the caller", cancelled, context.Canceled, retriever.ErrUnavailable, "rerank: context canceled", time.Second},
		{"deadline of the caller", deadline, context.DeadlineExceeded, retriever.ErrUnavailable, "rerank: context deadline exceeded", 2 * time.Second},
		{"own timeout", context.WithCancel, retriever.ErrUnavailable, context.DeadlineExceeded, "rerank: no answer within 5s", 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				start := time.Now()
				got, err := newTest(t, &server{before: silent}, Options{Timeout: 5 * time.Second}).Rerank(ctx, "q", []string{"a", "b"})
				if took := time.Since(start); got != nil || !errors.Is(err, tt.want) || errors.Is(err, tt.other) || err.Error() != tt.text || took != tt.after {
					t.Errorf("%v, %v after %v, want %q after %v", got, err, took, tt.text, tt.after)
				}
			})
		})
	}
}

func TestFirstFailureEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{shape: TEI, before: func(w http.ResponseWriter, r *http.Request, in request) bool {
			if in.Texts[0] != "xx" {
				return silent(w, r, in)
			}
			<-time.After(time.Second)
			w.WriteHeader(http.StatusFailedDependency)
			io.WriteString(w, `{"error":"Inference failed","error_type":"backend"}`)
			return true
		}}
		passages, _ := numbered(5)
		start := time.Now()
		got, err := newTest(t, s, Options{BatchSize: 1, Concurrency: 3}).Rerank(t.Context(), "q", passages)
		if got != nil || err == nil || err.Error() != "rerank passage 1: status 424: Inference failed" {
			t.Errorf("%v, %v, want status 424 of passage 1", got, err)
		}
		if took := time.Since(start); took != time.Second || len(s.requests) != 3 {
			t.Errorf("%v and %d requests, want 1s and 3", took, len(s.requests))
		}
	})
}

func TestBadOptionsAreNamed(t *testing.T) {
	good := Options{Shape: Cohere, BaseURL: "https://api.cohere.test/v2", Model: "m"}
	for _, tt := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.Shape = "openai" }, `reranker: shape "openai", want cohere, jina or tei`},
		{func(o *Options) { o.BaseURL = "" }, "reranker: BaseURL is required"},
		{func(o *Options) { o.BaseURL = "ftp://sk-secret@host" }, "reranker: BaseURL is no http or https address"},
		{func(o *Options) { o.BaseURL = "https://host\x00sk-secret" }, "reranker: BaseURL is no http or https address"},
		{func(o *Options) { o.BaseURL += "/rerank/" }, `reranker: BaseURL ends in "/rerank", which is put behind it`},
		{func(o *Options) { o.APIKey = "sk-secret\n" }, "reranker: APIKey holds a control character, such as the end of a line"},
		{func(o *Options) { o.Model = "" }, "reranker: Model is required"},
		{func(o *Options) { o.Timeout = -1 }, "reranker: a bound is negative"},
		{func(o *Options) { o.Concurrency = -1 }, "reranker: a bound is negative"},
		{func(o *Options) { o.BatchSize = -1 }, "reranker: a bound is negative"},
		{func(o *Options) { o.MaxChars = -1 }, "reranker: a bound is negative"},
	} {
		o := good
		tt.change(&o)
		if r, err := New(o); r != nil || err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

// recorded is a reply of testdata.
func recorded(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
