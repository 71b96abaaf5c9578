package gateway_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/upstream"
	"ragway/retriever"
)

func TestEveryMistakeHasItsError(t *testing.T) {
	const path = "/v1/chat/completions"
	q := func(members string) string { return chatBody("How long is parental leave?", members) }
	for _, tc := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code, stage, param, says string
	}{
		{name: "not JSON", body: `{"messages":`, status: 400, code: "invalid_json", stage: "decode", says: "byte 12"},
		{name: "trailing data", body: `{"messages":[]}{}`, status: 400, code: "invalid_json", stage: "decode", says: "byte 15"},
		{name: "duplicate name", body: `{"messages":[],"model":"a","model":"b"}`, status: 400, code: "invalid_json", stage: "decode", says: "byte 2"},
		{name: "bad UTF-8", body: "{\"messages\":[],\"model\":\"\xff\"}", status: 400, code: "invalid_json", stage: "decode", says: "byte 24"},
		{name: "empty body", body: ``, status: 400, code: "invalid_json", stage: "decode"},
		{name: "no messages", body: `{"model":"a"}`, status: 400, code: "invalid_value", stage: "decode", param: "messages"},
		{name: "messages of the wrong type", body: `{"messages":{}}`, status: 400, code: "invalid_value", stage: "decode", param: "messages"},
		{name: "body over the limit", body: q(`"x":"` + strings.Repeat("y", 5000) + `"`), status: 413, code: "request_too_large", stage: "decode", says: "4096"},
		{name: "compressed body", body: q(""), header: []string{"Content-Encoding", "gzip"}, status: 415, code: "unsupported_encoding", stage: "decode"},
		{name: "rag true", body: q(`"rag":true`), status: 400, code: "invalid_rag", stage: "decode", param: "rag"},
		{name: "unknown rag key", body: q(`"rag":{"topk":3}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.topk", says: "top_k"},
		{name: "top_k above the maximum", body: q(`"rag":{"top_k":51}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.top_k", says: "50"},
		{name: "top_k not whole", body: q(`"rag":{"top_k":1.5}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.top_k"},
		{name: "token_budget zero", body: q(`"rag":{"token_budget":0}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.token_budget"},
		{name: "min_score out of range", body: q(`"rag":{"min_score":2}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.min_score"},
		{name: "unknown mode", body: q(`"rag":{"mode":"magic"}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.mode", says: "lexical"},
		{name: "no documents", body: q(`"rag":{"documents":[]}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.documents", says: "1000"},
		{name: "too many neighbours", body: q(`"rag":{"neighbours":6}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.neighbours", says: "5"},
		{name: "diversity out of range", body: q(`"rag":{"diversity":-0.1}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.diversity"},
		{name: "recency misspelled", body: q(`"rag":{"recency":{"halflife":3}}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.recency", says: "half_life_days"},
		{name: "unknown profile", body: q(`"rag":{"profile":"support"}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.profile"},
		{name: "loosened on_error", body: q(`"rag":{"on_error":"degrade"}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.on_error", says: "tighten"},
		{name: "too many collections", body: q(`"rag":{"collections":["a"` + strings.Repeat(`,"a"`, 64) + `]}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.collections", says: "64"},
		{name: "bad filter", body: q(`"rag":{"filter":{"type":"like","key":"a","value":1}}`), status: 400, code: "invalid_filter", stage: "decode", param: "rag.filter"},
		{name: "bad collection name", body: q(`"rag":{"collections":["A B"]}`), status: 400, code: "invalid_rag", stage: "decode", param: "rag.collections"},
		{name: "unknown collection", body: q(`"rag":{"collections":["nope"]}`), status: 404, code: "collection_not_found", stage: "retrieve", param: "rag.collections", says: "nope"},
		{name: "unknown route", path: "/v1/nothing", body: `{}`, status: 404, code: "unknown_url", stage: "route", says: "/v1/nothing"},
		{name: "very long route", path: "/v1/" + strings.Repeat("x", 5000), body: `{}`, status: 404, code: "unknown_url", stage: "route"},
		{name: "wrong method", method: http.MethodGet, status: 405, code: "method_not_allowed", stage: "route"},
		{name: "missing document", method: http.MethodGet, path: "/v1/documents/nope", status: 404, code: "document_not_found", stage: "retrieve"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, gatewaytest.Answer("never"), func(o *gateway.Options) { o.Limits.BodyBytes = 4096 })
			if tc.method == "" {
				tc.method = http.MethodPost
			}
			if tc.path == "" {
				tc.path = path
			}
			a := g.do(t, tc.method, tc.path, tc.body, tc.header...)
			e := decode[errorBody](t, a.body).Error
			param := ""
			if e.Param != nil {
				param = *e.Param
			}
			if a.status != tc.status || a.code(t) != tc.code || e.Stage != tc.stage || e.Source != "gateway" || param != tc.param || !strings.Contains(e.Message, tc.says) {
				t.Errorf("got %d %s", a.status, a.body)
			}
			if len(e.Message) > 500 {
				t.Errorf("a message of %d bytes", len(e.Message))
			}
			if a.header.Get("X-Ragway-Request-Id") == "" {
				t.Error("no request id")
			}
			if n := len(g.model.Received()); n != 0 {
				t.Errorf("the model server was called %d times", n)
			}
		})
	}
}

func TestUpstreamDownIsNamed(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), func(o *gateway.Options) {
		up, err := upstream.NewHTTP(upstream.HTTPOptions{Name: "gone", BaseURL: "http://127.0.0.1:1/v1"})
		if err != nil {
			t.Fatal(err)
		}
		o.Upstream = up
	})
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	e := decode[errorBody](t, a.body).Error
	if a.status != http.StatusBadGateway || a.code(t) != "upstream_unreachable" || e.Stage != "forward" || e.Source != "upstream" || !strings.Contains(e.Message, `"gone"`) {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if strings.Contains(e.Message, "127.0.0.1") || !strings.Contains(g.log.String(), "127.0.0.1") {
		t.Errorf("the address is the operator's to know: %s, logged %s", e.Message, g.log)
	}
}

func TestUpstreamErrorsKeepTheirWordsAndLoseTheirSecrets(t *testing.T) {
	for _, tc := range []struct {
		name, contentType, body, want string
	}{
		{"JSON error", "application/json", `{"error": {"message":"Incorrect API key provided: sk-upstream-0123456789abcdef","code":"k","n":1.0}}`,
			`{"error": {"message":"Incorrect API key provided: <secret>","code":"k","n":1.0,"source":"upstream","stage":"forward"}}`},
		{"empty error object", "application/json", `{"error":{}}`, `{"error":{"source":"upstream","stage":"forward"}}`},
		{"HTML page", "text/html", `<html>nginx</html>`, `{"error":{"message":"upstream answered 429 Too Many Requests","type":"upstream_error","code":"upstream_429","param":null,"source":"upstream","stage":"forward"}}`},
		{"plain text", "text/plain", `slow down`, `{"error":{"message":"slow down","type":"upstream_error","code":"upstream_429","param":null,"source":"upstream","stage":"forward"}}`},
		{"error that is a string", "application/json", `{"error":"slow down"}`, `{"error":{"message":"{\"error\":\"slow down\"}","type":"upstream_error","code":"upstream_429","param":null,"source":"upstream","stage":"forward"}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := start(t, gatewaytest.Raw(http.StatusTooManyRequests, tc.contentType, tc.body))
			a := g.post(t, "/v1/chat/completions", chatBody("parental leave", `"stream":true`))
			if a.status != http.StatusTooManyRequests || a.body != tc.want {
				t.Errorf("got %d %s\nwant %s", a.status, a.body, tc.want)
			}
		})
	}
}

func TestRequestThatCameFromHereIsRefused(t *testing.T) {
	g := start(t, gatewaytest.Answer("hi"))
	g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	via := g.model.Last(t).Header.Get("X-Ragway-Via")
	if via == "" {
		t.Fatal("calls are not marked")
	}
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", ""), "X-Ragway-Via", via)
	if a.status != http.StatusLoopDetected || a.code(t) != "loop_detected" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if a = g.post(t, "/v1/chat/completions", chatBody("parental leave", ""), "X-Ragway-Via", "another"); a.status != 200 {
		t.Errorf("another gateway's request: %d", a.status)
	}
}

type panicking struct{ *library }

func (panicking) Retrieve(context.Context, retriever.Query) (retriever.Result, error) {
	panic("out of cheese")
}

func TestPanicIsAnsweredWithoutDetails(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), func(o *gateway.Options) { o.Retriever = panicking{} })
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	if a.status != 500 || a.code(t) != "internal_error" || strings.Contains(a.body, "cheese") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	if !strings.Contains(g.log.String(), "out of cheese") {
		t.Error("the panic is not in the log")
	}
}

func TestUnknownStoreErrorsAreTypedAndKeepMachinesToThemselves(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"))
	g.library.err = errors.New("dial tcp 10.1.2.3:6334: refused")
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	if a.status != http.StatusServiceUnavailable || a.code(t) != "retrieval_unavailable" || strings.Contains(a.body, "10.1.2.3") {
		t.Errorf("got %d %s", a.status, a.body)
	}
}
