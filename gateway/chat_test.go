package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/retriever"
)

// completion is a chat completion as far as the tests look at it.
type completion struct {
	Choices []struct {
		Index   int
		Message struct {
			Content     string
			Annotations []annotation
		}
	}
	Rag *rag
}

type annotation struct {
	Type        string
	URLCitation struct {
		Start int `json:"start_index"`
		End   int `json:"end_index"`
		URL   string
		Title string
	} `json:"url_citation"`
}

type rag struct {
	RequestID string `json:"request_id"`
	Sources   []gateway.Source
	Grounded  struct{ Verdict string }
	Degraded  []retriever.Degradation
	Usage     struct {
		ContextTokens int `json:"context_tokens"`
		EmbedTokens   int `json:"embed_tokens"`
	}
	Explain *struct {
		Question   struct{ Asked, Searched string }
		Candidates []struct{ Fate, URI string }
		Edits      []listedEdit
	}
}

// listedEdit is a change to the request that explain lists.
type listedEdit struct {
	What              string
	Start, End, Bytes int
}

func TestAnswerCarriesCitationsWithTrueOffsets(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sechzehn Wochen für 👶 [1], bezahlt [2], erfunden [7]."))
	a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", ""))
	got := decode[completion](t, a.body)
	if got.Rag == nil || len(got.Choices) != 1 {
		t.Fatalf("no rag object or choice in %s", a.body)
	}
	m := got.Choices[0].Message
	if want := "Sechzehn Wochen für 👶 [1], bezahlt [2], erfunden."; m.Content != want {
		t.Errorf("content %q, want %q", m.Content, want)
	}
	runes := []rune(m.Content)
	if len(m.Annotations) != 2 {
		t.Fatalf("%d annotations, want 2: %s", len(m.Annotations), a.body)
	}
	for i, want := range []string{"[1]", "[2]"} {
		c := m.Annotations[i].URLCitation
		if got := string(runes[c.Start:c.End]); got != want || c.Title != "Leave" || !strings.HasPrefix(c.URL, g.url+"/v1/documents/") {
			t.Errorf("annotation %d marks %q as %q at %s", i, got, c.Title, c.URL)
		}
	}
	if len(got.Rag.Sources) != 2 || !got.Rag.Sources[0].Cited || got.Rag.Grounded.Verdict != "unchecked" {
		t.Errorf("rag %+v", got.Rag)
	}
	if got.Rag.RequestID != a.header.Get("X-Ragway-Request-Id") || a.header.Get("X-Ragway-Sources") != "2" {
		t.Errorf("headers %v", a.header)
	}
	if !strings.Contains(string(g.model.Last(t).Body), "Parental leave lasts sixteen weeks.") {
		t.Errorf("the passage did not reach the model: %s", g.model.Last(t).Body)
	}
}

func TestStreamCarriesCitationsHoweverItIsCut(t *testing.T) {
	const said = "Sechzehn Wochen für 👶 [1], bezahlt [2], erfunden [7]."
	for _, size := range []int{1, 2, 3, 7, 100} {
		deltas := gatewaytest.Runes(said, size)
		for _, wireSize := range []int{1, 5, 64, 1 << 20} {
			g := start(t, gatewaytest.Pieces(gatewaytest.Bytes(gatewaytest.Stream(deltas), wireSize)...))
			a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true`))
			s := readStream(t, a)
			if want := "Sechzehn Wochen für 👶 [1], bezahlt [2], erfunden."; s.text(0) != want {
				t.Fatalf("deltas of %d, pieces of %d: %q, want %q", size, wireSize, s.text(0), want)
			}
			if len(s.annotations[0]) != 2 || s.rag == nil || !s.rag.Sources[1].Cited || !s.done || !s.ragBeforeFinish {
				t.Fatalf("deltas of %d, pieces of %d: stream %+v", size, wireSize, s)
			}
		}
	}
}

func TestStreamOfSeveralChoicesAnnotatesEach(t *testing.T) {
	g := start(t, gatewaytest.Answers("Erste [1].", "Zweite [2] und [1]."))
	a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true,"n":2`))
	s := readStream(t, a)
	if s.text(0) != "Erste [1]." || s.text(1) != "Zweite [2] und [1]." || len(s.annotations[0]) != 1 || len(s.annotations[1]) != 2 {
		t.Errorf("stream %+v", s)
	}
	if s.rag == nil || s.ragCount != 1 || !s.rag.Sources[0].Cited || !s.rag.Sources[1].Cited {
		t.Errorf("rag %+v, sent %d times", s.rag, s.ragCount)
	}
}

