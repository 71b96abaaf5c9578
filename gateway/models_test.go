package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/retriever"
)

// withSupportBot adds a virtual model that searches the collection hr.
func withSupportBot(o *gateway.Options) {
	o.Retrieval.OnlyAsked = true
	o.Models = map[string]gateway.Model{"support-bot": {
		Model: "fake-1", Retrieval: gateway.Retrieval{Collections: []string{"hr"}, OnEmpty: gateway.Instruct},
	}}
}

// startSupport runs a gateway with that model over a document of its own.
func startSupport(t *testing.T, script gatewaytest.Script) *gate {
	t.Helper()
	g := start(t, script, withSupportBot)
	g.library.put(retriever.Document{URI: "hr/leave.md", Title: "HR", Collection: "hr"}, "Parental leave takes twenty weeks.")
	return g
}

func TestVirtualModelAsksItsModelAndKeepsItsName(t *testing.T) {
	g := startSupport(t, gatewaytest.Answer("Twenty weeks [1]."))
	body := strings.Replace(chatBody(leaveQuestion, `"rag":{"explain":true}`), "fake-1", "support-bot", 1)
	a := g.post(t, "/v1/chat/completions", body)
	got := decode[struct {
		Model string
		completion
	}](t, a.body)
	if got.Model != "support-bot" {
		t.Errorf("the answer's model is %q", got.Model)
	}
	sent := string(g.model.Last(t).Body)
	if !strings.Contains(sent, `"model":"fake-1"`) || !strings.Contains(sent, "twenty weeks") || strings.Contains(sent, "sixteen weeks") {
		t.Errorf("sent %s", sent)
	}
	what := map[string]int{}
	for _, e := range got.Rag.Explain.Edits {
		what[e.What]++
	}
	if what["model"] != 1 || what["context"] != 1 || what["instructions"] != 1 {
		t.Errorf("edits %v", what)
	}
}

func TestVirtualModelKeepsItsNameInEveryChunk(t *testing.T) {
	for _, members := range []string{`"stream":true`, `"stream":true,"rag":false`} {
		g := startSupport(t, gatewaytest.Answer("Twenty weeks [1], not [9]."))
		a := g.post(t, "/v1/chat/completions", strings.Replace(chatBody(leaveQuestion, members), "fake-1", "support-bot", 1))
		if a.err != nil || strings.Contains(a.body, "fake-1") {
			t.Errorf("%s: %v, the upstream's name shows: %s", members, a.err, a.body)
		}
		if n := strings.Count(a.body, `"model":"support-bot"`); n != strings.Count(a.body, `"object":"chat.completion.chunk"`) {
			t.Errorf("%s: %d chunks have the name: %s", members, n, a.body)
		}
	}
}

func TestVirtualModelSaysThatNothingWasFound(t *testing.T) {
	g := startSupport(t, gatewaytest.Answer("Nothing."))
	g.post(t, "/v1/chat/completions", strings.Replace(chatBody("Quantum chromodynamics lecture", ""), "fake-1", "support-bot", 1))
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, "No source was found") {
		t.Errorf("sent %s", sent)
	}
}

func TestPlainModelsPassWhereOnlyVirtualOnesAreEnriched(t *testing.T) {
	g := startSupport(t, gatewaytest.Answer("ok"))
	body := chatBody(leaveQuestion, "")
	g.post(t, "/v1/chat/completions", body)
	if sent := string(g.model.Last(t).Body); sent != body {
		t.Errorf("sent %s", sent)
	}
}

func TestVirtualModelsAreListedAfterTheUpstreams(t *testing.T) {
	const list = `{"object":"list", "data":[{"id":"fake-1","object":"model", "x":1.0}]}`
	g := startSupport(t, gatewaytest.Raw(http.StatusOK, "application/json", list))
	a := g.get(t, "/v1/models")
	want := `{"object":"list", "data":[{"id":"fake-1","object":"model", "x":1.0},{"id":"support-bot","object":"model","created":0,"owned_by":"ragway"}]}`
	if a.status != http.StatusOK || a.body != want {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := g.get(t, "/v1/models", "anthropic-version", "2023-06-01"); !strings.Contains(a.body, `"display_name":"support-bot"`) {
		t.Errorf("for Anthropic's clients: %s", a.body)
	}
}

func TestPolicyIsReplacedWhileTheServerRuns(t *testing.T) {
	g := startSupport(t, gatewaytest.Answer("ok"))
	if err := g.server.SetPolicy(gateway.Policy{Models: map[string]gateway.Model{"other": {Model: "fake-2"}}}); err != nil {
		t.Fatal(err)
	}
	g.post(t, "/v1/chat/completions", strings.Replace(chatBody(leaveQuestion, ""), "fake-1", "other", 1))
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, `"model":"fake-2"`) || !strings.Contains(sent, "sixteen weeks") {
		t.Errorf("sent %s", sent)
	}
	if err := g.server.SetPolicy(gateway.Policy{Models: map[string]gateway.Model{"": {}}}); err == nil {
		t.Error("a model without a name is accepted")
	}
	g.post(t, "/v1/chat/completions", strings.Replace(chatBody(leaveQuestion, ""), "fake-1", "other", 1))
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, `"model":"fake-2"`) {
		t.Errorf("after a policy that was refused: sent %s", sent)
	}
}

func TestModelsAreListedInTheShapeOfTheAPIWithoutAModelServer(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), extractive, withSupportBot)
	for path, want := range map[string]string{
		"/v1/models": `"id":"ragway-extractive"`, "/v1beta/models": `{"models":[{"name":"models/support-bot",`,
	} {
		if a := g.get(t, path); a.status != http.StatusOK || !strings.Contains(a.body, want) || !strings.Contains(a.body, "support-bot") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	a := g.get(t, "/v1/models", "Anthropic-Version", "2023-06-01")
	if strings.Contains(a.body, "ragway-extractive") || !strings.Contains(a.body, `"display_name":"support-bot"`) {
		t.Errorf("Anthropic's: %d %s", a.status, a.body)
	}
}
