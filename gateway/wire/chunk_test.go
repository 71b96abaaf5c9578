package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChunkIsUnderstood(t *testing.T) {
	data := `{"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","system_fingerprint":"fp","choices":[{"index":1,"delta":{"content":"a\n"},"logprobs":null,"finish_reason":null}],"usage":null}`
	var c Chunk
	if !ParseChunk([]byte(data), &c) {
		t.Fatal("not taken for a chunk")
	}
	if want := (Head{"c1", "m", "fp", 1700000000}); c.Head() != want {
		t.Errorf("head = %+v, want %+v", c.Head(), want)
	}
	if len(c.Choices) != 1 || c.Choices[0].Index != 1 || c.Choices[0].Text != "a\n" || !c.Choices[0].HasText {
		t.Errorf("choices = %+v", c.Choices)
	}
	if !c.OnlyText() || c.HasUsage || c.HasError {
		t.Errorf("chunk = %+v", c)
	}
}

func TestOnlyTextMeansNothingElse(t *testing.T) {
	tests := []struct {
		data string
		only bool
	}{
		{`{"choices":[{"delta":{"content":"a"}}]}`, true},
		{`{"choices":[{"delta":{"content":"a","refusal":null,"tool_calls":[]},"finish_reason":null}]}`, true},
		{`{"choices":[{"delta":{"role":"assistant","content":""}}]}`, false},
		{`{"choices":[{"delta":{"content":"a","reasoning_content":"b"}}]}`, false},
		{`{"choices":[{"delta":{"content":"a"},"logprobs":{"content":[1]}}]}`, false},
		{`{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}`, false},
		{`{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}`, false},
		{`{"choices":[{"delta":{}}]}`, false},
		{`{"choices":[],"usage":{"prompt_tokens":1}}`, false},
		{`{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":1}}`, false},
	}
	var c Chunk
	for _, test := range tests {
		if !ParseChunk([]byte(test.data), &c) {
			t.Errorf("%s: not taken for a chunk", test.data)
		}
		if c.OnlyText() != test.only {
			t.Errorf("%s: OnlyText %v", test.data, c.OnlyText())
		}
	}
}

func TestWhatIsNoChunkPasses(t *testing.T) {
	var c Chunk
	for _, data := range []string{"", "[DONE]", "null", `{"choices":{}}`, `{"choices":[}`, `{"choices":[]}{}`, `{"type":"ping"}`} {
		if ParseChunk([]byte(data), &c) {
			t.Errorf("ParseChunk(%q) = %+v", data, c)
		}
	}
	if ParseChunk([]byte(`{"error":{"message":"overloaded"}}`), &c) || !c.HasError {
		t.Errorf("an error: chunk = %+v", c)
	}
}

func TestDeltaTextIsReplaced(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"string", `{"choices":[{"delta":{"content":"a"} }]}`, `{"choices":[{"delta":{"content":"b"} }]}`},
		{"null", `{"choices":[{"delta":{"content":null}}]}`, `{"choices":[{"delta":{"content":"b"}}]}`},
		{"absent", `{"choices":[{"finish_reason":"stop","delta":{}}]}`, `{"choices":[{"finish_reason":"stop","delta":{"content":"b"}}]}`},
		{"no delta", `{"choices":[{"finish_reason":"stop"}]}`, `{"choices":[{"finish_reason":"stop"}]}`},
	}
	for _, test := range tests {
		var c Chunk
		if !ParseChunk([]byte(test.data), &c) {
			t.Fatalf("%s: not taken for a chunk", test.name)
		}
		got, err := Apply([]byte(test.data), c.Choices[0].SetText("b"))
		if err != nil || string(got) != test.want {
			t.Errorf("%s: %s, %v; want %s", test.name, got, err, test.want)
		}
	}
}

func TestComposedChunksParse(t *testing.T) {
	h := Head{ID: "i", Model: "m", Created: 7, SystemFingerprint: "fp"}
	const head = `data: {"id":"i","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":"fp","choices":[`
	tests := []struct {
		name   string
		deltas []Delta
		usage  *Usage
		rag    string
		want   string
	}{
		{"role", []Delta{{Role: "assistant"}}, nil, "", `{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`},
		{"text", []Delta{{Index: 2, Text: "a\n"}}, nil, "", `{"index":2,"delta":{"content":"a\n"},"finish_reason":null}]}`},
		{"citations", []Delta{{Annotations: []Annotation{{Start: 1, End: 4, URL: "u", Title: "t"}}}, {Index: 1}}, nil, "{\n\"x\": 1}",
			`{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"start_index":1,"end_index":4,"url":"u","title":"t"}}]},"finish_reason":null},{"index":1,"delta":{},"finish_reason":null}],"rag":{ "x": 1}}`},
		{"finish", []Delta{{FinishReason: "stop"}}, nil, "", `{"index":0,"delta":{},"finish_reason":"stop"}]}`},
		{"usage", nil, &Usage{1, 2, 3}, "", `],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var rag []byte
			if test.rag != "" {
				rag = []byte(test.rag)
			}
			got := string(AppendChunk(nil, h, test.deltas, test.usage, rag))
			if diff := cmp.Diff(head+test.want+"\n\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var c Chunk
			e, err := NewEventReader(strings.NewReader(got), 0).Next()
			if err != nil || !ParseChunk(e.Data, &c) || c.Head() != h || len(c.Choices) != len(test.deltas) {
				t.Errorf("read back: %+v, %v", c, err)
			}
		})
	}
}

func TestDoneIsRecognised(t *testing.T) {
	e, err := NewEventReader(strings.NewReader(string(AppendDone(nil))), 0).Next()
	if err != nil || !e.IsDone() {
		t.Errorf("event %q, %v is not done", e.Raw, err)
	}
}