func TestRagFalseLeavesEverythingElseAlone(t *testing.T) {
	body := `{ "model" : "fake-1",	"rag":false , "messages":[{"role":"user","content":"How long is parental leave? [1]"}],"seed":1.0e1}`
	want := `{ "model" : "fake-1",	"messages":[{"role":"user","content":"How long is parental leave? [1]"}],"seed":1.0e1}`
	reply := "{\n \"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"see [9]\"},\"finish_reason\":\"stop\"}] , \"x\":1.50}"
	g := start(t, gatewaytest.Raw(200, "application/json", reply))
	a := g.post(t, "/v1/chat/completions", body)
	if got := string(g.model.Last(t).Body); got != want {
		t.Errorf("sent on\n%s\nwant\n%s", got, want)
	}
	if a.body != reply {
		t.Errorf("answer\n%s\nwant\n%s", a.body, reply)
	}
	events := gatewaytest.Stream([]string{"see [9", "]"})
	g.model.Script(gatewaytest.Pieces(gatewaytest.Bytes(events, 5)...))
	a = g.post(t, "/v1/chat/completions", strings.Replace(body, `"seed"`, `"stream":true,"seed"`, 1))
	if want := strings.Join(events, ""); a.body != want || a.err != nil {
		t.Errorf("stream %v\n%s\nwant\n%s", a.err, a.body, want)
	}
}

func TestJSONOutputIsNeverSearchedForMarkers(t *testing.T) {
	const data = `{"items":[99],"see":"[7]"}`
	g := start(t, gatewaytest.Answer(data))
	a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"response_format":{"type":"json_object"}`))
	if got := decode[completion](t, a.body); got.Choices[0].Message.Content != data || got.Rag == nil {
		t.Errorf("answer %s", a.body)
	}
}

func TestToolArgumentsPassUntouched(t *testing.T) {
	call := `{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":[99]}"}}]},"finish_reason":null}`
	events := []string{gatewaytest.Event(call), gatewaytest.Event(`{"index":0,"delta":{},"finish_reason":"tool_calls"}`), gatewaytest.Done}
	g := start(t, gatewaytest.Pieces(events...))
	a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true,"tools":[{"type":"function","function":{"name":"f"}}]`))
	for _, e := range events {
		if !strings.Contains(a.body, e) {
			t.Errorf("event changed:\n%s\nin\n%s", e, a.body)
		}
	}
}

func TestMarkersInTheRequestAreText(t *testing.T) {
	g := start(t, gatewaytest.Answer("As you wrote [7]: sixteen weeks [1]."))
	a := g.post(t, "/v1/chat/completions", chatBody("Is note [7] on parental leave right?", ""))
	if got := decode[completion](t, a.body).Choices[0].Message.Content; got != "As you wrote [7]: sixteen weeks [1]." {
		t.Errorf("content %q", got)
	}
}

func TestNumberingGoesOnFromEarlierTurns(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":"What about pensions?"},{"role":"assistant","content":"They are good [3][1]."},
		{"role":"user","content":"How long is parental leave?"},{"role":"assistant","content":"Looking [50]","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
		{"role":"tool","tool_call_id":"c","content":"pensions"}]}`
	g := start(t, gatewaytest.Answer("Sixteen [4]."))
	a := g.post(t, "/v1/chat/completions", body)
	got := decode[completion](t, a.body)
	if got.Rag.Sources[0].N != 4 || !got.Rag.Sources[0].Cited {
		t.Errorf("sources %+v", got.Rag.Sources)
	}
	if q := g.library.lastQuery(t); q.Text != "How long is parental leave?" {
		t.Errorf("searched for %q", q.Text)
	}
}

func TestEmptyRetrievalFollowsThePolicy(t *testing.T) {
	const nothing = "Quantum chromodynamics lecture"
	t.Run("passthrough sends the request as it is", func(t *testing.T) {
		g := start(t, gatewaytest.Answer("Hm."))
		body := chatBody(nothing, "")
		g.post(t, "/v1/chat/completions", body)
		if got := string(g.model.Last(t).Body); got != body {
			t.Errorf("sent %s", got)
		}
	})
	t.Run("instruct tells the model", func(t *testing.T) {
		g := start(t, gatewaytest.Answer("Hm."))
		g.post(t, "/v1/chat/completions", chatBody(nothing, `"rag":{"on_empty":"instruct"}`))
		if got := string(g.model.Last(t).Body); got == chatBody(nothing, "") || !strings.Contains(got, nothing) {
			t.Errorf("sent %s", got)
		}
	})
	for _, stream := range []string{"false", "true"} {
		t.Run("refuse asks no model, stream "+stream, func(t *testing.T) {
			g := start(t, gatewaytest.Answer("Hm."))
			a := g.post(t, "/v1/chat/completions", chatBody(nothing, `"rag":{"on_empty":"refuse"},"stream":`+stream))
			if len(g.model.Received()) != 0 || a.status != http.StatusOK || !strings.Contains(a.body, `"rag":`) {
				t.Errorf("%d calls, answer %d %s", len(g.model.Received()), a.status, a.body)
			}
		})
	}
}

func TestLostRetrievalFollowsThePolicy(t *testing.T) {
	g := start(t, gatewaytest.Answer("Hm."), func(o *gateway.Options) { o.Retrieval.OnError = gateway.Degrade })
	g.library.err = retriever.ErrUnavailable
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", `"rag":{"on_error":"fail"}`))
	if a.status != http.StatusServiceUnavailable || a.code(t) != "store_unavailable" {
		t.Errorf("fail: %d %s", a.status, a.body)
	}
	a = g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	got := decode[completion](t, a.body)
	if a.status != 200 || a.header.Get("X-Ragway-Degraded") != "retrieve" || len(got.Rag.Degraded) != 1 {
		t.Errorf("degrade: %d %v %s", a.status, a.header, a.body)
	}
}

func TestRelevanceGateOfARefusingServerIsNotLowered(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), func(o *gateway.Options) { o.Retrieval.OnEmpty, o.Retrieval.MinScore = gateway.Refuse, .5 })
	for score, want := range map[string]int{"0": 400, "0.49": 400, "0.5": 200, "0.9": 200} {
		a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"rag":{"min_score":`+score+`}`))
		if a.status != want {
			t.Errorf("min_score %s: %d %s", score, a.status, a.body)
		}
	}
}

