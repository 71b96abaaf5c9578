package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// passing allows some paths.
func passing(o *gateway.Options) {
	o.PassThrough = []string{"POST /v1/audio/*", "GET /v1/responses/**", "DELETE /v1/responses/*", "POST /v1/messages/count_tokens", "GET /v1/models/**", "POST /v1beta/models/*:countTokens", "POST /v1/completions"}
}

func TestOtherPathsPassByteForByte(t *testing.T) {
	g := start(t, gatewaytest.Raw(200, "application/octet-stream", "\x00\x01answer"), passing, withKeys)
	for _, tc := range []struct{ method, path, body, sent string }{
		{"POST", "/v1/audio/speech?x=1&key=" + plainKey, `{"model" : "tts",  "n":1.0}`, "/v1/audio/speech?x=1"},
		{"GET", "/v1/responses/resp_1/input_items?after=b", "", "/v1/responses/resp_1/input_items?after=b"},
		{"DELETE", "/v1/responses/resp_1", "", "/v1/responses/resp_1"},
		{"POST", "/v1/messages/count_tokens", `{"rag":false}`, "/v1/messages/count_tokens"},
		{"GET", "/v1/models/meta%2Fllama", "", "/v1/models/meta%2Fllama"},
		{"POST", "/v1beta/models/gemini-2:countTokens", `{}`, "/v1/models/gemini-2:countTokens"},
	} {
		a := g.do(t, tc.method, tc.path, tc.body, "X-Api-Key", plainKey)
		if a.status != 200 || a.body != "\x00\x01answer" || a.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s %s: %d %q", tc.method, tc.path, a.status, a.body)
			continue
		}
		if got := g.model.Last(t); got.Method != tc.method || got.Path != tc.sent || string(got.Body) != tc.body {
			t.Errorf("%s %s: sent %s %s %q", tc.method, tc.path, got.Method, got.Path, got.Body)
		}
		if a := g.do(t, tc.method, strings.Replace(tc.path, "key=", "x=", 1), tc.body); a.status != http.StatusUnauthorized {
			t.Errorf("%s %s without a key: %d", tc.method, tc.path, a.status)
		}
	}
}

func TestWhatIsNotAllowedDoesNotPass(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), passing)
	for _, tc := range []struct{ method, path string }{
		{"POST", "/v1/images/generations"}, {"PUT", "/v1/responses/x"}, {"POST", "/v1/audio/a/b"}, {"POST", "/v1/audio/"}, {"POST", "/v1/audio"},
		{"GET", "/v1/responses/../admin"}, {"GET", "/v1/responses/%2e%2e/admin"}, {"GET", "/v1/responses//x"}, {"POST", "/v1/audio/..%2f..%2fadmin/x"},
		{"GET", "/v1/organization/users"}, {"DELETE", "/v1/models/x"},
	} {
		if a := g.do(t, tc.method, tc.path, "{}"); a.status != http.StatusNotFound && a.status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, a.status, a.body)
		}
	}
	if n := len(g.model.Received()); n > 0 {
		t.Errorf("%d requests went out, the last to %s", n, g.model.Last(t).Path)
	}
}

func TestPassedStreamsArriveEventByEventAndNeverLookWholeWhenCut(t *testing.T) {
	g := start(t, gatewaytest.Pieces("data: a\n\n", "data: [DONE]\n\n"), passing)
	if a := g.post(t, "/v1/completions", `{"stream":true}`); a.err != nil || a.body != "data: a\n\ndata: [DONE]\n\n" {
		t.Errorf("%v %q", a.err, a.body)
	}
	g.model.Script(gatewaytest.CutAfter("data: a\n\n"))
	if a := g.post(t, "/v1/completions", `{"stream":true}`); a.err == nil {
		t.Errorf("a cut stream looks whole: %q", a.body)
	}
	g.model.Script(gatewaytest.Raw(404, "application/json", `{"type":"error","error":{"type":"not_found_error","message":"no"}}`))
	if a := g.post(t, "/v1/messages/count_tokens", `{}`); a.status != 404 || !strings.Contains(a.body, `"message":"no","source":"upstream"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestVirtualModelsAreKnownToThePathsThatPass(t *testing.T) {
	g := start(t, gatewaytest.Raw(200, "application/json", `{}`), passing, withSupportBot)
	if a := g.get(t, "/v1/models/support-bot"); a.status != 200 || !strings.Contains(a.body, `"id":"support-bot"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	g.post(t, "/v1/completions", `{"prompt":"x","model":"support-bot"}`)
	if got := string(g.model.Last(t).Body); got != `{"prompt":"x","model":"fake-1"}` {
		t.Errorf("sent %s", got)
	}
}

func TestFilesGoByTheirPurpose(t *testing.T) {
	g := start(t, gatewaytest.Raw(200, "application/json", `{"id":"file-theirs","purpose":"batch"}`), withUploads(t, t.TempDir()))
	const kind = "multipart/form-data; boundary=X"
	for _, body := range []string{form("purpose=batch", "file@a.jsonl={}"), form("file@a.jsonl={}", "purpose=fine-tune")} {
		a := g.post(t, "/v1/files", body, "Content-Type", kind)
		if a.status != 200 || !strings.Contains(a.body, "file-theirs") {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if got := g.model.Last(t); string(got.Body) != body || got.Path != "/v1/files" || got.Header.Get("Content-Type") != kind {
			t.Errorf("sent %s %v %q", got.Path, got.Header, got.Body)
		}
	}
	ours := g.post(t, "/v1/files", form("file@a.txt=text", "purpose=assistants"), "Content-Type", kind)
	id := decode[struct{ ID string }](t, ours.body).ID
	sent := len(g.model.Received())
	for path, theirs := range map[string]bool{"/v1/files/" + id: false, "/v1/files/file-theirs": true, "/v1/files/file-theirs/content": true, "/v1/files?purpose=batch": true, "/v1/files": false} {
		a := g.get(t, path)
		if got := strings.Contains(a.body, "file-theirs"); got != theirs {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if n := len(g.model.Received()) - sent; n != 3 {
		t.Errorf("%d requests went to the model server", n)
	}
}

func TestFilesOfOthersAreRefusedWithoutAModelServer(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withUploads(t, t.TempDir()), extractive)
	a := g.post(t, "/v1/files", form("purpose=batch", "file@a.jsonl={}"), "Content-Type", "multipart/form-data; boundary=X")
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, "want assistants or user_data") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
