package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustParse(t testing.TB, body string) *Request {
	t.Helper()
	c, err := Chat.ParseRequest([]byte(body))
	if err != nil {
		t.Fatalf("Chat.ParseRequest(%s): %v", body, err)
	}
	return c
}

func TestControlIsCutWithItsComma(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"only", `{"rag":false,"messages":[]}`, `{"messages":[]}`},
		{"first", "{\n  \"rag\": {\"top_k\": 1},\n  \"messages\": []\n}", "{\n  \"messages\": []\n}"},
		{"middle", `{"model":"a", "rag":false, "messages":[]}`, `{"model":"a", "messages":[]}`},
		{"last", "{\n  \"messages\": [],\n  \"rag\": false\n}", "{\n  \"messages\": []\n}"},
		{"last, blanks", `{ "messages":[] , "rag" : null }`, `{ "messages":[] }`},
		{"escaped name", `{"messages":[],"\u0072ag":false}`, `{"messages":[]}`},
		{"none", `{"messages":[],"x":{"rag":1}}`, `{"messages":[],"x":{"rag":1}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply([]byte(test.body), mustParse(t, test.body).CutControl()...)
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestInstructionsComeFirst(t *testing.T) {
	tests := []struct{ name, messages, want string }{
		{"into the system message", `[{"role":"system","content":"Be brief."}]`, `[{"role":"system","content":"Cite \"[n]\".\n\nBe brief."}]`},
		{"into the developer message", `[{"content":"","role":"developer"}]`, `[{"content":"Cite \"[n]\".\n\n","role":"developer"}]`},
		{"before parts", `[{"role":"system","content":[ {"type":"text","text":"a"}]}]`, `[{"role":"system","content":[{"type":"text","text":"Cite \"[n]\"."}, {"type":"text","text":"a"}]}]`},
		{"into no parts", `[{"role":"system","content":[]}]`, `[{"role":"system","content":[{"type":"text","text":"Cite \"[n]\"."}]}]`},
		{"for null", `[{"role":"system","content":null}]`, `[{"role":"system","content":"Cite \"[n]\"."}]`},
		{"for nothing", `[{"role":"system" }]`, `[{"role":"system","content":"Cite \"[n]\"." }]`},
		{"as a message", `[ {"role":"user"}]`, `[{"role":"system","content":"Cite \"[n]\"."}, {"role":"user"}]`},
		{"as a developer message", `[{"role":"user"},{"role":"developer"}]`, `[{"role":"developer","content":"Cite \"[n]\"."},{"role":"user"},{"role":"developer"}]`},
		{"as the only message", `[ ]`, `[{"role":"system","content":"Cite \"[n]\"."} ]`},
		{"beside an odd one", `[{"role":"system","content":7}]`, `[{"role":"system","content":"Cite \"[n]\"."},{"role":"system","content":7}]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := `{"messages":` + test.messages + `}`
			got, err := Apply([]byte(body), mustParse(t, body).InsertInstructions(`Cite "[n]".`))
			if want := `{"messages":` + test.want + `}`; err != nil || string(got) != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
		})
	}
}

func TestContextGoesIntoTheLastUserMessage(t *testing.T) {
	tests := []struct{ name, messages, want string }{
		{"string", `[{"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":null,"tool_calls":[{}]},{"role":"tool","content":"c"}]`,
			`[{"role":"user","content":"a"},{"role":"user","content":"C\n\nb"},{"role":"assistant","content":null,"tool_calls":[{}]},{"role":"tool","content":"c"}]`},
		{"parts", `[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]}]`,
			`[{"role":"user","content":[{"type":"text","text":"C"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]}]`},
		{"null", `[{"role":"user","content":null}]`, `[{"role":"user","content":"C"}]`},
		{"no user", `[{"role":"system","content":"a"}]`, ""},
		{"odd content", `[{"role":"user","content":true}]`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := `{"messages":` + test.messages + `}`
			e, ok := mustParse(t, body).InsertContext("C")
			if !ok {
				if test.want != "" {
					t.Fatal("no place found")
				}
				return
			}
			got, err := Apply([]byte(body), e)
			if want := `{"messages":` + test.want + `}`; err != nil || string(got) != want {
				t.Errorf("got  %s, %v\nwant %s", got, err, want)
			}
		})
	}
}

