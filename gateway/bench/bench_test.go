package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBodiesAreJSONOfTheirSize(t *testing.T) {
	for _, w := range workloads {
		w.questions = []string{`Is "this" one?`}
		body := w.body(3)
		if !json.Valid(body) {
			t.Errorf("%s: not JSON", w.name)
		}
		if len(body) < w.size*3/4 || len(body) > w.size*5/4 {
			t.Errorf("%s: %d bytes, want about %d", w.name, len(body), w.size)
		}
		if bytes.Equal(body, w.body(4)) {
			t.Errorf("%s: two requests ask the same", w.name)
		}
	}
}

func TestEveryProxyPassesAnswersWhole(t *testing.T) {
	model := httptest.NewServer(http.HandlerFunc(modelServer))
	defer model.Close()
	base, err := url.Parse(model.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name, h := range map[string]http.Handler{
		"direct": http.HandlerFunc(modelServer), "reverse": reverseProxy(base), "gin-json": ginJSON(model.URL),
	} {
		t.Run(name, func(t *testing.T) {
			proxy := httptest.NewServer(h)
			defer proxy.Close()
			for _, w := range workloads {
				w.questions = []string{"Why?"}
				answer := ask(t, proxy.URL, w.body(0))
				if got := strings.Count(answer, "data: {"); w.stream && (got != streamed+1 || !strings.HasSuffix(answer, "data: [DONE]\n\n")) {
					t.Errorf("%s: %d chunks, want %d and an end", w.name, got, streamed+1)
				}
				if !w.stream && !strings.Contains(answer, "The answer stands in the first source [1].") {
					t.Errorf("%s: %s", w.name, answer)
				}
			}
		})
	}
}

func ask(t *testing.T, address string, body []byte) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLatencyCountsFromWhenARequestWasDue(t *testing.T) {
	due := time.Unix(100, 0)
	var s sample
	s.add(due, outcome{sent: due.Add(3 * time.Second), first: due.Add(4 * time.Second), whole: due.Add(5 * time.Second)})
	s.add(due, outcome{sent: due.Add(time.Second), err: errors.New("cut")})
	if got := quantile(s.whole, .99); got != 5*time.Second || len(s.whole) != 1 {
		t.Errorf("whole %v, want 5s of the one that was answered", s.whole)
	}
	if len(s.failed) != 1 || len(s.sent) != 2 {
		t.Errorf("%d failed of %d, want 1 of 2", len(s.failed), len(s.sent))
	}
}

func TestBacklogAtTheEndIsBehind(t *testing.T) {
	direct := sample{whole: []time.Duration{100 * time.Millisecond}}
	for overdue, want := range map[time.Duration]bool{110 * time.Millisecond: false, 400 * time.Millisecond: true} {
		if got := behind(sample{overdue: overdue}, direct, 3*time.Second); got != want {
			t.Errorf("overdue by %s: behind %v, want %v", overdue, got, want)
		}
	}
}

func TestCorpusHasTwoPassagesOfEachDocument(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "from"), filepath.Join(t.TempDir(), "to")
	docs := `{"title":"T","text":"one two three"}` + "\n" + `{"title":"U","text":"four five"}` + "\n"
	if err := os.WriteFile(from, []byte(docs), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeCorpus(from, to, 3); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"_id":"1","text":"one","title":"T"}
{"_id":"2","text":"two three","title":"T"}
{"_id":"3","text":"four","title":"U"}
`
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestWithoutARatioThereIsZero(t *testing.T) {
	if got := ratio(1, 0) + ratio(1, -.2); got != 0 {
		t.Errorf("got %v, want 0: JSON has no infinity", got)
	}
	if got := quantile(nil, .5); got != 0 {
		t.Errorf("quantile of none: %v", got)
	}
}
