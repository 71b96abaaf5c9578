package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// routed is an upstream whose models read so much, and which may want usage in streams.
type routed struct {
	gateway.Upstream
	target gateway.Target
	err    error
}

func (r routed) Route(context.Context, gateway.Call) (gateway.Target, error) { return r.target, r.err }

func withTarget(target gateway.Target, err error) func(*gateway.Options) {
	return func(o *gateway.Options) { o.Upstream = routed{o.Upstream, target, err} }
}

func TestTheBudgetKeepsToTheModelsWindow(t *testing.T) {
	history := strings.Repeat("An earlier remark of some length. ", 300)
	body := func(members string) string {
		return `{"model":"m","messages":[{"role":"user","content":"` + history + `"},{"role":"assistant","content":"Yes."},{"role":"user","content":"` + leaveQuestion + `"}],"rag":{"explain":true}` + members + `}`
	}
	for _, tc := range []struct {
		name    string
		window  int
		members string
		sources int
		note    string
	}{
		{"room for all", 100_000, "", 2, ""},
		{"not known", 0, "", 2, ""},
		{"room for one", 2_920, "", 1, "room for 1 of 2 sources"},
		{"room for none", 2_850, "", 0, "no room for sources"},
		{"the answer's room counts", 4_000, `,"max_tokens":1500`, 0, "no room for sources"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, gatewaytest.Answer("ok"), withTarget(gateway.Target{Window: tc.window}, nil))
			a := g.post(t, "/v1/chat/completions", body(tc.members))
			rag := decode[completion](t, a.body).Rag
			if len(rag.Sources) != tc.sources || (tc.note == "") != !strings.Contains(a.body, "context window") || !strings.Contains(a.body, tc.note) {
				t.Errorf("%d sources, %s", len(rag.Sources), a.body)
			}
			if sent := string(g.model.Last(t).Body); !strings.Contains(sent, history) {
				t.Error("the history was cut")
			}
		})
	}
}

func TestUsageIsCountedWithoutShowingIt(t *testing.T) {
	events := gatewaytest.Stream([]string{"Sixteen [1]."})
	usage := `data: {"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1700000000,"model":"fake-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":11,"total_tokens":18}}` + "\n\n"
	script := gatewaytest.Pieces(append(append(events[:len(events)-1:len(events)-1], usage), gatewaytest.Done)...)
	for _, tc := range []struct {
		members string
		shown   bool
		asked   string
	}{
		{`"stream":true`, false, `"stream_options":{"include_usage":true}`},
		{`"stream":true,"rag":false`, false, `"stream_options":{"include_usage":true}`},
		{`"stream":true,"stream_options":{"include_usage":false,"x":1}`, false, `"stream_options":{"include_usage":true,"x":1}`},
		{`"stream":true,"stream_options":null`, false, `"stream_options":{"include_usage":true}`},
		{`"stream":true,"stream_options":{"include_usage":true}`, true, `"stream_options":{"include_usage":true}`},
	} {
		g := start(t, script, withTarget(gateway.Target{StreamUsage: true}, nil))
		a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, tc.members))
		if got := strings.Contains(a.body, `"usage":{"prompt_tokens"`); got != tc.shown || a.err != nil || !strings.HasSuffix(a.body, gatewaytest.Done) {
			t.Errorf("%s: %v %s", tc.members, a.err, a.body)
		}
		if sent := string(g.model.Last(t).Body); !strings.Contains(sent, tc.asked) {
			t.Errorf("%s: sent %s", tc.members, sent)
		}
		if m := g.get(t, "/metrics").body; !strings.Contains(m, `gen_ai_client_token_usage_sum{gen_ai_token_type="output"} 11`) {
			t.Errorf("%s: not counted", tc.members)
		}
	}
}

func TestAModelThatNobodyServesIsNotSearchedFor(t *testing.T) {
	none := &gateway.NoModelError{Model: "m", Known: []string{"gpt-*"}}
	for path, body := range map[string]string{
		"/v1/chat/completions": chatBody(leaveQuestion, ""), "/v1/messages": chatBody(leaveQuestion, ""), "/v1beta/models/m:generateContent": geminiBody(leaveQuestion, ""),
	} {
		g := start(t, gatewaytest.Answer("never"), withTarget(gateway.Target{}, none))
		a := g.post(t, path, body)
		if a.status != http.StatusNotFound || !strings.Contains(a.body, "there are gpt-*") || len(g.library.queries) > 0 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

// Optional members may come as null, as LiteLLM sends them.
func TestSearchTakesNullForAbsent(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"))
	a := g.post(t, "/v1/vector_stores/vs_default/search", `{"query":"parental leave","filters":null,"max_num_results":null,"ranking_options":null,"rewrite_query":null,"rag":null}`)
	for _, part := range []string{`"object":"vector_store.search_results.page"`, `"search_query":["parental leave"]`, `"has_more":false`, `"next_page":null`} {
		if a.status != http.StatusOK || !strings.Contains(a.body, part) {
			t.Errorf("no %s in %d %s", part, a.status, a.body)
		}
	}
	if a := g.post(t, "/v1/vector_stores/vs_default/search", `{"query":["a b"],"ranking_options":{"ranker":null,"score_threshold":null}}`); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}