func TestRagKeySaysHowToSearch(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), func(o *gateway.Options) {
		o.Retrieval.Neighbours, o.Retrieval.Recency = 2, retriever.Recency{Field: "date", Weight: .2}
	})
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?",
		`"rag":{"documents":["d1","d2"],"mode":"full","neighbours":0,"diversity":0.5,"recency":{"half_life_days":1.5},"explain":true}`))
	q := g.library.lastQuery(t)
	got := retriever.Query{Documents: q.Documents, Mode: q.Mode, Neighbours: q.Neighbours, Diversity: q.Diversity, Recency: q.Recency, Explain: q.Explain}
	want := retriever.Query{Documents: []string{"d1", "d2"}, Mode: retriever.Full, Diversity: .5, Explain: true,
		Recency: retriever.Recency{Field: "date", HalfLife: 36 * time.Hour, Weight: .2}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(retriever.Scope{})); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", ""))
	if q := g.library.lastQuery(t); q.Neighbours != 2 || q.Explain || q.Recency.HalfLife != 0 {
		t.Errorf("by default: %+v", q)
	}
}

func TestModelIsToldThePassagesDate(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), func(o *gateway.Options) { o.Retrieval.Recency.Field = "date" })
	for i := range g.library.docs {
		g.library.docs[i].Metadata = retriever.Metadata{"date": "2026-01-31"}
	}
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", ""))
	if got := string(g.model.Last(t).Body); !strings.Contains(got, "date: 2026-01-31") {
		t.Errorf("sent %s", got)
	}
}

func TestDryRunShowsTheExactRequest(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen [1]."))
	const members = `"rag":{"explain":true},"temperature":0.10`
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", members))
	a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", strings.Replace(members, "explain", "dry_run", 1)))
	got := decode[struct {
		Rag     rag
		Request string
	}](t, a.body)
	if len(g.model.Received()) != 1 || got.Request != string(g.model.Last(t).Body) {
		t.Errorf("%d calls; shown\n%s\nsent\n%s", len(g.model.Received()), got.Request, g.model.Last(t).Body)
	}
	if got.Rag.Explain == nil || len(got.Rag.Explain.Edits) != 3 || got.Rag.Explain.Candidates[0].Fate != "kept" {
		t.Errorf("explain %+v", got.Rag.Explain)
	}
}

func TestContentIsLoggedOnlyWhenAskedFor(t *testing.T) {
	for _, content := range []bool{false, true} {
		g := start(t, gatewaytest.Answer("It lasts sixteen weeks [1]."), func(o *gateway.Options) { o.LogContent = content })
		body := strings.NewReader(`{"model":"m","messages":[{"role":"user","content":"How long is parental leave?"}]}`)
		// Without a connection between, the log is complete when the call returns.
		g.server.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1/chat/completions", body))
		if got := strings.Contains(g.log.String(), "How long is parental leave?"); got != content {
			t.Errorf("log.content %v: question in the log: %v", content, got)
		}
	}
}
