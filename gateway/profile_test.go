package gateway_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/ground"
	"ragway/gateway/prompt"
	"ragway/retriever"
)

// withProfiles makes profiles known, the first as the default of every request.
func withProfiles(profiles ...prompt.Profile) func(*gateway.Options) {
	return func(o *gateway.Options) {
		o.Profiles.Profiles = map[string]prompt.Profile{}
		for _, p := range profiles {
			o.Profiles.Profiles[p.Name] = p
		}
		o.Retrieval.Profile = profiles[0].Name
	}
}

func TestProfileSpeaksWithAndWithoutSources(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withProfiles(prompt.Profile{Name: "brand", Voice: "Warm and short.", Rules: []string{"No emoji."}}))
	for _, question := range []string{leaveQuestion, "Quantum chromodynamics lecture", "Thanks!"} {
		g.post(t, "/v1/chat/completions", chatBody(question, ""))
		sent := string(g.model.Last(t).Body)
		if !strings.Contains(sent, "Warm and short.") || strings.Contains(sent, "No source was found") || strings.Contains(sent, "sixteen weeks") != (question == leaveQuestion) {
			t.Errorf("%s: sent %s", question, sent)
		}
	}
	g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"rag":false`))
	if sent := string(g.model.Last(t).Body); strings.Contains(sent, "Warm") {
		t.Errorf("with rag false: sent %s", sent)
	}
}

func TestRequestNamesItsProfile(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withProfiles(prompt.Profile{Name: "brand", Voice: "Warm."}, prompt.Profile{Name: "code", Instructions: "Write Go."}))
	a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"rag":{"profile":"code"}`))
	got := decode[struct {
		Rag struct {
			Profile struct{ Name, Version string }
		}
	}](t, a.body).Rag.Profile
	if want := (prompt.Profile{Name: "code", Instructions: "Write Go."}).Version(); got.Name != "code" || got.Version != want {
		t.Errorf("profile %+v, want version %s", got, want)
	}
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, "Write Go.") || strings.Contains(sent, "Warm.") {
		t.Errorf("sent %s", sent)
	}
	a = g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"rag":{"profile":"cod"}`))
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, "there are brand, code, default") || !strings.Contains(a.body, `"param":"rag.profile"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestRefusingProfileCannotBeLeftForALooserPolicy(t *testing.T) {
	g := start(t, gatewaytest.Answer("made up"), withProfiles(prompt.Profile{Name: "regulated", OnEmpty: "refuse", Refusal: "Ask the desk."}, prompt.Profile{Name: "open"}))
	for _, members := range []string{"", `"rag":{"profile":"open"}`} {
		a := g.post(t, "/v1/chat/completions", chatBody("Quantum chromodynamics lecture", members))
		if strings.Contains(a.body, "made up") {
			t.Errorf("%s: %s", members, a.body)
		}
	}
	a := g.post(t, "/v1/chat/completions", chatBody("Quantum chromodynamics lecture", ""))
	if !strings.Contains(a.body, "Ask the desk.") {
		t.Errorf("refusal %s", a.body)
	}
	if a := g.post(t, "/v1/chat/completions", chatBody("x", `"rag":false`)); a.status != http.StatusForbidden {
		t.Errorf("rag false: %d %s", a.status, a.body)
	}
}

func TestHiddenReasoningNeverReachesTheClient(t *testing.T) {
	const said = "<thinking>\nIt is in [1], not [2]. Secret.\n</thinking>\n\nSixteen weeks [1]."
	for name, script := range map[string]gatewaytest.Script{
		"/v1/chat/completions": gatewaytest.Answer(said),
		"/v1/messages":         gatewaytest.MessagesAnswer(said),
		"/v1beta/models/gemini-fake:generateContent":               gatewaytest.GeminiAnswer(said),
		"/v1beta/models/gemini-fake:streamGenerateContent?alt=sse": gatewaytest.GeminiAnswer(said),
	} {
		g := start(t, script, withProfiles(prompt.Profile{Name: "deep", Reasoning: prompt.HiddenReasoning}))
		for _, stream := range []string{"", `"stream":true`} {
			body := chatBody(leaveQuestion, stream)
			if strings.Contains(name, "v1beta") {
				body = geminiBody(leaveQuestion, "")
			}
			a := g.post(t, name, body)
			if a.err != nil || strings.Contains(a.body, "Secret") || strings.Contains(a.body, "hinking>") || !strings.Contains(a.body, `"cited":true`) {
				t.Errorf("%s %s: %v %s", name, stream, a.err, a.body)
			}
			if !strings.Contains(string(g.model.Last(t).Body), "thinking") {
				t.Errorf("%s: the model was not asked for it", name)
			}
		}
	}
}

func TestAnAnswerThatEndsWithinItsReasoningIsMarked(t *testing.T) {
	g := start(t, gatewaytest.Answer("<thinking>It is in"), withProfiles(prompt.Profile{Name: "deep", Reasoning: prompt.HiddenReasoning}))
	for _, stream := range []string{"", `"stream":true`} {
		a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, stream))
		if strings.Contains(a.body, "It is in") || !strings.Contains(a.body, "ended within its reasoning") {
			t.Errorf("%s: %s", stream, a.body)
		}
	}
}

