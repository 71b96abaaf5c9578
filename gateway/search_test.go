package gateway_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	openai "github.com/openai/openai-go/v3"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/retriever"
)

func TestOfficialClientSearchesACollection(t *testing.T) {
	g := start(t, gatewaytest.Answer("unused"), withKeys)
	client := official(g)
	page, err := client.VectorStores.Search(t.Context(), "vs_default", openai.VectorStoreSearchParams{
		Query:         openai.VectorStoreSearchParamsQueryUnion{OfString: openai.String(leaveQuestion)},
		MaxNumResults: openai.Int(1), RewriteQuery: openai.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Data) != 1 || page.Data[0].Filename != "handbook/leave.md" || page.Data[0].Content[0].Text != "Parental leave lasts sixteen weeks." ||
		page.Data[0].Score <= 0 || page.Data[0].Score > 1 {
		t.Errorf("page %s", page.RawJSON())
	}
	_, err = client.VectorStores.Search(t.Context(), "vs_nowhere", openai.VectorStoreSearchParams{
		Query: openai.VectorStoreSearchParamsQueryUnion{OfString: openai.String("x")},
	})
	var answered *openai.Error
	if !errors.As(err, &answered) || answered.StatusCode != 404 || answered.Code != "collection_not_found" {
		t.Errorf("unknown store: %v", err)
	}
}

func TestSearchSeesWhatTheCallerMaySee(t *testing.T) {
	g := start(t, gatewaytest.Answer("unused"))
	a := g.post(t, "/v1/vector_stores/default/search", `{"query":"salaries of the parental board"}`)
	if a.status != 200 || strings.Contains(a.body, "secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	g = start(t, gatewaytest.Answer("unused"), withKeys)
	a = g.post(t, "/v1/vector_stores/default/search", `{"query":"x"}`)
	if a.status != 401 {
		t.Errorf("without a key: %d", a.status)
	}
}

func TestSearchAnswersInAllDetail(t *testing.T) {
	g := start(t, gatewaytest.Answer("unused"))
	g.library.degraded = []retriever.Degradation{{Stage: "embed", Reason: "gone"}}
	a := g.post(t, "/v1/vector_stores/vs_default/search", `{"query":["How long is parental leave?","leave for parents"],"max_num_results":7,
		"filters":{"type":"eq","key":"year","value":2026},"ranking_options":{"ranker":"auto","score_threshold":0.25},
		"rag":{"mode":"lexical","documents":["d"],"candidates":30,"raw":true,"explain":true,"neighbours":1},"new_member":1}`)
	if a.status != 200 || a.header.Get("X-Ragway-Degraded") != "embed" {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	got := decode[struct {
		Data []struct{ Content []struct{ Text string } }
		Rag  gateway.SearchResult
	}](t, a.body)
	if len(got.Data) == 0 || len(got.Rag.Hits) != len(got.Data) || got.Rag.Hits[0].Text != got.Data[0].Content[0].Text || len(got.Rag.Degraded) != 1 {
		t.Errorf("answer %s", a.body)
	}
	q := g.library.lastQuery(t)
	shown := fmt.Sprintf("%q %q %v %v %s %d %d %v %v %v %d", q.Text, q.Variants, q.Collections, q.Documents, q.Mode, q.K, q.Depth, q.MinScore, q.Raw, q.Explain, q.Neighbours)
	if want := `"How long is parental leave?" ["leave for parents"] [default] [d] lexical 7 30 0.25 true true 1`; shown != want {
		t.Errorf("query %s, want %s", shown, want)
	}
	filter, err := json.Marshal(q.Filter)
	if diff := cmp.Diff(`{"type":"eq","key":"year","value":2026}`, string(filter)); diff != "" || err != nil {
		t.Errorf("filter %s %v", diff, err)
	}
}

func TestSearchSaysWhatIsWrong(t *testing.T) {
	g := start(t, gatewaytest.Answer("unused"))
	for body, want := range map[string]struct {
		code, param string
	}{
		`{"query":`:     {"invalid_value", ""},
		`{}`:            {"invalid_value", "query"},
		`{"query":" "}`: {"invalid_value", "query"},
		`{"query":["1","2","3","4","5","6","7","8","9"]}`: {"invalid_value", "query"},
		`{"query":7}`:                                                 {"invalid_value", ""},
		`{"query":"x","max_num_results":0}`:                           {"invalid_value", "max_num_results"},
		`{"query":"x","max_num_results":"3"}`:                         {"invalid_value", "max_num_results"},
		`{"query":"x","ranking_options":{"score_threshold":2}}`:       {"invalid_value", "ranking_options.score_threshold"},
		`{"query":"x","filters":{"type":"like","key":"a","value":1}}`: {"invalid_filter", "filters"},
		`{"query":"x","filters":{"type":"eq","key":"a","value":1},"rag":{"filter":{"type":"eq","key":"a","value":1}}}`: {"invalid_value", "filters"},
		`{"query":"x","rag":{"on_empty":"refuse"}}`:       {"invalid_rag", "rag.on_empty"},
		`{"query":"x","rag":false}`:                       {"invalid_rag", "rag"},
		`{"query":"x","rag":{"collections":["nowhere"]}}`: {"collection_not_found", "vector_store_id"},
	} {
		a := g.post(t, "/v1/vector_stores/default/search", body)
		got := decode[struct {
			Error struct{ Code, Param string }
		}](t, a.body)
		if a.status < 400 || a.status > 404 || got.Error.Code != want.code || got.Error.Param != want.param {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}
