package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/ui"
	"ragway/gateway/upstream"
	"ragway/retriever"
)

func TestDocumentTextIsWholeWithoutRepeats(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"))
	const text = "Ein Anfang – mit Umlauten: äöü.\n\nDie Mitte <b>ist</b> lang.\nDas Ende."
	runes := []rune(text)
	d := g.library.put(retriever.Document{URI: "h/x.md", Title: `<script>alert("x")</script>`}, "placeholder")
	var chunks []retriever.Chunk
	for i, span := range [][2]int{{0, 31}, {20, 31}, {33, 59}, {40, 59}, {60, len(runes)}} {
		chunks = append(chunks, retriever.Chunk{ID: "c" + string(rune('0'+i)), Text: string(runes[span[0]:span[1]]), Span: retriever.Span{Start: span[0], End: span[1]}})
	}
	g.library.chunks[d.ID] = chunks
	a := g.get(t, "/v1/documents/"+d.ID, "Accept", "application/json")
	if got := decode[struct{ Text, URI, Title string }](t, a.body); got.Text != text || got.URI != "h/x.md" {
		t.Errorf("text\n%s\nwant\n%s", got.Text, text)
	}
	a = g.get(t, "/v1/documents/"+d.ID, "Accept", "text/html")
	if strings.Contains(a.body, "<script>") || strings.Contains(a.body, "<b>") || !strings.Contains(a.body, `<span id="c2">`) {
		t.Errorf("page %s", a.body)
	}
	if p := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") {
		t.Errorf("policy %q", p)
	}
}

type letters struct{}

func (letters) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: "letters", Dimension: 2}
}

func (letters) Embed(_ context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	out := make([]retriever.Vector, len(texts))
	for i, s := range texts {
		if s != "!" {
			out[i] = retriever.Vector{.6, .8}
		}
	}
	return out, nil
}

func extractive(o *gateway.Options) {
	o.Upstream = upstream.NewExtractive(upstream.ExtractiveOptions{})
	o.Embedder = letters{}
}

