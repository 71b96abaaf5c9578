package gateway_test

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ragway/gateway/gatewaytest"
	"ragway/gateway/wire"
)

// madeUp are the ids that differ from request to request.
var madeUp = regexp.MustCompile(`(req|fs_ragway)_[0-9a-f]{24}`)

// asksToStream is a request for a stream in a protocol.
func (p tongue) asksToStream() (path, body string) {
	q, _ := json.Marshal(leaveQuestion)
	switch p.name {
	case "gemini":
		return "/v1beta/models/gemini-fake:streamGenerateContent?alt=sse", geminiBody(leaveQuestion, "")
	case "responses":
		return p.path, `{"model":"fake-1","stream":true,"tools":[{"type":"file_search","vector_store_ids":["vs_default"]}],"input":` + string(q) + `}`
	}
	return p.path, chatBody(leaveQuestion, `"stream":true`)
}

// cuts are places at which a text of n bytes is cut.
func cuts(n int) *rapid.Generator[[]int] {
	return rapid.Custom(func(t *rapid.T) []int {
		return rapid.SliceOfN(rapid.IntRange(0, n), 0, 12).Draw(t, "cuts")
	})
}

func cutAt(s string, at []int) []string {
	marks := make([]bool, len(s)+1)
	for _, i := range at {
		marks[i] = true
	}
	var out []string
	last := 0
	for i := 1; i <= len(s); i++ {
		if marks[i] || i == len(s) {
			out = append(out, s[last:i])
			last = i
		}
	}
	return out
}

const citedAnswer = "Sechzehn Wochen für 👶 [1], also [1, 9] and 【2】; not [8]. `x[1]` stays."

// Wherever the upstream's bytes are cut, the client gets the same bytes.
func TestHowAStreamIsCutDoesNotShow(t *testing.T) {
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, nil)
		path, body := p.asksToStream()
		stream := strings.Join(p.stream(gatewaytest.Runes(citedAnswer, 3)), "")
		ask := func(pieces []string) string {
			g.model.Script(gatewaytest.Pieces(pieces...))
			a := g.post(t, path, body)
			if a.err != nil || a.status != 200 {
				t.Fatalf("%d %v %s", a.status, a.err, a.body)
			}
			return madeUp.ReplaceAllString(a.body, "ID")
		}
		want := ask([]string{stream})
		rapid.Check(t, func(rt *rapid.T) {
			if got := ask(cutAt(stream, cuts(len(stream)).Draw(rt, "cuts"))); got != want {
				rt.Fatalf("got\n%s\nwant\n%s", got, want)
			}
		})
	})
}

// Whatever pieces the answer comes in, its text, its annotations and its usage are those of
// the whole answer.
func TestHowAnAnswerComesDoesNotShow(t *testing.T) {
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, nil)
		path, body := p.asksToStream()
		var want heard
		for n, size := range []int{1000, 1, 2, 3, 5, 8} {
			g.model.Script(gatewaytest.Pieces(p.stream(gatewaytest.Runes(citedAnswer, size))...))
			got := hear(t, p.name, g.post(t, path, body))
			if n == 0 {
				want = got
			}
			if got.text != want.text || got.annotations != want.annotations || got.cited != want.cited || got.text == "" || got.cited == "" {
				t.Errorf("in pieces of %d: %+v\nwhole: %+v", size, got, want)
			}
		}
		if strings.Contains(want.text, "[8]") || !strings.Contains(want.text, "`x[1]` stays.") {
			t.Errorf("text %q", want.text)
		}
	})
}

// heard is what a client makes of a stream.
type heard struct{ text, annotations, cited string }

// hear adds up a stream as the protocol's clients do.
func hear(t *testing.T, protocol string, a answer) heard {
	t.Helper()
	var h heard
	in := wire.NewEventReader(strings.NewReader(a.body), 0)
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			return h
		}
		if err != nil || len(e.Data) == 0 || e.IsDone() {
			continue
		}
		h.add(t, protocol, e.Data)
	}
}

