package gateway_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ragway/gateway/gatewaytest"
)

// tongue is one protocol in its tests.
type tongue struct {
	name, path string
	text       string // opens a text part
	image      string // another part
	content    string // the member that holds parts; it may be a string
	onlyParts  bool   // it may not
	messages   string // the member that holds messages
	system     func(content string) string
	earlier    []string // messages of an earlier turn, with a tool
	extra      []string // further members
	edits      int      // that are listed for a request with sources

	answer func(text string) gatewaytest.Script
	stream func(deltas []string) []string
}

var tongues = []tongue{
	{
		name: "chat", path: "/v1/chat/completions", text: `{"type":"text","text":`, content: "content", messages: "messages", edits: 3,
		image:  `{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}`,
		system: func(content string) string { return `{"content":` + content + `,"role":"system"}` },
		earlier: []string{
			`{"role":"user","content":"hi","name":"x"}`,
			`{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}`,
			`{"role":"tool","tool_call_id":"c","content":"[9]"}`,
		},
		extra:  []string{`"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]`, `"parallel_tool_calls":false`},
		answer: gatewaytest.Answer, stream: func(deltas []string) []string { return gatewaytest.Stream(deltas) },
	},
	{
		name: "responses", path: "/v1/responses", text: `{"type":"input_text","text":`, content: "content", messages: "input", edits: 3,
		image:  `{"type":"input_image","image_url":"data:image/png;base64,AAAA"}`,
		system: func(content string) string { return `{"content":` + content + `,"role":"developer","type":"message"}` },
		earlier: []string{
			`{"role":"user","content":"hi"}`, `{"type":"reasoning","id":"rs","summary":[]}`,
			`{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"}`,
			`{"type":"function_call_output","call_id":"c","output":"[9]"}`,
		},
		extra:  []string{`"tools":[{"type":"function","name":"f"},{"type":"web_search"}]`, `"instructions":"Be brief."`, `"previous_response_id":"resp_1"`, `"reasoning":{"summary":"auto"}`, `"include":["reasoning.encrypted_content"]`},
		answer: gatewaytest.ResponsesAnswer, stream: gatewaytest.ResponseStream,
	},
	{
		name: "messages", path: "/v1/messages", text: `{"type":"text","text":`, content: "content", messages: "messages", edits: 3,
		image: `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"},"cache_control":{"type":"ephemeral"}}`,
		earlier: []string{
			`{"role":"user","content":"hi"}`,
			`{"role":"assistant","content":[{"type":"thinking","thinking":"[8]","signature":"x"},{"type":"tool_use","id":"c","name":"f","input":{"a":1.0}}]}`,
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"[9]"}]}]}`,
		},
		extra:  []string{`"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}]`, `"max_tokens":10`, `"thinking":{"type":"enabled","budget_tokens":1024}`},
		answer: gatewaytest.MessagesAnswer, stream: gatewaytest.MessageStream,
	},
	{
		name: "gemini", path: "/v1beta/models/gemini-fake:generateContent", text: `{"text":`, content: "parts", onlyParts: true, messages: "contents", edits: 3,
		image: `{"inline_data":{"mime_type":"image/png","data":"AAAA"}}`,
		earlier: []string{
			`{"parts":[{"text":"hi"}]}`, `{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1.0}},"thoughtSignature":"x"}]}`,
			`{"role":"function","parts":[{"functionResponse":{"name":"f","response":{"x":"[9]"}}}]}`,
		},
		extra:  []string{`"system_instruction":{"parts":[{"text":"Be brief."}]}`, `"generationConfig":{"topK":1.0}`, `"safetySettings":[]`},
		answer: gatewaytest.GeminiAnswer, stream: gatewaytest.GeminiEvents,
	},
}

