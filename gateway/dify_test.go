package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

func TestDifyRetrieves(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys)
	ask := func(body string, header ...string) answer {
		if header == nil {
			header = []string{"Authorization", "Bearer " + plainKey}
		}
		return g.post(t, "/retrieval", body, header...)
	}
	a := ask(`{"knowledge_id":"default","query":"How long is parental leave?","retrieval_setting":{"top_k":1,"score_threshold":0.1}}`)
	got := decode[struct {
		Records []struct {
			Content, Title string
			Score          float64
			Metadata       map[string]any
		}
	}](t, a.body)
	if len(got.Records) != 1 || got.Records[0].Title != "Leave" || got.Records[0].Score <= 0 || got.Records[0].Metadata["path"] != "handbook/leave.md" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if q := g.library.lastQuery(t); q.K != 1 || q.MinScore != .1 || q.Scope.Tenant != "default" {
		t.Errorf("query %+v", q)
	}
	if a := ask(`{"knowledge_id":"default","query":"quantum"}`); a.body != `{"records":[]}` {
		t.Errorf("nothing found: %s", a.body)
	}
	for body, want := range map[string]string{
		`{"knowledge_id":"nowhere","query":"x y"}`: `{"error_code":2001,`, `{"knowledge_id":"No Name","query":"x"}`: `{"error_code":2001,`,
		`{"knowledge_id":"default","query":""}`: `{"error_code":400,`, `{"knowledge_id":"default","query":"x","retrieval_setting":{"top_k":0}}`: `{"error_code":400,`,
		`{"knowledge_id":"default","query":"x","metadata_condition":{"conditions":[{"name":["a"],"comparison_operator":"start with","value":"b"}]}}`: `{"error_code":400,`,
	} {
		if a := ask(body); !strings.HasPrefix(a.body, want) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	if a := ask(`{}`, "X", "y"); a.status != http.StatusUnauthorized || !strings.HasPrefix(a.body, `{"error_code":1001,`) {
		t.Errorf("no key: %d %s", a.status, a.body)
	}
	if a := ask(`{}`, "Authorization", "Bearer wrong"); !strings.HasPrefix(a.body, `{"error_code":1002,`) {
		t.Errorf("wrong key: %s", a.body)
	}
}

func TestDifyConditionsBecomeAFilter(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"))
	a := g.post(t, "/retrieval", `{"knowledge_id":"default","query":"leave","metadata_condition":{"logical_operator":"or","conditions":[
		{"name":["year","jahr"],"comparison_operator":"≥","value":"2020"},{"name":"lang","comparison_operator":"in","value":"de, fr"},{"name":["x"],"comparison_operator":"is not","value":"y"}]}}`)
	if a.status != http.StatusOK {
		t.Fatal(a.body)
	}
	f := g.library.lastQuery(t).Filter
	if f.Op != "or" || len(f.Filters) != 3 || len(f.Filters[0].Filters) != 2 || f.Filters[0].Filters[0].Value != 2020.0 || f.Filters[1].Filters[0].Values[1] != "fr" || f.Filters[2].Filters[0].Op != "ne" {
		t.Errorf("filter %+v", f)
	}
}

// byLength scores a passage by how long it is.
type byLength struct{ err error }

func (byLength) Model() string { return "lengths" }

func (b byLength) Rerank(_ context.Context, _ string, passages []string) ([]float64, error) {
	scores := make([]float64, len(passages))
	for i, p := range passages {
		scores[i] = float64(len(p)) - 3
	}
	return scores, b.err
}

func TestRerankAnswersAsCohereDoes(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), func(o *gateway.Options) { o.Reranker = byLength{} })
	for _, path := range []string{"/v1/rerank", "/v2/rerank"} {
		a := g.post(t, path, `{"model":"rerank-v3.5","query":"q","documents":["a",{"text":"abcdef"},"abc"],"top_n":2,"return_documents":true}`)
		got := decode[struct {
			Results []struct {
				Index    int
				Score    float64 `json:"relevance_score"`
				Document struct{ Text string }
			}
		}](t, a.body).Results
		if len(got) != 2 || got[0].Index != 1 || got[0].Document.Text != "abcdef" || got[0].Score <= got[1].Score || got[0].Score > 1 || got[1].Score < 0 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for body, code := range map[string]string{`{"query":"","documents":["a"]}`: "invalid_value", `{"query":"q","documents":[]}`: "invalid_value", `{"query":"q","documents":[1]}`: "invalid_value", `{"query":"q","documents":["a"],"top_n":0}`: "invalid_value"} {
		if a := g.post(t, "/v1/rerank", body); a.status != 400 || a.code(t) != code {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	none := start(t, gatewaytest.Answer("never"))
	if a := none.post(t, "/v1/rerank", `{}`); a.status != 404 || a.code(t) != "no_reranker" {
		t.Errorf("without one: %d %s", a.status, a.body)
	}
	broken := start(t, gatewaytest.Answer("never"), func(o *gateway.Options) { o.Reranker = byLength{errors.New("at 10.0.0.1")} })
	if a := broken.post(t, "/v1/rerank", `{"query":"q","documents":["a"]}`); a.status != 502 || strings.Contains(a.body, "10.0.0.1") {
		t.Errorf("broken: %d %s", a.status, a.body)
	}
}
