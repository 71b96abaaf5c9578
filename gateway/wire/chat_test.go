package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChatIsUnderstood(t *testing.T) {
	body := []byte(`{
  "model": "gpt-4o-mini", "stream": true, "stream_options": {"include_usage": true}, "n": 2,
  "messages": [
    {"role": "system", "content": "Be \u0062rief."},
    {"content": [{"text": "a", "type": "text"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "b\n"}], "role": "user"},
    {"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]},
    {"role": "tool", "tool_call_id": "1"}
  ],
  "tools": [{"type": "function"}],
  "response_format": {"type": "json_object"},
  "rag": {"top_k": 3}
}`)
	c, err := Chat.ParseRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	type message struct {
		Role, Text, Content string
		Kind                ContentKind
	}
	var messages []message
	for _, m := range c.Messages {
		messages = append(messages, message{m.Role, m.Text(), string(body[m.ContentSpan.Start:m.ContentSpan.End]), m.Kind})
		if raw := body[m.Span.Start:m.Span.End]; raw[0] != '{' || raw[len(raw)-1] != '}' {
			t.Errorf("message span holds %q", raw)
		}
	}
	want := []message{
		{"system", "Be brief.", `"Be \u0062rief."`, ContentString},
		{"user", "a\nb\n", `[{"text": "a", "type": "text"}, {"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "b\n"}]`, ContentParts},
		{"assistant", "", "null", ContentNull},
		{"tool", "", "", ContentAbsent},
	}
	if diff := cmp.Diff(want, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if c.Model != "gpt-4o-mini" || !c.Stream || !c.IncludeUsage || c.N != 2 || !c.JSONOutput || c.LastUser() != 1 {
		t.Errorf("chat = %+v", c)
	}
	if string(c.Control) != `{"top_k": 3}` {
		t.Errorf("control = %s", c.Control)
	}
}

func TestOptionalMembersMayBeNullOrAbsent(t *testing.T) {
	for _, body := range []string{
		`{"messages":[]}`,
		`{"messages":[],"model":null,"stream":null,"n":null,"stream_options":null,"response_format":null,"tools":null,"rag":null}`,
		`{"messages":[],"stream_options":{"include_usage":null},"response_format":{"type":"text"},"tools":[],"n":1.5,"format":""}`,
	} {
		c, err := Chat.ParseRequest([]byte(body))
		if err != nil {
			t.Errorf("Chat.ParseRequest(%s): %v", body, err)
			continue
		}
		if c.Model != "" || c.Stream || c.N != 1 || c.IncludeUsage || c.JSONOutput || c.LastUser() != -1 {
			t.Errorf("Chat.ParseRequest(%s) = %+v", body, c)
		}
	}
}

func TestEveryFormatButTextIsData(t *testing.T) {
	for _, member := range []string{
		`"response_format":{"type":"json_object"}`, `"response_format":{"json_schema":{},"type":"json_schema"}`,
		`"response_format":{"type":"grammar"}`, `"guided_json":{"type":"object"}`, `"format":"json"`, `"grammar":"root ::= x"`,
	} {
		c, err := Chat.ParseRequest([]byte(`{"messages":[],` + member + `}`))
		if err != nil || !c.JSONOutput {
			t.Errorf("%s: JSONOutput not set (%v)", member, err)
		}
	}
}

func TestSyntaxErrorsNameTheOffset(t *testing.T) {
	tests := []struct {
		name, body string
		offset     int64
		message    string
	}{
		{"empty", "", 0, "unexpected end of JSON"},
		{"cut", `{"messages":[`, 13, "unexpected end of JSON"},
		{"not JSON", `messages=1`, 0, "invalid character"},
		{"trailing comma", `{"messages":[],}`, 14, "invalid character"},
		{"single quotes", `{'messages':[]}`, 1, "invalid character"},
		{"duplicate name", `{"messages":[],"model":"a","model":"b"}`, 27, "duplicate"},
		{"duplicate name, escaped", `{"messages":[],"m\u006fdel":"a","model":"b"}`, 32, "duplicate"},
		{"duplicate name, nested", `{"messages":[],"x":[{"a":1,"a":2}]}`, 27, "duplicate"},
		{"trailing data", `{"messages":[]}{}`, 15, "data after the end"},
		{"trailing garbage", `{"messages":[]} x`, 16, "invalid character"},
		{"raw invalid UTF-8", "{\"messages\":[],\"x\":\"é\xff\"}", 22, "invalid UTF-8"},
		{"raw surrogate", "{\"messages\":[],\"x\":\"\xed\xa0\x80\"}", 20, "invalid UTF-8"},
		{"control character", "{\"messages\":[],\"x\":\"\x01\"}", 20, "invalid character"},
		{"byte order mark", "\ufeff{\"messages\":[]}", 0, "invalid character"},
		{"cut number", `{"messages":[],"n":-}`, 20, "invalid character"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Chat.ParseRequest([]byte(test.body))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error %v, want a SyntaxError", err)
			}
			if syntax.Offset != test.offset || !strings.Contains(syntax.Message, test.message) {
				t.Errorf("error %q, want %q at byte %d", err, test.message, test.offset)
			}
		})
	}
}

func TestWrongShapesNameTheParameter(t *testing.T) {
	tests := []struct{ body, param string }{
		{`[]`, ""},
		{`null`, ""},
		{`{}`, "messages"},
		{`{"messages":null}`, "messages"},
		{`{"messages":{}}`, "messages"},
		{`{"messages":["hi"]}`, "messages[0]"},
		{`{"messages":[{"role":"user"},{"role":1}]}`, "messages[1].role"},
		{`{"messages":[],"model":1}`, "model"},
		{`{"messages":[],"stream":"true"}`, "stream"},
		{`{"messages":[],"stream_options":{"include_usage":1}}`, "stream_options.include_usage"},
	}
	for _, test := range tests {
		_, err := Chat.ParseRequest([]byte(test.body))
		var shape *ShapeError
		if !errors.As(err, &shape) || shape.Param != test.param {
			t.Errorf("Chat.ParseRequest(%s): error %v, want a ShapeError of %q", test.body, err, test.param)
		}
	}
}

func TestLoneSurrogateEscapePasses(t *testing.T) {
	c, err := Chat.ParseRequest([]byte(`{"messages":[{"role":"user","content":"a\ud83d"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Messages[0].Text(), "a\ufffd"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}
