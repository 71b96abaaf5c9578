package openai

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ragway/retriever"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// request is what the client sent.
type request struct {
	Input          []string
	Model          string
	EncodingFormat string `json:"encoding_format"`
	Dimensions     int

	header  http.Header
	query   string
	givenUp <-chan struct{} // closed when the client cancels
}

type item struct {
	Index     *int `json:"index,omitempty"`
	Embedding any  `json:"embedding"`
}

// server is an honest /v1/embeddings whose vector of a text is (length, 1), or what mangle
// makes of its answer.
type server struct {
	mu       sync.Mutex
	requests []request
	mangle   func(w http.ResponseWriter, r request, data []item) (done bool, out []item)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || r.URL.Path != "/v1/embeddings" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	req.header, req.query, req.givenUp = r.Header, r.URL.RawQuery, r.Context().Done()
	s.mu.Lock()
	s.requests = append(s.requests, req)
	s.mu.Unlock()
	data := make([]item, len(req.Input))
	for i, text := range req.Input {
		data[i] = item{&i, encode(req, []float32{float32(len(text)), 1})}
	}
	if s.mangle != nil {
		done, out := s.mangle(w, req, data)
		if done {
			return
		}
		data = out
	}
	json.NewEncoder(w).Encode(map[string]any{"data": data, "usage": map[string]int{"prompt_tokens": len(req.Input)}})
}

func encode(req request, v []float32) any {
	if req.EncodingFormat != "base64" {
		return v
	}
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// inMemory calls a handler without a network, so that synctest can advance the clock.
type inMemory struct{ handler http.Handler }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	m.handler.ServeHTTP(w, r)
	return w.Result(), r.Context().Err()
}

