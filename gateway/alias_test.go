package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"ragway/gateway/gatewaytest"
)

func TestOtherSpellingsOfASearchAreCutAndAnsweredInTheirShape(t *testing.T) {
	for name, tc := range map[string]struct{ members, member, text, inMember string }{
		"vector_store_ids": {`"vector_store_ids":["vs_default"]`, "provider_specific_fields", "Sixteen [1].", `"search_results":[{"object":"vector_store.search_results.page"`},
		"file_search":      {`"tools":[{"type":"file_search","vector_store_ids":["vs_default"],"max_num_results":1}]`, "provider_specific_fields", "Sixteen [1].", `"filename":"handbook/leave.md"`},
		"data_sources": {`"data_sources":[{"type":"azure_search","parameters":{"endpoint":"http://elsewhere","index_name":"default","authentication":{"type":"api_key","key":"sk-azure"},"top_n_documents":1}}]`,
			"context", "Sixteen [doc1].", `"filepath":"handbook/leave.md"`},
	} {
		g := start(t, gatewaytest.Answer("Sixteen [1]."))
		a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, tc.members))
		if a.status != http.StatusOK || !strings.Contains(a.body, `"`+tc.member+`":{`) || !strings.Contains(a.body, tc.inMember) || !strings.Contains(a.body, `"content":"`+tc.text+`"`) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		sent := string(g.model.Last(t).Body)
		for _, gone := range []string{`"vector_store`, `"tools"`, `"data_sources"`, "sk-azure", "elsewhere"} {
			if strings.Contains(sent, gone) {
				t.Errorf("%s: %s went to the model server: %s", name, gone, sent)
			}
		}
		s := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, tc.members+`,"stream":true`))
		if got := readStream(t, s).text(0); got != tc.text || strings.Count(s.body, `"`+tc.member+`":{`) != 1 || !strings.Contains(s.body, tc.inMember) {
			t.Errorf("%s: streamed %q: %s", name, got, s.body)
		}
	}
}

func TestAzureClientsPathHasTheModel(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen [1]."), withKeys)
	a := g.post(t, "/openai/deployments/fake-1/chat/completions?api-version=2024-10-21", chatBody(leaveQuestion, ""), "Api-Key", plainKey)
	if a.status != http.StatusOK || !strings.Contains(a.body, `"cited":true`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if sent := g.model.Last(t); sent.Path != "/v1/chat/completions" || strings.Contains(sent.Header.Get("Api-Key"), plainKey) {
		t.Errorf("sent %s %v", sent.Path, sent.Header)
	}
}

func TestAFilterInAnotherLanguageIsRefused(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"))
	a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"data_sources":[{"parameters":{"index_name":"default","filter":"a eq 'b'"}}]`))
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, "data_sources.parameters.filter") {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"vector_store_ids":["vs_nowhere"]`))
	if a.status != http.StatusNotFound {
		t.Errorf("an unknown store: %d %s", a.status, a.body)
	}
}
