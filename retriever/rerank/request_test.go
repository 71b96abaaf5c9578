package rerank

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ragway/retriever"
)

// answers gives each answer once, then works. It notes when it was asked.
type answers struct {
	list  []http.HandlerFunc
	start time.Time
	asked []time.Duration
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.asked = append(a.asked, time.Since(a.start))
	if n := len(a.asked); n <= len(a.list) {
		a.list[n-1](w, r)
		return
	}
	(&server{shape: TEI}).ServeHTTP(w, r)
}

// refuse answers with a status and pairs of header names and values.
func refuse(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, `{"error":"Model is overloaded","error_type":"overloaded"}`)
	}
}

func TestRetryWaitsAsAsked(t *testing.T) {
	for _, tt := range []struct {
		name     string
		answer   func() http.HandlerFunc
		min, max time.Duration
	}{
		{"seconds", func() http.HandlerFunc { return refuse(429, "Retry-After", "7") }, 7 * time.Second, 7 * time.Second},
		{"a fraction of a second", func() http.HandlerFunc { return refuse(503, "Retry-After", "0.5") }, time.Second / 2, time.Second / 2},
		{"date by our clock", func() http.HandlerFunc {
			return refuse(503, "Retry-After", time.Now().UTC().Add(9*time.Second).Format(http.TimeFormat))
		}, 8 * time.Second, 9 * time.Second},
		{"date by the server's clock", func() http.HandlerFunc {
			return refuse(429, "Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT", "Date", "Wed, 21 Oct 2015 07:28:00 GMT")
		}, 30 * time.Second, 30 * time.Second},
		{"date gone by", func() http.HandlerFunc { return refuse(429, "Retry-After", "Thu, 21 Oct 1999 07:28:00 GMT") }, 0, 0},
		{"nothing said", func() http.HandlerFunc { return refuse(429) }, 200 * time.Millisecond, 300 * time.Millisecond},
		{"nonsense", func() http.HandlerFunc { return refuse(429, "Retry-After", "soon") }, 200 * time.Millisecond, 300 * time.Millisecond},
		{"not a number", func() http.HandlerFunc { return refuse(429, "Retry-After", "NaN") }, 200 * time.Millisecond, 300 * time.Millisecond},
		{"less than nothing", func() http.HandlerFunc { return refuse(429, "Retry-After", "-5") }, 200 * time.Millisecond, 300 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: []http.HandlerFunc{tt.answer()}, start: time.Now()}
				_, err := newTest(t, a, Options{Timeout: time.Minute}).Rerank(t.Context(), "q", []string{"a"})
				if err != nil || len(a.asked) != 2 || a.asked[1] < tt.min || a.asked[1] > tt.max {
					t.Errorf("error %v, asked after %v, want twice, the second after %v to %v", err, a.asked, tt.min, tt.max)
				}
			})
		})
	}
}

func TestWhatIsRetried(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) {
		<-time.After(6 * time.Second)
		refuse(503, "Retry-After", "1")(w, r)
	}
	for _, tt := range []struct {
		name        string
		answer      http.HandlerFunc
		want        int // requests
		unavailable bool
	}{
		{"429", refuse(429), 2, true},
		{"503", refuse(503), 2, true},
		{"just room enough", refuse(429, "Retry-After", "9.9"), 2, true},
		{"no room for the wait", refuse(429, "Retry-After", "10"), 1, true},
		{"no room for an attempt after it", slow, 1, true},
		{"a wait of a million years", refuse(429, "Retry-After", "1e300"), 1, true},
		{"an endless wait", refuse(429, "Retry-After", "Inf"), 1, true},
		{"500", refuse(500), 1, true},
		{"502", refuse(502), 1, true},
		{"408", refuse(408), 1, true},
		{"400", refuse(400), 1, false},
		{"401", refuse(401), 1, false},
		{"402", refuse(402), 1, false},
		{"404", refuse(404), 1, false},
		{"413", refuse(413), 1, false},
		{"422", refuse(422), 1, false},
		{"424", refuse(424), 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{list: []http.HandlerFunc{tt.answer, tt.answer, tt.answer}, start: time.Now()}
				var logged bytes.Buffer
				r := newTest(t, a, Options{APIKey: "sk-secret", Logger: slog.New(slog.NewTextHandler(&logged, nil))})
				_, err := r.Rerank(t.Context(), "q", []string{"a"})
				var status *StatusError
				if len(a.asked) != tt.want || !errors.As(err, &status) || errors.Is(err, retriever.ErrUnavailable) != tt.unavailable {
					t.Errorf("asked %d times and %v, want %d times, unavailable %v", len(a.asked), err, tt.want, tt.unavailable)
				}
				if warned := strings.Count(logged.String(), "repeated"); warned != tt.want-1 || strings.Contains(logged.String(), "sk-secret") {
					t.Errorf("logged %q", logged.String())
				}
			})
		})
	}
}

func TestRetryHeedsTheDeadlineOfTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{list: []http.HandlerFunc{refuse(429, "Retry-After", "5")}, start: time.Now()}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		_, err := newTest(t, a, Options{Timeout: time.Minute}).Rerank(ctx, "q", []string{"a"})
		var status *StatusError
		if took := time.Since(a.start); !errors.As(err, &status) || took != 0 {
			t.Errorf("%v after %v, want status 429 at once", err, took)
		}
	})
}

func TestCancelEndsTheWaitForARetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &answers{list: []http.HandlerFunc{refuse(429, "Retry-After", "5")}, start: time.Now()}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := newTest(t, a, Options{}).Rerank(ctx, "q", []string{"a"})
		if took := time.Since(a.start); !errors.Is(err, context.Canceled) || took != time.Second {
			t.Errorf("%v after %v, want the cancellation after 1s", err, took)
		}
	})
}

func TestMessagesOfServersAreShown(t *testing.T) {
	for _, tt := range []struct {
		name, body, want string
	}{
		{"Cohere", `{"id":"44","message":"unknown field: parameter 'top_k' is not a valid field"}`, ": unknown field: parameter 'top_k' is not a valid field"},
		{"Jina", `{"detail":"Invalid API key"}`, ": Invalid API key"},
		{"vLLM", `{"error":{"message":"This model's maximum context length is 512 tokens.","type":"BadRequestError","param":"input_tokens","code":400}}`, ": This model's maximum context length is 512 tokens."},
		{"older vLLM", `{"object":"error","message":"too long","type":"BadRequestError","param":null,"code":400}`, ": too long"},
		{"Infinity", `{"error":{"message":"InternalServerError: x","type":null,"param":null,"code":500}}`, ": InternalServerError: x"},
		{"TEI", `{"error":"batch size 64 > maximum allowed batch size 32","error_type":"Validation"}`, ": batch size 64 > maximum allowed batch size 32"},
		{"FastAPI without what was sent", `{"detail":[{"type":"string_too_long","loc":["body","documents",0],"msg":"String should have at most 122880 characters","input":"a private passage"}]}`, ": String should have at most 122880 characters"},
		{"axum", "Failed to buffer the request body: length limit exceeded", ": Failed to buffer the request body: length limit exceeded"},
		{"a page", "<!doctype html><title>403</title>403 Forbidden", ": a web page"},
		{"nothing", "", ""},
		{"JSON of another form", `{"input":"a private passage"}`, ""},
		{"the key", `{"message":"invalid token sk-secret"}`, ": invalid token <secret>"},
		{"the query string", `{"message":"bad apikey=0123456789&v=1, 0123456789 is revoked"}`, ": bad <secret>, <secret> is revoked"},
		{"lines", "a\n\n\tb", ": a b"},
		{"without end", strings.Repeat("é", 100_000), ": " + strings.Repeat("é", 150) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, tt.body)
			})
			r := newTest(t, h, Options{BaseURL: "http://reranker.test?apikey=0123456789&v=1", APIKey: "sk-secret"})
			_, err := r.Rerank(t.Context(), "q", []string{"a"})
			if want := "rerank passage 0: status 400" + tt.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestKeyEchoedInASuccessStaysSecret(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"error":"no such key: sk-secret"}`)
	})
	_, err := newTest(t, h, Options{APIKey: "sk-secret"}).Rerank(t.Context(), "q", []string{"a"})
	want := `rerank passage 0: bad reply: no scores came back in the shape "tei": no such key: <secret>`
	if !errors.Is(err, ErrBadReply) || errors.Is(err, retriever.ErrUnavailable) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	reached := false
	elsewhere, _ := overNetwork(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, to := range map[string]string{"elsewhere": elsewhere + "/v1/rerank?key=sk-secret", "within the host": "/login"} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				asked := 0
				url, transport := overNetwork(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked++
					http.Redirect(w, r, to, status)
				}))
				r := newTest(t, nil, Options{BaseURL: url, Transport: transport, APIKey: "sk-secret"})
				_, err := r.Rerank(t.Context(), "q", []string{"a"})
				host := url
				if name == "elsewhere" {
					host = elsewhere
				}
				if want := fmt.Sprintf("rerank passage 0: status %d: redirects to %s are not followed", status, host); err == nil || err.Error() != want {
					t.Errorf("%v, want %s", err, want)
				}
				if asked != 1 || reached {
					t.Errorf("asked %d times, reached elsewhere: %v", asked, reached)
				}
			})
		}
	}
}

// endless is a body that never stops and counts what was read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += len(p)
	return len(p), nil
}

func (e *endless) Close() error { return nil }

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestEndlessAnswersAreNotReadToTheEnd(t *testing.T) {
	for status, want := range map[int]string{
		200: "rerank passage 0: bad reply: answer of more than ",
		400: "rerank passage 0: status 400",
	} {
		body := &endless{}
		r := newTest(t, nil, Options{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: body}, nil
		})})
		_, err := r.Rerank(t.Context(), "q", []string{"a"})
		if err == nil || !strings.HasPrefix(err.Error(), want) || body.read > 4<<20 {
			t.Errorf("%v after %d bytes, want %q", err, body.read, want)
		}
	}
}

func TestCompressedBombIsBounded(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.CopyN(z, &endless{}, 64<<20)
	z.Close()
	url, transport := overNetwork(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed.Bytes())
	}))
	_, err := newTest(t, nil, Options{BaseURL: url, Transport: transport}).Rerank(t.Context(), "q", []string{"a"})
	if !errors.Is(err, ErrBadReply) || !strings.Contains(err.Error(), "answer of more than") {
		t.Errorf("%d bytes for 64 MiB gave %v", packed.Len(), err)
	}
}

func TestPassagesEchoedInASCIIFitTheBound(t *testing.T) {
	passage := strings.Repeat("Ж", 2_000_000)
	reply := `{"results":[{"index":0,"relevance_score":1,"document":{"text":"` + strings.Repeat(`\u0416`, 2_000_000) + `"}}]}`
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, reply) })
	if _, err := newTest(t, h, Options{Shape: Jina, MaxChars: 2_000_000}).Rerank(t.Context(), "q", []string{passage}); err != nil {
		t.Error(err)
	}
}

func TestConnectionClosedWhileIdleIsOpenedAgain(t *testing.T) {
	asked := 0
	s := &server{shape: TEI, before: func(w http.ResponseWriter, _ *http.Request, _ request) bool {
		if asked++; asked != 2 {
			return false
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return true
		}
		conn.Close()
		return true
	}}
	url, transport := overNetwork(t, s)
	r := newTest(t, nil, Options{BaseURL: url, Transport: transport})
	for range 2 {
		if _, err := r.Rerank(t.Context(), "q", []string{"a"}); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 3 {
		t.Errorf("asked %d times, want 3", asked)
	}
}

func TestServersOutOfReachAreUnavailable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cut, transport := overNetwork(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, `[{"index"`)
	}))
	for name, url := range map[string]string{"refused": gone.URL, "cut off": cut} {
		r := newTest(t, nil, Options{BaseURL: url + "?apikey=0123456789", Transport: transport})
		_, err := r.Rerank(t.Context(), "q", []string{"a"})
		if !errors.Is(err, retriever.ErrUnavailable) || strings.Contains(err.Error(), "0123456789") || strings.Contains(err.Error(), "http://") || strings.Contains(err.Error(), "store") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTLSIsTheTransports(t *testing.T) {
	listening := httptest.NewUnstartedServer(&server{shape: TEI})
	listening.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	listening.StartTLS()
	defer listening.Close()
	stranger := &http.Transport{}
	for _, tt := range []struct {
		name      string
		transport http.RoundTripper
		ok        bool
	}{{"trusting", listening.Client().Transport, true}, {"not trusting", stranger, false}} {
		_, err := newTest(t, nil, Options{BaseURL: listening.URL, Transport: tt.transport}).Rerank(t.Context(), "q", []string{"a"})
		var unknown x509.UnknownAuthorityError
		if tt.ok != (err == nil) || !tt.ok && !errors.As(err, &unknown) || errors.Is(err, retriever.ErrUnavailable) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestDefaultBoundsFitTEIsPayload(t *testing.T) {
	widest := strings.Repeat("\x01", 9000) // six bytes each in JSON, the most there is
	r := newTest(t, nil, Options{})
	passages := make([]string, r.opts.BatchSize)
	for i := range passages {
		passages[i] = widest
	}
	body, err := r.encode(cut(widest, r.opts.MaxChars), passages)
	if limit := 2_000_000; err != nil || len(body) > limit || len(body) < limit/2 {
		t.Errorf("%d bytes, %v, want at most %d, the default --payload-limit", len(body), err, limit)
	}
}