func TestAnswersInAFormatAreNotAskedToReasonInWords(t *testing.T) {
	const said = `{"a":"<thinking>data</thinking>"}`
	g := start(t, gatewaytest.Answer(said), withProfiles(prompt.Profile{Name: "deep", Reasoning: prompt.HiddenReasoning}))
	a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"response_format":{"type":"json_object"}`))
	if got := decode[completion](t, a.body).Choices[0].Message.Content; got != said {
		t.Errorf("content %s", got)
	}
	if sent := string(g.model.Last(t).Body); strings.Contains(sent, "thinking") {
		t.Errorf("sent %s", sent)
	}
}

func TestNativeReasoningIsAConfiguredEdit(t *testing.T) {
	profile := withProfiles(prompt.Profile{Name: "deep", Reasoning: prompt.NativeReasoning, Effort: prompt.HighEffort})
	for _, tc := range []struct{ path, body, want string }{
		{"/v1/chat/completions", chatBody(leaveQuestion, ""), `"reasoning_effort":"high"}`},
		{"/v1/chat/completions", chatBody(leaveQuestion, `"reasoning_effort":"low"`), `"reasoning_effort":"low"}`},
		{"/v1/messages", chatBody(leaveQuestion, ""), `"output_config":{"effort":"high"}}`},
		{"/v1/messages", chatBody(leaveQuestion, `"output_config":{"x":1}`), `"output_config":{"x":1,"effort":"high"}`},
		{"/v1beta/models/m:generateContent", geminiBody(leaveQuestion, ""), `"generationConfig":{"thinkingConfig":{"thinkingLevel":"HIGH"}}`},
		{"/v1beta/models/m:generateContent", geminiBody(leaveQuestion, `"generationConfig":{"topK":1}`), `"generationConfig":{"topK":1,"thinkingConfig":{"thinkingLevel":"HIGH"}}`},
	} {
		g := start(t, gatewaytest.Answer("ok"), profile)
		g.post(t, tc.path, tc.body)
		if sent := string(g.model.Last(t).Body); !strings.Contains(sent, tc.want) {
			t.Errorf("%s: no %s in %s", tc.path, tc.want, sent)
		}
	}
}

func TestVariantsAreStickyByUser(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withProfiles(prompt.Profile{Name: "warm", Voice: "Warm."}, prompt.Profile{Name: "cool", Voice: "Cool."}), func(o *gateway.Options) {
		o.Profiles.Variants = map[string]prompt.Variants{"test": {{Profile: "warm", Weight: 1}, {Profile: "cool", Weight: 1}}}
		o.Retrieval.Profile = "test"
	})
	seen := map[string]int{}
	for user := range 20 {
		var first string
		for range 3 {
			a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, fmt.Sprintf(`"user":"u%d"`, user)))
			p := decode[struct {
				Rag struct {
					Profile struct{ Name, Variant string }
				}
			}](t, a.body).Rag.Profile
			if p.Name != "test" || first != "" && p.Variant != first {
				t.Fatalf("user %d: %+v after %s", user, p, first)
			}
			first = p.Variant
		}
		seen[first]++
	}
	if len(seen) != 2 {
		t.Errorf("variants %v", seen)
	}
	for _, name := range []string{"warm", "cool"} {
		if metrics := g.get(t, "/metrics").body; !strings.Contains(metrics, fmt.Sprintf(`ragway_profile_requests_total{profile=%q`, name)) {
			t.Errorf("no count of %s", name)
		}
	}
}

func TestDynamicExamplesComeFromWhatTheCallerMaySee(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withProfiles(prompt.Profile{Name: "shots", Dynamic: prompt.Dynamic{Collection: "shots", K: 2}}))
	g.library.put(retriever.Document{URI: "a", Collection: "shots", Metadata: retriever.Metadata{"answer": "Sixteen, kindly."}}, "How long is parental leave for me?")
	g.library.put(retriever.Document{URI: "b", Collection: "shots", ACL: []string{"group:hr"}, Metadata: retriever.Metadata{"answer": "Hidden."}}, "How long is parental leave in secret?")
	g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, ""))
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, "Sixteen, kindly.") || strings.Contains(sent, "Hidden.") {
		t.Errorf("sent %s", sent)
	}
}

func TestVariablesComeFromTheCredentialAndTheRequest(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withKeys, withProfiles(prompt.Profile{Name: "who", Variables: []prompt.Variable{prompt.LocaleVariable, prompt.UserVariable, prompt.GroupsVariable}}))
	g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, ""), "Authorization", "Bearer "+hrKey, "Accept-Language", "de-CH, en;q=0.5")
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, `locale: de-CH\nuser: bob\ngroups: hr`) {
		t.Errorf("sent %s", sent)
	}
}

func TestCitationsAreShownAsTheVirtualModelSays(t *testing.T) {
	for style, want := range map[ground.Style]string{
		ground.Links: `Sixteen [[1]](http`, ground.Footnotes: `Sixteen [^1].\n\n[^1]: [Leave](http`, ground.None: `Sixteen."`, ground.Annotations: `Sixteen [1]."`,
	} {
		g := start(t, gatewaytest.Answer("Sixteen [1]."), func(o *gateway.Options) {
			o.Models = map[string]gateway.Model{"bot": {Model: "fake-1", Citations: style}}
		})
		a := g.post(t, "/v1/chat/completions", strings.Replace(chatBody(leaveQuestion, ""), "fake-1", "bot", 1))
		if !strings.Contains(a.body, want) || strings.Contains(a.body, `"annotations"`) == (style == ground.None) {
			t.Errorf("%s: no %s in %s", style, want, a.body)
		}
		s := g.post(t, "/v1/chat/completions", strings.Replace(chatBody(leaveQuestion, `"stream":true`), "fake-1", "bot", 1))
		whole := decode[completion](t, a.body).Choices[0].Message.Content
		if got := readStream(t, s).text(0); got != whole {
			t.Errorf("%s: streamed %q, whole %q", style, got, whole)
		}
	}
}
