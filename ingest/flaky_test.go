package ingest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ragway/ingest"
	"ragway/retriever"
	"ragway/retriever/openai"
)

// flaky is a server of embeddings at the end of a transport that has its bad moments: what
// it refuses, breaks or shortens is told by the number of the request.
type flaky struct {
	refuses, breaks, shortens func(n int) bool

	mu       sync.Mutex
	requests int
	refused  int // answers without a vector
	short    int // answers that left texts out
	seen     map[string]int
}

func (f *flaky) RoundTrip(req *http.Request) (*http.Response, error) {
	var asked struct{ Input []string }
	if err := json.NewDecoder(req.Body).Decode(&asked); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.requests
	f.requests++
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req}
	body := []byte(`{"error":{"message":"not now"}}`)
	switch {
	case f.refuses(n):
		f.refused++
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", "2")
	case f.breaks(n):
		f.refused++
		resp.StatusCode = http.StatusInternalServerError
	default:
		body = f.answer(asked.Input, n)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (f *flaky) answer(texts []string, n int) []byte {
	if len(texts) > 1 && f.shortens(n) {
		f.short++
		texts = texts[:len(texts)/2]
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var answer struct {
		Data []item `json:"data"`
	}
	for i, text := range texts {
		f.seen[text]++
		answer.Data = append(answer.Data, item{i, []float32{1, float32(len(text) % 5)}})
	}
	b, _ := json.Marshal(answer) // numbers and texts always marshal
	return b
}

// Every document is there at the end, no text was paid for twice, and no request went out
// but those that were needed, those that were refused, and one for what each short answer
// left out.
func TestRunOverAFlakyEmbedderEndsComplete(t *testing.T) {
	never := func(int) bool { return false }
	every := func(n, at int) func(int) bool { return func(i int) bool { return i%n == at } }
	tests := map[string]struct{ refuses, breaks, shortens func(int) bool }{
		"well":               {never, never, never},
		"a third is refused": {every(3, 1), never, never},
		"breaks":             {never, every(4, 2), never},
		"answers short":      {never, never, every(3, 0)},
		"all of it":          {every(3, 1), every(7, 3), every(5, 2)},
	}
	const documents, batch = 600, 16
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &flaky{refuses: tt.refuses, breaks: tt.breaks, shortens: tt.shortens, seen: map[string]int{}}
				e, err := openai.New(openai.Options{BaseURL: "http://localhost/v1", Model: "m", MaxBatch: batch, MaxRetries: 10, Transport: f})
				if err != nil {
					t.Fatal(err)
				}
				b := newBench(t, many(documents))
				got := b.run(func(o *ingest.Options) {
					o.Embedder, o.Limits.EmbedTexts, o.Limits.DocumentTime = e, 2*batch, time.Hour
				})
				if got != (ingest.Counts{Added: documents}) || len(b.store.byURI()) != documents {
					t.Errorf("counts %+v, %d stored", got, len(b.store.byURI()))
				}
				delete(f.seen, retriever.ProbeText)
				for text, times := range f.seen {
					if times > 1 {
						t.Errorf("%q was embedded %d times", text, times)
					}
				}
				chunks := 0
				for _, up := range b.store.byURI() {
					chunks += len(up.Chunks)
				}
				needed := 1 + (chunks+batch-1)/batch // the probe, and full batches
				if most := needed + f.refused + f.short; f.requests > most {
					t.Errorf("%d requests, want %d: %d needed, %d refused, %d short", f.requests, most, needed, f.refused, f.short)
				}
				t.Logf("%d requests: %d needed, %d refused, %d short", f.requests, needed, f.refused, f.short)
			})
		})
	}
}