func newTest(t *testing.T, h http.Handler, o Options) *Embedder {
	t.Helper()
	if o.Transport == nil {
		o.Transport = inMemory{h}
	}
	if o.BaseURL == "" {
		o.BaseURL = "http://embedder.test/v1"
	}
	o.Model = "m"
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func embed(t *testing.T, e *Embedder, texts ...string) []retriever.Vector {
	t.Helper()
	v, err := e.Embed(context.Background(), retriever.DocumentText, texts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// unit is the vector that the server's (n, 1) becomes.
func unit(n int) retriever.Vector {
	v := retriever.Vector{float32(n), 1}
	retriever.Normalize(v)
	return v
}

func numbered(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = strings.Repeat("x", i+1)
	}
	return texts
}

func TestVectorsComeBackInOrderOverRealConnections(t *testing.T) {
	for _, encoding := range []string{"float", "base64"} {
		s := &server{mangle: func(_ http.ResponseWriter, _ request, data []item) (bool, []item) {
			data[0], data[len(data)-1] = data[len(data)-1], data[0]
			return false, data
		}}
		listening := httptest.NewServer(s)
		transport := &http.Transport{}
		var tokens atomic.Int64
		e := newTest(t, nil, Options{BaseURL: listening.URL + "/v1/?api-version=3", Transport: transport, APIKey: "sk-1", Encoding: encoding,
			MaxBatch: 4, Dimensions: 2, DocumentPrefix: "d: ", OnTokens: func(n int) { tokens.Add(int64(n)) }})
		got := embed(t, e, numbered(10)...)
		for i, v := range got {
			if diff := cmp.Diff(unit(i+4), v); diff != "" {
				t.Errorf("%s: vector %d (-want +got)\n%s", encoding, i, diff)
			}
		}
		r := s.requests[0]
		if len(s.requests) != 3 || tokens.Load() != 10 {
			t.Errorf("%d requests and %d tokens, want 3 and 10", len(s.requests), tokens.Load())
		}
		if r.Model != "m" || r.Dimensions != 2 || r.EncodingFormat != encoding || r.query != "api-version=3" || r.header.Get("Authorization") != "Bearer sk-1" {
			t.Errorf("request %+v", r)
		}
		transport.CloseIdleConnections()
		listening.Close()
	}
}

func TestBatchesHoldCountAndTokens(t *testing.T) {
	e := newTest(t, &server{}, Options{MaxBatch: 3, MaxBatchTokens: 10, CountTokens: func(s string) int { return len(s) }})
	var got []string
	for _, b := range e.cut("", []string{"aaaa", "", "bbbb", "cccc", "d", " ", "e", "f", "gggggggggggg", "h"}) {
		got = append(got, b.String())
	}
	want := []string{"texts 0–2", "texts 3–6", "text 7", "text 8", "text 9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBlankTextsAreNotSent(t *testing.T) {
	s := &server{}
	got := embed(t, newTest(t, s, Options{}), "", "ab", " \n")
	if diff := cmp.Diff([]retriever.Vector{nil, unit(2), nil}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	embed(t, newTest(t, s, Options{}), "", "\t")
	embed(t, newTest(t, s, Options{}))
	if len(s.requests) != 1 {
		t.Errorf("%d requests, want 1", len(s.requests))
	}
}

func TestKindChoosesPrefix(t *testing.T) {
	s := &server{}
	e := newTest(t, s, Options{QueryPrefix: "query: ", DocumentPrefix: "passage: "})
	embed(t, e, "a")
	if _, err := e.Embed(context.Background(), retriever.QueryText, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	got := []string{s.requests[0].Input[0], s.requests[1].Input[0]}
	if diff := cmp.Diff([]string{"passage: a", "query: b"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDimensionIsLearnedFromTheFirstAnswer(t *testing.T) {
	e := newTest(t, &server{}, Options{})
	before := e.Fingerprint()
	embed(t, e, "a")
	if after := e.Fingerprint(); before.Dimension != 0 || after.Dimension != 2 {
		t.Errorf("dimension %d, then %d; want 0, then 2", before.Dimension, after.Dimension)
	}
}

func TestUntrustworthyAnswersAreErrorsThatNameTheBatch(t *testing.T) {
	replace := func(v any) func(request, []item) []item {
		return func(r request, data []item) []item {
			if f, ok := v.([]float32); ok {
				v = encode(r, f)
			}
			data[1].Embedding = v
			return data
		}
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		name, encoding string
		change         func(request, []item) []item
		want           string
		bad            bool
	}{
		{"too few", "", func(_ request, d []item) []item { return d[1:] }, "1 vectors came back for 2 texts", false},
		{"too many", "", func(_ request, d []item) []item { return append(d, d[0]) }, "3 vectors came back for 2 texts", false},
		{"same index", "", func(_ request, d []item) []item { d[1].Index = d[0].Index; return d }, "index 0 came back twice", false},
		{"no index", "", func(_ request, d []item) []item { d[1].Index = nil; return d }, "index 0 came back twice", false},
		{"index beyond", "", func(_ request, d []item) []item { n := 7; d[1].Index = &n; return d }, "index 7", false},
		{"dimension", "", replace([]float32{1, 2, 3}), "vector 1: dimension 3, want 2", true},
		{"empty", "", replace([]float32{}), "vector 1: dimension 0, want 2", true},
		{"zero", "", replace([]float32{0, 0}), "vector 1", true},
		{"null", "", replace(nil), "dimension 0", true},
		{"NaN", "base64", replace([]float32{nan, 1}), "vector 1", true},
		{"Inf", "base64", replace([]float32{1, inf}), "vector 1", true},
		{"no number", "", replace("text"), "unreadable answer", false},
		{"broken base64", "base64", replace("%%%"), "unreadable answer", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &server{mangle: func(_ http.ResponseWriter, r request, data []item) (bool, []item) {
				if strings.HasPrefix(r.Input[0], "fine") {
					return false, data
				}
				return false, tt.change(r, data)
			}}
			e := newTest(t, s, Options{MaxBatch: 2, Concurrency: 1, Encoding: tt.encoding})
			got, err := e.Embed(context.Background(), retriever.DocumentText, []string{"fine", "fine too", "x", "y", "fine"})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "embed texts 2–3: ") {
				t.Fatalf("error %v, want one of texts 2–3 with %q", err, tt.want)
			}
			if errors.Is(err, retriever.ErrBadVector) != tt.bad {
				t.Errorf("%v: ErrBadVector is %v, want %v", err, !tt.bad, tt.bad)
			}
			if len(got) != 2 {
				t.Errorf("%d vectors, want the 2 before the batch", len(got))
			}
		})
	}
}

func TestEarlierBatchesAreFinishedLaterOnesGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := make(chan struct{})
		s := &server{}
		s.mangle = func(w http.ResponseWriter, r request, data []item) (bool, []item) {
			switch r.Input[0] {
			case "first":
				<-broken
			case "second":
				close(broken)
				http.Error(w, `{"error":{"message":"too long"}}`, http.StatusBadRequest)
				return true, nil
			default:
				<-r.givenUp
			}
			return false, data
		}
		e := newTest(t, s, Options{MaxBatch: 1, Concurrency: 2})
		texts := append([]string{"first", "second"}, numbered(50)...)
		got, err := e.Embed(context.Background(), retriever.DocumentText, texts)
		if err == nil || err.Error() != "embed text 1: status 400: too long" {
			t.Errorf("error %v", err)
		}
		if diff := cmp.Diff([]retriever.Vector{unit(5)}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if n := len(s.requests); n > 3 { // one may have begun before the failure was known
			t.Errorf("%d requests, want the two and at most one more", n)
		}
	})
}

func TestSecretsNeverAppearInErrors(t *testing.T) {
	const key, query = "sk-very-secret", "sig=also-secret"
	for name, h := range map[string]http.HandlerFunc{
		"API error": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":{"message":"wrong key %s at %s"}}`, r.Header.Get("Authorization"), r.URL)
		},
		"plain error": func(w http.ResponseWriter, r *http.Request) { http.Error(w, r.URL.String()+key, http.StatusForbidden) },
		"redirect to a bad address": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://%zz/?"+query)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"not JSON": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, key) },
	} {
		e := newTest(t, h, Options{APIKey: key, BaseURL: "http://embedder.test/v1?" + query})
		_, err := e.Embed(context.Background(), retriever.DocumentText, []string{"a"})
		if err == nil || strings.Contains(err.Error(), key) || strings.Contains(err.Error(), query) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for want, o := range map[string]Options{
		"BaseURL is required":  {Model: "m"},
		"BaseURL is no http":   {Model: "m", BaseURL: "localhost:80/v1?key=s3cret"},
		"Model is required":    {BaseURL: "http://h/v1"},
		"want float or base64": {BaseURL: "http://h/v1", Model: "m", Encoding: "int8"},
		"negative":             {BaseURL: "http://h/v1", Model: "m", MaxBatch: -1},
	} {
		_, err := New(o)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}