func TestStringsAreEscapedNoMoreThanNeeded(t *testing.T) {
	const text = "a\"b\\c\n\x00\x1f\u2028</script>&é😀\x7f"
	want := `"a\"b\\c\n\u0000\u001f` + "\u2028</script>&é😀\x7f" + `"`
	if got := string(AppendString(nil, text)); got != want {
		t.Errorf("AppendString = %s, want %s", got, want)
	}
	if got := string(appendInner([]byte("x"), text)); got != "x"+want[1:len(want)-1] {
		t.Errorf("appendInner = %s", got)
	}
}

// undo takes sorted edits back one by one: what stands before the next one is the
// original's again, so its offsets hold.
func undo(t *rapid.T, edited []byte, original []byte, edits []Edit) []byte {
	out := bytes.Clone(edited)
	for _, e := range edits {
		at := e.Start
		if !bytes.Equal(out[at:at+len(e.Text)], e.Text) {
			t.Fatalf("at %d stands %q, want %q", at, out[at:at+len(e.Text)], e.Text)
		}
		restored := append(bytes.Clone(out[:at]), original[e.Start:e.End]...)
		out = append(restored, out[at+len(e.Text):]...)
	}
	return out
}

func TestOutsideTheSplicesEveryByteStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body, _ := draw{t}.request()
		instructions, context := rapid.String().Draw(t, "instructions"), rapid.String().Draw(t, "context")
		c, err := Chat.ParseRequest([]byte(body))
		if err != nil {
			t.Fatalf("Chat.ParseRequest(%s): %v", body, err)
		}
		edits := append(c.CutControl(), c.InsertInstructions(instructions))
		if e, ok := c.InsertContext(context); ok {
			edits = append(edits, e)
		}
		edited, err := Apply([]byte(body), edits...)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(edited) {
			t.Fatalf("not JSON any more: %s", edited)
		}
		slices.SortStableFunc(edits, func(a, b Edit) int { return a.Start - b.Start })
		if got := undo(t, edited, []byte(body), edits); string(got) != body {
			t.Fatalf("without the insertions\ngot  %s\nwant %s", got, body)
		}
	})
}

func TestOnlyTheControlGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body, control := draw{t}.request()
		c, err := Chat.ParseRequest([]byte(body))
		if err != nil {
			t.Fatalf("Chat.ParseRequest(%s): %v", body, err)
		}
		if string(c.Control) != control {
			t.Fatalf("control %q, want %q", c.Control, control)
		}
		cut, err := Apply([]byte(body), c.CutControl()...)
		if err != nil {
			t.Fatal(err)
		}
		want, got := membersOf(t, []byte(body)), membersOf(t, cut)
		delete(want, "rag")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("members of %s (-want +got):\n%s", cut, diff)
		}
		edits := c.CutControl()
		if len(edits) == 0 {
			return
		}
		if e := edits[0]; len(edits) > 1 || string(cut) != body[:e.Start]+body[e.End:] {
			t.Fatalf("%s is not %s less one span", cut, body)
		}
	})
}

// members are the raw values of an object's members.
func membersOf(t *rapid.T, body []byte) map[string]string {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	out := map[string]string{}
	for k, v := range raw {
		out[k] = string(v)
	}
	return out
}

func TestInsertedTextDecodesToItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body, _ := draw{t}.request()
		text := rapid.String().Draw(t, "text")
		before, err := Chat.ParseRequest([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		e, ok := before.InsertContext(text)
		if !ok {
			t.Skip("no user message")
		}
		edited, err := Apply([]byte(body), append(before.CutControl(), e, before.InsertInstructions(text))...)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Chat.ParseRequest(edited)
		if err != nil {
			t.Fatalf("Chat.ParseRequest(%s): %v", edited, err)
		}
		old := before.Messages[before.LastUser()].Text()
		now := after.Messages[after.LastUser()].Text()
		if !strings.HasPrefix(now, text) || !strings.HasSuffix(now, old) || len(now)-len(text)-len(old) > 2 {
			t.Fatalf("user text %q, want %q and then %q", now, text, old)
		}
		if first := after.Messages[0].Text(); !strings.HasPrefix(first, text) {
			t.Fatalf("first message %q, want it to start with %q", first, text)
		}
		if after.Control != nil {
			t.Fatalf("control is still there: %s", after.Control)
		}
	})
}