func (h *heard) add(t *testing.T, protocol string, data []byte) {
	t.Helper()
	var e struct {
		Type  string
		Delta json.RawMessage
		Rag   json.RawMessage

		Choices []struct {
			Delta struct {
				Content     string
				Annotations []json.RawMessage
			}
		}
		Annotation json.RawMessage
		Response   struct{ Rag json.RawMessage }
		Candidates []struct {
			Content struct {
				Parts []struct {
					Text    string
					Thought bool
				}
			}
			GroundingMetadata json.RawMessage
		}
	}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	switch protocol {
	case "chat":
		for _, c := range e.Choices {
			h.text += c.Delta.Content
			for _, a := range c.Delta.Annotations {
				h.annotations += string(a)
			}
		}
	case "responses":
		if e.Type == "response.output_text.delta" {
			var piece string
			_ = json.Unmarshal(e.Delta, &piece)
			h.text += piece
		}
		h.annotations += string(e.Annotation)
		e.Rag = e.Response.Rag
	case "messages":
		var d struct {
			Text     string
			Citation json.RawMessage
		}
		if e.Type == "content_block_delta" {
			_ = json.Unmarshal(e.Delta, &d)
		}
		h.text += d.Text
		h.annotations += string(d.Citation)
	case "gemini":
		for _, c := range e.Candidates {
			for _, part := range c.Content.Parts {
				if !part.Thought {
					h.text += part.Text
				}
			}
			h.annotations += string(c.GroundingMetadata)
		}
	}
	if e.Rag != nil {
		var r struct{ Sources []struct{ Cited bool } }
		if err := json.Unmarshal(e.Rag, &r); err != nil {
			t.Fatal(err)
		}
		for _, s := range r.Sources {
			h.cited += map[bool]string{true: "y", false: "n"}[s.Cited]
		}
	}
}

// A stream cut anywhere before its end never looks whole, in any protocol.
func TestACutStreamNeverLooksWhole(t *testing.T) {
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, nil)
		path, body := p.asksToStream()
		events := p.stream(gatewaytest.Runes(citedAnswer, 5))
		stream := strings.Join(events, "")
		last := len(strings.TrimRight(stream, "\r\n"))
		if p.name == "chat" { // without [DONE], a stream whose choices have finished is whole
			last = strings.Index(stream, `"finish_reason":"stop"`)
		}
		rapid.Check(t, func(rt *rapid.T) {
			at := rapid.IntRange(0, last-1).Draw(rt, "at")
			members := rapid.SampledFrom([]string{"", `,"rag":false}`}).Draw(rt, "rag")
			request := body
			if members != "" {
				request = strings.TrimSuffix(body, "}") + members
			}
			g.model.Script(gatewaytest.CutAfter(stream[:at]))
			if a := g.post(t, path, request); a.err == nil && a.status == 200 {
				rt.Fatalf("cut at %d of %d:\n%s", at, len(stream), a.body)
			}
		})
	})
}

// In a tool loop the model server finds all of the earlier request again, at the same
// place: its cache keeps the prefix.
func TestAToolLoopKeepsItsPrefix(t *testing.T) {
	steps := map[string]func(i string) string{
		"chat": func(i string) string {
			return `{"role":"assistant","content":null,"tool_calls":[{"id":"c` + i + `","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c` + i + `","content":"Parental leave [9] ` + i + `"}`
		},
		"responses": func(i string) string {
			return `{"type":"function_call","call_id":"c` + i + `","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c` + i + `","output":"Parental leave [9] ` + i + `"}`
		},
		"messages": func(i string) string {
			return `{"role":"assistant","content":[{"type":"text","text":"Let me see."},{"type":"tool_use","id":"c` + i + `","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c` + i + `","content":"Parental leave [9] ` + i + `"}]}`
		},
		"gemini": func(i string) string {
			return `{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"x":"Parental leave [9] ` + i + `"}}}]}`
		},
	}
	everyTongue(t, func(t *testing.T, p tongue) {
		g := start(t, p.answer("ok"))
		content := `"` + leaveQuestion + `"`
		if p.onlyParts {
			content = `[{"text":` + content + `}]`
		}
		messages := `{"role":"user","` + p.content + `":` + content + `}`
		before := ""
		for i := range 10 {
			g.post(t, p.path, `{"model":"fake-1","`+p.messages+`":[`+messages+`]}`)
			sent := string(g.model.Last(t).Body)

			if before != "" {
				kept := commonPrefix(before, sent)
				if float64(kept) < .99*float64(len(before)) {
					t.Fatalf("step %d keeps %d of %d bytes:\n%s\n%s", i, kept, len(before), before, sent)
				}
			}
			before = upToLastMessage(sent, p.messages)
			messages += "," + steps[p.name](string(rune('0'+i)))
		}
	})
}

// upToLastMessage is a request up to the end of its last message.
func upToLastMessage(sent, member string) string {
	var body map[string]json.RawMessage
	if json.Unmarshal([]byte(sent), &body) != nil {
		return sent
	}
	at := strings.Index(sent, string(body[member]))
	return sent[:at+len(body[member])-1]
}
