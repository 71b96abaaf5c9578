package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readOne reads data as the only event of a stream of one choice.
func readOne(data string) (Event, *Part, *chatStream) {
	s := Chat.NewStream(&Request{N: 1}).(*chatStream)
	e, _ := s.Events(strings.NewReader("data: " + data + "\n\n")).Next()
	return e, s.Read(e), s
}

func TestChunkIsUnderstood(t *testing.T) {
	_, p, s := readOne(`{"id":"c1","object":"chat.completion.chunk","created":1700000000,"model":"m","system_fingerprint":"fp","choices":[{"index":1,"delta":{"content":"a\n"},"logprobs":null,"finish_reason":null}],"usage":null}`)
	if p == nil {
		t.Fatal("not taken for a chunk")
	}
	if want := (chatHead{"c1", "m", "fp", 1700000000}); s.head != want {
		t.Errorf("head = %+v, want %+v", s.head, want)
	}
	if len(p.Texts) != 1 || p.Texts[0].Slot != 1 || p.Texts[0].Text != "a\n" {
		t.Errorf("texts = %+v", p.Texts)
	}
	if !p.OnlyText || p.HasUsage || p.Failed || len(p.Ends) > 0 {
		t.Errorf("part = %+v", p)
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
	for _, test := range tests {
		_, p, _ := readOne(test.data)
		if p == nil {
			t.Errorf("%s: not taken for a chunk", test.data)
			continue
		}
		if p.OnlyText != test.only {
			t.Errorf("%s: OnlyText %v", test.data, p.OnlyText)
		}
	}
}

func TestWhatIsNoChunkPasses(t *testing.T) {
	for _, data := range []string{"", "null", `{"choices":{}}`, `{"choices":[}`, `{"choices":[]}{}`, `{"type":"ping"}`} {
		if _, p, _ := readOne(data); p != nil {
			t.Errorf("%q: part = %+v", data, p)
		}
	}
	if _, p, _ := readOne(`{"error":{"message":"overloaded"}}`); p == nil || !p.Failed {
		t.Errorf("an error: part = %+v", p)
	}
}

func TestDeltaTextIsReplaced(t *testing.T) {
	const data = `{"choices":[{"delta":{"content":"a"} }]}`
	e, p, _ := readOne(data)
	got, err := Apply(e.Data, p.Texts[0].SetText("b"))
	if want := `{"choices":[{"delta":{"content":"b"} }]}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

func TestComposedChunksParse(t *testing.T) {
	h := chatHead{ID: "i", Model: "m", Created: 7, SystemFingerprint: "fp"}
	const head = `data: {"id":"i","object":"chat.completion.chunk","created":7,"model":"m","system_fingerprint":"fp","choices":[`
	tests := []struct {
		name   string
		deltas []chatDelta
		usage  *Usage
		rag    string
		want   string
	}{
		{"role", []chatDelta{{Role: "assistant"}}, nil, "", `{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`},
		{"text", []chatDelta{{Index: 2, Text: "a\n"}}, nil, "", `{"index":2,"delta":{"content":"a\n"},"finish_reason":null}]}`},
		{"citations", []chatDelta{{Annotations: []Annotation{{Start: 1, End: 4, URL: "u", Title: "t"}}}, {Index: 1}}, nil, "{\n\"x\": 1}",
			`{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"start_index":1,"end_index":4,"url":"u","title":"t"}}]},"finish_reason":null},{"index":1,"delta":{},"finish_reason":null}],"rag":{ "x": 1}}`},
		{"finish", []chatDelta{{FinishReason: "stop"}}, nil, "", `{"index":0,"delta":{},"finish_reason":"stop"}]}`},
		{"usage", nil, &Usage{1, 2, 3}, "", `],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var rag []byte
			if test.rag != "" {
				rag = []byte(test.rag)
			}
			got := string(appendChatChunk(nil, h, test.deltas, test.usage, rag))
			if diff := cmp.Diff(head+test.want+"\n\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			data := strings.TrimSuffix(strings.TrimPrefix(got, "data: "), "\n\n")
			if _, p, s := readOne(data); p == nil || s.head != h {
				t.Errorf("read back: %+v", p)
			}
		})
	}
}

func TestDoneIsRecognised(t *testing.T) {
	if _, p, s := readOne("[DONE]"); p == nil || !p.Done || !s.Whole() || !s.Done() {
		t.Errorf("part %+v", p)
	}
}