func TestEmbeddingsComeFromTheEmbedderWithoutAnUpstream(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), extractive)
	a := g.post(t, "/v1/embeddings", `{"model":"x","input":["a","b"]}`)
	type list struct {
		Object, Model string
		Data          []struct {
			Object    string
			Index     int
			Embedding any
		}
	}
	got := decode[list](t, a.body)
	if got.Model != "letters" || len(got.Data) != 2 || got.Data[1].Index != 1 {
		t.Fatalf("got %s", a.body)
	}
	if diff := cmp.Diff([]any{.6, .8}, got.Data[0].Embedding); diff != "" {
		t.Error(diff)
	}
	got = decode[list](t, g.post(t, "/v1/embeddings", `{"model":"x","input":"a","encoding_format":"base64"}`).body)
	raw, err := base64.StdEncoding.DecodeString(got.Data[0].Embedding.(string))
	if err != nil || len(raw) != 8 || math.Float32frombits(binary.LittleEndian.Uint32(raw[4:])) != .8 {
		t.Errorf("base64 %v %v", raw, err)
	}
	for body, param := range map[string]string{
		`{"input":[]}`: "input", `{"input":[[1,2]]}`: "", `{"input":["a",""]}`: "input", `{"input":"!"}`: "input",
		`{"input":"a","dimensions":7}`: "dimensions", `{"input":"a","encoding_format":"hex"}`: "encoding_format",
	} {
		a := g.post(t, "/v1/embeddings", body)
		e := decode[errorBody](t, a.body).Error
		if a.status != 400 || e.Param == nil && param != "" || e.Param != nil && *e.Param != param {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

func TestEmbeddingsPassThroughToTheUpstream(t *testing.T) {
	const reply = `{"object":"list", "data":[]}`
	g := start(t, gatewaytest.Raw(200, "application/json", reply))
	body := `{ "input":"a" }`
	if a := g.post(t, "/v1/embeddings", body); a.body != reply || string(g.model.Last(t).Body) != body || g.model.Last(t).Path != "/v1/embeddings" {
		t.Errorf("got %s for %s", a.body, g.model.Last(t).Body)
	}
}

func TestModelsAreTheUpstreams(t *testing.T) {
	const reply = `{"object":"list","data":[{"id":"fake-1","object":"model"}]}`
	g := start(t, gatewaytest.Raw(200, "application/json", reply))
	if a := g.get(t, "/v1/models"); a.body != reply || g.model.Last(t).Path != "/v1/models" {
		t.Errorf("got %s", a.body)
	}
	g = start(t, gatewaytest.Answer("never"), extractive)
	if a := g.get(t, "/v1/models"); !strings.Contains(a.body, `"id":"ragway-extractive"`) {
		t.Errorf("got %s", a.body)
	}
}

func TestReadinessFollowsTheStore(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"))
	if a := g.get(t, "/readyz"); a.status != 200 {
		t.Errorf("ready: %d %s", a.status, a.body)
	}
	g.library.err = retriever.ErrUnavailable
	if a := g.get(t, "/readyz"); a.status != 503 || decode[struct{ Checks map[string]string }](t, a.body).Checks["store"] == "ok" {
		t.Errorf("store gone: %d %s", a.status, a.body)
	}
	if a := g.get(t, "/livez"); a.status != 200 {
		t.Errorf("live: %d", a.status)
	}
}

func TestPageIsServed(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys, func(o *gateway.Options) { o.UI = ui.Handler() })
	for _, path := range []string{"/", "/ui/app.js", "/ui/style.css"} {
		if a := g.get(t, path); a.status != 200 || a.header.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

func TestMetricsAreNamedAsPromised(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen [1], invented [9]."), func(o *gateway.Options) {
		o.Version = gateway.Version{Version: "1.2.3", Revision: "abc"}
		o.Catalog = func(context.Context) ([]retriever.CollectionInfo, error) {
			info := retriever.CollectionInfo{Documents: 2, Chunks: 3, Vectors: 3, RecallEstimate: 0.995}
			info.Name = "default"
			return []retriever.CollectionInfo{info}, nil
		}
	})
	g.library.degraded = []retriever.Degradation{{Stage: "embed", Reason: "gone"}}
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", ""))
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true`))
	g.post(t, "/v1/chat/completions", chatBody("Quantum chromodynamics", ""))
	g.post(t, "/v1/chat/completions", "{")
	g.get(t, "/v1/whatever/"+strings.Repeat("x", 20))
	g.model.Script(gatewaytest.CutAfter(gatewaytest.Delta(0, "half")))
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true`))

	body := g.get(t, "/metrics").body
	for _, want := range []string{
		`ragway_http_requests_total{code="200",route="/v1/chat/completions"} 4`,
		`ragway_http_requests_total{code="404",route="unknown"} 1`,
		`ragway_http_request_duration_seconds_count{route="/v1/chat/completions"} 5`,
		`ragway_stage_duration_seconds_count{stage="retrieve"} 4`,
		`ragway_stage_errors_total{reason="invalid_json",stage="decode"} 1`,
		`ragway_degraded_total{stage="embed"} 4`,
		`ragway_upstream_requests_total{code="200",upstream="fake"} 4`,
		`ragway_streams_aborted_total{by="upstream"} 1`,
		`ragway_retrieval_hits_count 4`, `ragway_retrieval_empty_total 1`, `ragway_retrieval_top_score_count 3`,
		`ragway_context_tokens_count 3`,
		`ragway_citations_total{validity="valid"} 2`, `ragway_citations_total{validity="invalid"} 2`,
		`ragway_answers_total{verdict="unchecked"} 3`, `ragway_embed_tokens_total 12`,
		`ragway_collection_documents{collection="default"} 2`, `ragway_collection_chunks{collection="default"} 3`,
		`ragway_index_recall_estimate{collection="default"} 0.995`,
		`gen_ai_client_token_usage_count{gen_ai_token_type="input"} 2`, `gen_ai_server_time_to_first_token_seconds_count 2`,
		`revision="abc",version="1.2.3"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
	if problems, err := testutil.GatherAndLint(g.metrics); err != nil || len(problems) > 0 {
		t.Errorf("lint: %v %v", problems, err)
	}
}

func TestHopByHopAndOwnHeadersStayHere(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"))
	g.post(t, "/v1/chat/completions", chatBody("parental leave", ""),
		"X-Ragway-Key", "k", "Cookie", "c=1", "X-Stainless-Lang", "go", "Connection", "X-Private", "X-Private", "1",
		"Accept-Encoding", "br", "OpenAI-Organization", "org")
	h := g.model.Last(t).Header
	for _, name := range []string{"X-Ragway-Key", "Cookie", "X-Private", "Accept-Encoding", "Origin"} {
		if v := h.Get(name); v != "" {
			t.Errorf("%s: %s went out", name, v)
		}
	}
	if h.Get("X-Stainless-Lang") != "go" || h.Get("OpenAI-Organization") != "org" || h.Get("Content-Type") != "application/json" {
		t.Errorf("end-to-end headers lost: %v", h)
	}
}

func TestHeadersThatProveTheCallerStayHere(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withKeys)
	g.post(t, "/v1/chat/completions?key=in-the-query", chatBody("parental leave", ""),
		"Authorization", "Bearer "+plainKey, "X-Copy", "key "+plainKey, "Api-Key", "a", "X-Auth-Request-Access-Token", "t",
		"Cf-Access-Jwt-Assertion", "t", "Forwarded", "for=10.0.0.1", "X-Real-Ip", "10.0.0.1", "Range", "bytes=0-1", "X-Title", "app")
	got := g.model.Last(t)
	var names []string
	for name := range got.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"Authorization", "Content-Length", "Content-Type", "User-Agent", "X-Ragway-Via", "X-Title"}
	if diff := cmp.Diff(want, names); diff != "" || got.Header.Get("Authorization") != "Bearer sk-upstream-0123456789abcdef" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if got.Path != "/v1/chat/completions" {
		t.Errorf("path %s", got.Path)
	}
}

func TestUpstreamHeadersOfItsOwnStayThere(t *testing.T) {
	g := start(t, func(w *gatewaytest.Writer, r gatewaytest.Received) {
		for _, name := range []string{"Set-Cookie", "Alt-Svc", "Strict-Transport-Security", "Access-Control-Allow-Origin", "X-Accel-Redirect", "X-Ragway-Sources", "Server"} {
			w.Header().Set(name, "theirs")
		}
		w.Header().Set("X-Request-Id", "theirs")
		gatewaytest.Answer("ok")(w, r)
	})
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	for name, values := range a.header {
		if values[0] == "theirs" && name != "X-Request-Id" {
			t.Errorf("%s came through", name)
		}
	}
	if a.header.Get("X-Request-Id") != "theirs" {
		t.Error("X-Request-Id is lost")
	}
}

func TestOnlyWebLinksAreGivenOut(t *testing.T) {
	for link, given := range map[string]bool{
		"https://docs.example.com/a": true, "http://intranet/a": true,
		"javascript:alert(1)": false, "JavaScript:alert(1)": false, "data:text/html,x": false, "//evil.example": false, "x": false, " https://a b": false,
	} {
		g := start(t, gatewaytest.Answer("Sixteen [1]."))
		d := g.library.put(retriever.Document{URI: "a.md", URL: link}, "Zebras gallop.")
		a := g.post(t, "/v1/chat/completions", chatBody("zebras gallop", ""))
		want := g.url + "/v1/documents/" + d.ID
		if given {
			want = link
		}
		if got := decode[completion](t, a.body).Rag.Sources[0].URL; !strings.HasPrefix(got, want) {
			t.Errorf("%s: the link is %s", link, got)
		}
		shown := g.get(t, "/v1/documents/"+d.ID, "Accept", "application/json")
		if got := decode[struct{ URL string }](t, shown.body).URL; (got == link) != given {
			t.Errorf("%s: the document's is %q", link, got)
		}
	}
}

func TestCompressedAnswersAreRead(t *testing.T) {
	for _, members := range []string{"", `"stream":true`} {
		g := start(t, gatewaytest.Gzipped(gatewaytest.Answer("Sixteen [1].")))
		a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", members))
		if a.status != http.StatusOK || !strings.Contains(a.body, "url_citation") || a.header.Get("Content-Encoding") != "" {
			t.Errorf("%q: %d %v %s", members, a.status, a.header, a.body)
		}
	}
}
