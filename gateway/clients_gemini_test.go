package gateway_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/genai"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// google is the official client of a version of the API.
func google(t *testing.T, g *gate, key, version string, client *http.Client) *genai.Client {
	t.Helper()
	c, err := genai.NewClient(t.Context(), &genai.ClientConfig{
		APIKey: key, Backend: genai.BackendGeminiAPI, HTTPClient: client,
		HTTPOptions: genai.HTTPOptions{BaseURL: g.url, APIVersion: version},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGoogleClientReadsGrounding(t *testing.T) {
	for _, version := range []string{"v1beta", "v1"} {
		g := start(t, gatewaytest.GeminiAnswer("Sechzehn Wochen für 👶 [1], not [8]."), withKeys)
		got, err := google(t, g, plainKey, version, nil).Models.GenerateContent(t.Context(), "gemini-fake", genai.Text(leaveQuestion), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Text() != "Sechzehn Wochen für 👶 [1], not." || got.UsageMetadata.TotalTokenCount != 18 {
			t.Errorf("text %q, usage %+v", got.Text(), got.UsageMetadata)
		}
		checkGrounding(t, got.Candidates[0], 1)
		sent := g.model.Last(t)
		if sent.Path != "/v1/models/gemini-fake:generateContent" || strings.Contains(sent.Path, "key") || sent.Header.Get("X-Goog-Api-Key") != "sk-upstream-0123456789abcdef" {
			t.Errorf("sent %s %v", sent.Path, sent.Header)
		}
		if !strings.Contains(string(sent.Body), "Parental leave lasts sixteen weeks.") || !strings.Contains(string(sent.Body), `"systemInstruction":{"parts":[{"text":"You answer from sources`) {
			t.Errorf("sent %s", sent.Body)
		}
	}
}

// checkGrounding wants one citation of the leave document, in bytes of the part.
func checkGrounding(t *testing.T, c *genai.Candidate, part int32) {
	t.Helper()
	m := c.GroundingMetadata
	if m == nil || len(m.GroundingChunks) != 1 || len(m.GroundingSupports) != 1 {
		t.Fatalf("grounding %+v", m)
	}
	if src := m.GroundingChunks[0].RetrievedContext; src.Title != "Leave" || src.URI == "" || !strings.Contains(src.Text, "sixteen weeks") {
		t.Errorf("source %+v", src)
	}
	seg := m.GroundingSupports[0].Segment
	if seg.PartIndex != part || seg.StartIndex != int32(len("Sechzehn Wochen für 👶 ")) || seg.EndIndex != seg.StartIndex+3 {
		t.Errorf("segment %+v", seg)
	}
}

func TestGoogleClientStreams(t *testing.T) {
	g := start(t, gatewaytest.GeminiAnswer("Sechzehn Wochen für 👶 [1], not [8]."), withKeys)
	text := ""
	var last *genai.Candidate
	for piece, err := range google(t, g, plainKey, "v1beta", nil).Models.GenerateContentStream(t.Context(), "gemini-fake", genai.Text(leaveQuestion), nil) {
		if err != nil {
			t.Fatal(err)
		}
		text += piece.Text()
		last = piece.Candidates[0]
	}
	if text != "Sechzehn Wochen für 👶 [1], not." {
		t.Errorf("text %q", text)
	}
	checkGrounding(t, last, 0)
}

func TestGeminiStreamsAsAnArray(t *testing.T) {
	g := start(t, gatewaytest.GeminiAnswer("Sixteen weeks [1], not [8]."))
	a := g.post(t, "/v1beta/models/gemini-fake:streamGenerateContent", geminiBody(leaveQuestion, ""))
	type piece struct {
		Candidates []struct {
			Content struct {
				Parts []struct {
					Text    string
					Thought bool
				}
			}
		}
		Rag *rag
	}
	pieces := decode[[]piece](t, a.body)
	text := ""
	for _, p := range pieces {
		for _, part := range p.Candidates[0].Content.Parts {
			if !part.Thought {
				text += part.Text
			}
		}
	}
	if r := pieces[len(pieces)-1].Rag; text != "Sixteen weeks [1], not." || r == nil || !r.Sources[0].Cited {
		t.Errorf("text %q, rag %+v", text, r)
	}
	raw := g.post(t, "/v1beta/models/gemini-fake:streamGenerateContent", geminiBody(leaveQuestion, `"rag":false`))
	if want := strings.Join(gatewaytest.GeminiArray(gatewaytest.Runes("Sixteen weeks [1], not [8].", 3)), ""); raw.body != want || raw.err != nil {
		t.Errorf("unchanged stream: %v %s", raw.err, raw.body)
	}
}

func geminiBody(question, members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"contents":[{"parts":[{"text":"` + question + `"}]}]` + members + `}`
}

func TestACutGeminiArrayDoesNotLookWhole(t *testing.T) {
	pieces := gatewaytest.GeminiArray(gatewaytest.Runes("Sixteen weeks.", 3))
	for _, members := range []string{"", `"rag":false`} {
		for _, n := range []int{1, 3, len(pieces)} {
			sent := strings.Join(pieces[:n], "")
			g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
				w.WriteHeader(http.StatusOK)
				w.Send(sent[:len(sent)-3])
				w.Cut()
			})
			a := g.post(t, "/v1beta/models/gemini-fake:streamGenerateContent", geminiBody(leaveQuestion, members))
			if a.err == nil || !strings.Contains(a.body, `"status":"UNAVAILABLE"`) {
				t.Errorf("%d pieces, %q: %v %s", n, members, a.err, a.body)
			}
		}
	}
}

func TestGoogleClientSurvivesSilence(t *testing.T) {
	for name, ends := range map[string]string{"CRLF": "\r\n\r\n", "LF": "\n\n"} {
		t.Run(name, func(t *testing.T) {
			silent := make(chan struct{})
			events := gatewaytest.GeminiEvents([]string{"Six", "teen."})
			for i := range events {
				events[i] = strings.ReplaceAll(events[i], "\r\n\r\n", ends)
			}
			g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
				w.StartStream()
				w.Send(events[0])
				w.Await(silent)
				w.Send(events[1:]...)
			}, withKeys, func(o *gateway.Options) { o.Limits.Heartbeat = time.Millisecond })
			counting, beats := countBeats(ends+ends, 1)
			go func() { <-beats; close(silent) }()
			text := ""
			for piece, err := range google(t, g, plainKey, "v1beta", counting).Models.GenerateContentStream(t.Context(), "gemini-fake", genai.Text(leaveQuestion), nil) {
				if err != nil {
					t.Fatal(err)
				}
				text += piece.Text()
			}
			if text != "Sixteen." {
				t.Errorf("text %q", text)
			}
		})
	}
}

func TestGoogleClientKeepsToolsAndTheirAnswers(t *testing.T) {
	call := `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"lookup","args":{"ids":[99]}}}],"role":"model"},"finishReason":"STOP"}],"modelVersion":"gemini-fake"}`
	g := start(t, gatewaytest.Raw(200, "application/json", call), withKeys)
	client := google(t, g, plainKey, "v1beta", nil)
	contents := genai.Text(leaveQuestion)
	config := &genai.GenerateContentConfig{Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: "lookup"}}}}}
	got, err := client.Models.GenerateContent(t.Context(), "gemini-fake", contents, config)
	if err != nil {
		t.Fatal(err)
	}
	if calls := got.FunctionCalls(); len(calls) != 1 || calls[0].Args["ids"].([]any)[0] != 99.0 {
		t.Errorf("calls %+v", calls)
	}
	contents = append(contents, got.Candidates[0].Content, genai.NewContentFromFunctionResponse("lookup", map[string]any{"output": "Quantum [9]"}, genai.RoleUser))
	if _, err := client.Models.GenerateContent(t.Context(), "gemini-fake", contents, config); err != nil {
		t.Fatal(err)
	}
	sent := string(g.model.Last(t).Body)
	if strings.Count(sent, "Sources for this message") != 1 || strings.Index(sent, "Sources for this message") > strings.Index(sent, leaveQuestion) {
		t.Errorf("sent %s", sent)
	}
}

func TestGoogleClientSeesTypedErrors(t *testing.T) {
	g := start(t, gatewaytest.Raw(429, "application/json", `{"error":{"code":429,"message":"Slow down","status":"RESOURCE_EXHAUSTED"}}`), withKeys)
	_, err := google(t, g, plainKey, "v1beta", nil).Models.GenerateContent(t.Context(), "m", genai.Text(leaveQuestion), nil)
	var api genai.APIError
	if !errors.As(err, &api) || api.Code != 429 || api.Status != "RESOURCE_EXHAUSTED" || api.Message != "Slow down" {
		t.Errorf("of the upstream: %v", err)
	}
	_, err = google(t, g, "wrong", "v1beta", nil).Models.GenerateContent(t.Context(), "m", genai.Text(leaveQuestion), nil)
	if !errors.As(err, &api) || api.Code != 401 || api.Status != "UNAUTHENTICATED" {
		t.Errorf("of the gateway: %v", err)
	}
	array := start(t, gatewaytest.Raw(400, "application/json", `[{"error":{"code":400,"message":"No","status":"INVALID_ARGUMENT"}}
]`))
	a := array.post(t, "/v1beta/models/m:streamGenerateContent", geminiBody(leaveQuestion, ""))
	if a.status != 400 || !strings.Contains(a.body, `"message":"No","status":"INVALID_ARGUMENT","source":"upstream"`) {
		t.Errorf("as an array: %d %s", a.status, a.body)
	}
}

func TestGoogleClientIsAnsweredWithoutAModelServer(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys, extractive)
	client := google(t, g, plainKey, "v1beta", nil)
	got, err := client.Models.GenerateContent(t.Context(), "anything", genai.Text(leaveQuestion), nil)
	if err != nil || got.Text() != "Parental leave lasts sixteen weeks. [1]" || got.Candidates[0].GroundingMetadata == nil {
		t.Errorf("whole: %+v %v", got, err)
	}
	text := ""
	for piece, err := range client.Models.GenerateContentStream(t.Context(), "anything", genai.Text(leaveQuestion), nil) {
		if err != nil {
			t.Fatal(err)
		}
		text += piece.Text()
	}
	if text != "Parental leave lasts sixteen weeks. [1]" {
		t.Errorf("streamed: %q", text)
	}
}

func TestAModelsNameCannotLeadElsewhere(t *testing.T) {
	g := start(t, gatewaytest.GeminiAnswer("ok"))
	for _, path := range []string{
		"/v1beta/models/..%2f..%2fadmin:generateContent", "/v1beta/models/a/../b:generateContent", "/v1/models/a%2f%2e%2e%2fb:generateContent",
		"/v1beta/models/:generateContent", "/v1beta/models/a%2f%2fb:generateContent",
	} {
		if a := g.post(t, path, geminiBody(leaveQuestion, "")); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if n := len(g.model.Received()); n > 0 {
		t.Fatalf("%d requests went out, the last to %s", n, g.model.Last(t).Path)
	}
	for path, want := range map[string]string{
		"/v1beta/models/tunedModels%2fx:generateContent?x=2&b=1": "/v1/models/tunedModels/x:generateContent?x=2&b=1",
		"/v1beta/models/a%3fb%23c:generateContent?key=k&x=1":     "/v1/models/a%3Fb%23c:generateContent?x=1",
	} {
		g.post(t, path, geminiBody(leaveQuestion, ""))
		if got := g.model.Last(t).Path; got != want {
			t.Errorf("%s went to %s", path, got)
		}
	}
}
