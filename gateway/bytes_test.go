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

// requestGen makes chat requests in any spelling: members in any order, odd white space,
// numbers as nobody would write them, images, tools.
func requestGen(question, control string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		space := rapid.SampledFrom([]string{"", " ", "\n\t", "\r\n  "})
		text := rapid.SampledFrom([]string{question, question + ` \ud83d\ude00`, question + ` \/ [3] \"`, "ß " + question})
		contentOf := func() string {
			s := `"` + text.Draw(t, "text") + `"`
			if rapid.Bool().Draw(t, "parts") {
				s = `[{"type":"text","text":` + s + `},` + space.Draw(t, "s") + `{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]`
			}
			return s
		}
		messages := []string{}
		if rapid.Bool().Draw(t, "system") {
			messages = append(messages, `{"content":`+contentOf()+`,"role":"system"}`)
		}
		if rapid.Bool().Draw(t, "earlier") {
			messages = append(messages, `{"role":"user","content":"hi","name":"x"}`, `{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}`, `{"role":"tool","tool_call_id":"c","content":"[9]"}`)
		}
		messages = append(messages, `{"role":"user",`+space.Draw(t, "s")+`"content":`+contentOf()+`}`)
		members := []string{`"messages":[` + strings.Join(messages, ","+space.Draw(t, "s")) + `]`}
		extra := []string{
			`"model":"fake-1"`, `"temperature":1.0e-1`, `"seed":9007199254740993`, `"x":{"rag":false,"messages":[1]}`,
			`"tools":[{"type":"function","function":{"name":"f","parameters":{}}}]`, `"metadata":null`, `"\u0078y":"<&>"`,
		}
		members = append(members, rapid.SliceOfDistinct(rapid.SampledFrom(extra), func(s string) string { return s }).Draw(t, "extra")...)
		if control != "" {
			members = append(members, control)
		}
		members = rapid.Permutation(members).Draw(t, "order")
		sep := space.Draw(t, "s") + "," + space.Draw(t, "s")
		return space.Draw(t, "s") + "{" + space.Draw(t, "s") + strings.Join(members, sep) + space.Draw(t, "s") + "}" + space.Draw(t, "s")
	})
}

// What reached the model server, with the edits that explain lists undone, is what the
// client sent, byte for byte.
func TestOnlyListedBytesChange(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"))
	rapid.Check(t, func(rt *rapid.T) {
		question := rapid.SampledFrom([]string{"How long is parental leave?", "Quantum chromodynamics lecture"}).Draw(rt, "question")
		body := requestGen(question, `"rag" : {"explain":true, "on_empty":"instruct"}`).Draw(rt, "body")
		a := g.post(t, "/v1/chat/completions", body)
		if a.status != 200 {
			rt.Fatalf("%d %s for %s", a.status, a.body, body)
		}
		sent := string(g.model.Last(t).Body)
		if !json.Valid([]byte(sent)) {
			rt.Fatalf("sent on invalid JSON: %s", sent)
		}
		edits := decode[completion](t, a.body).Rag.Explain.Edits
		slices.SortStableFunc(edits, func(a, b listedEdit) int { return a.Start - b.Start })
		at, out := 0, 0
		for _, e := range edits {
			keep := body[at:e.Start]
			if !strings.HasPrefix(sent[out:], keep) {
				rt.Fatalf("bytes %d to %d differ\nclient:\n%s\nmodel server:\n%s", at, e.Start, body, sent)
			}
			at, out = e.End, out+len(keep)+e.Bytes
		}
		if sent[out:] != body[at:] || len(edits) != 3 {
			rt.Fatalf("%d edits; the end differs\nclient:\n%s\nmodel server:\n%s", len(edits), body, sent)
		}
	})
}

// With rag false one stretch is missing, and what is left means the same without the
// control.
func TestRagFalseCutsTheControlAndNothingElse(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"))
	rapid.Check(t, func(rt *rapid.T) {
		body := requestGen("How long is parental leave?", `"rag" : false`).Draw(rt, "body")
		g.post(t, "/v1/chat/completions", body)
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
}

func TestWithoutSourcesTheRequestIsTheClients(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"))
	rapid.Check(t, func(rt *rapid.T) {
		body := requestGen("Quantum chromodynamics lecture", "").Draw(rt, "body")
		g.post(t, "/v1/chat/completions", body)
		if sent := string(g.model.Last(t).Body); sent != body {
			rt.Fatalf("client:\n%s\nmodel server:\n%s", body, sent)
		}
	})
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