// requestGen makes requests in any spelling: members in any order, odd white space, numbers
// as nobody would write them, images, tools.
func (p tongue) requestGen(question, control string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		space := rapid.SampledFrom([]string{"", " ", "\n\t", "\r\n  "})
		text := rapid.SampledFrom([]string{question, question + ` \ud83d\ude00`, question + ` \/ [3] \"`, "ß " + question})
		contentOf := func() string {
			s := `"` + text.Draw(t, "text") + `"`
			if p.onlyParts || rapid.Bool().Draw(t, "parts") {
				s = `[` + p.text + s + `},` + space.Draw(t, "s") + p.image + `]`
			}
			return s
		}
		messages := []string{}
		if p.system != nil && rapid.Bool().Draw(t, "system") {
			messages = append(messages, p.system(contentOf()))
		}
		if rapid.Bool().Draw(t, "earlier") {
			messages = append(messages, p.earlier...)
		}
		messages = append(messages, `{"role":"user",`+space.Draw(t, "s")+`"`+p.content+`":`+contentOf()+`}`)
		members := []string{`"` + p.messages + `":[` + strings.Join(messages, ","+space.Draw(t, "s")) + `]`}
		extra := append([]string{
			`"model":"fake-1"`, `"temperature":1.0e-1`, `"seed":9007199254740993`, `"x":{"rag":false,"messages":[1]}`,
			`"metadata":null`, `"\u0078y":"<&>"`,
		}, p.extra...)
		members = append(members, rapid.SliceOfDistinct(rapid.SampledFrom(extra), func(s string) string { return s }).Draw(t, "extra")...)
		if control != "" {
			members = append(members, control)
		}
		members = rapid.Permutation(members).Draw(t, "order")
		sep := space.Draw(t, "s") + "," + space.Draw(t, "s")
		return space.Draw(t, "s") + "{" + space.Draw(t, "s") + strings.Join(members, sep) + space.Draw(t, "s") + "}" + space.Draw(t, "s")
	})
}

// everyTongue runs a property for each protocol.
func everyTongue(t *testing.T, property func(t *testing.T, p tongue)) {
	t.Helper()
	for _, p := range tongues {
		t.Run(p.name, func(t *testing.T) { property(t, p) })
	}
}

// What reached the model server, with the edits that explain lists undone, is what the
// client sent, byte for byte.
func TestOnlyListedBytesChange(t *testing.T) {
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, p.answer("ok"))
		rapid.Check(t, func(rt *rapid.T) {
			question := rapid.SampledFrom([]string{"How long is parental leave?", "Quantum chromodynamics lecture"}).Draw(rt, "question")
			body := p.requestGen(question, `"rag" : {"explain":true, "on_empty":"instruct"}`).Draw(rt, "body")
			a := g.post(t, p.path, body)
			if a.status != 200 {
				rt.Fatalf("%d %s for %s", a.status, a.body, body)
			}
			sent := string(g.model.Last(t).Body)
			if !json.Valid([]byte(sent)) {
				rt.Fatalf("sent on invalid JSON: %s", sent)
			}
			edits := decode[completion](t, a.body).Rag.Explain.Edits
			if len(edits) != p.edits {
				rt.Fatalf("%d edits are listed: %+v", len(edits), edits)
			}
			undone(rt, body, sent, edits)
		})
	})
}

// undone takes the listed edits back.
func undone(rt *rapid.T, body, sent string, edits []listedEdit) {
	slices.SortStableFunc(edits, func(a, b listedEdit) int { return a.Start - b.Start })
	at, out := 0, 0
	for _, e := range edits {
		keep := body[at:e.Start]
		if !strings.HasPrefix(sent[out:], keep) {
			rt.Fatalf("bytes %d to %d differ\nclient:\n%s\nmodel server:\n%s", at, e.Start, body, sent)
		}
		at, out = e.End, out+len(keep)+e.Bytes
	}
	if sent[out:] != body[at:] {
		rt.Fatalf("the end differs\nclient:\n%s\nmodel server:\n%s", body, sent)
	}
}

// With rag false one stretch is missing, and what is left means the same without the
// control.
func TestRagFalseCutsTheControlAndNothingElse(t *testing.T) {
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, p.answer("ok"))
		rapid.Check(t, func(rt *rapid.T) {
			body := p.requestGen("How long is parental leave?", `"rag" : false`).Draw(rt, "body")
			g.post(t, p.path, body)
			sent := string(g.model.Last(t).Body)
			head := commonPrefix(body, sent)
			if !strings.HasSuffix(body[head:], sent[head:]) {
				rt.Fatalf("more than one stretch is gone\nclient:\n%s\nmodel server:\n%s", body, sent)
			}
			var want, got map[string]json.RawMessage
			if json.Unmarshal([]byte(body), &want) != nil || json.Unmarshal([]byte(sent), &got) != nil {
				rt.Fatalf("not JSON: %s", sent)
			}
			delete(want, "rag")
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatal(diff)
			}
		})
	})
}

func TestWithoutSourcesTheRequestIsTheClients(t *testing.T) {
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, p.answer("ok"))
		rapid.Check(t, func(rt *rapid.T) {
			body := p.requestGen("Quantum chromodynamics lecture", "").Draw(rt, "body")
			g.post(t, p.path, body)
			if sent := string(g.model.Last(t).Body); sent != body {
				rt.Fatalf("client:\n%s\nmodel server:\n%s", body, sent)
			}
		})
	})
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
