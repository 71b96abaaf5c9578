package wire

import (
	"encoding/json"
	"testing"
)

const replyBody = `{
  "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
  "choices": [
    {"index": 1, "message": {"role": "assistant", "content": "a \"b\" [1]", "refusal": null}, "finish_reason": "stop"},
    {"index": 0, "message": {"content": null, "tool_calls": [{"id": "x"}]}, "logprobs": null, "finish_reason": "tool_calls"}
  ],
  "usage": {"prompt_tokens": 10, "completion_tokens": 2.0, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 8}}
}`

func TestReplyIsUnderstood(t *testing.T) {
	r, ok := Chat.ParseReply(&Request{}, []byte(replyBody))
	if !ok {
		t.Fatal("not taken for a reply")
	}
	if len(r.Texts) != 1 || r.Texts[0].Text != `a "b" [1]` || r.Texts[0].Slot != 0 {
		t.Errorf("texts = %+v", r.Texts)
	}
	if len(r.Models) != 1 || replyBody[r.Models[0].Start:r.Models[0].End] != `"m"` {
		t.Errorf("models = %+v", r.Models)
	}
	if want := (Usage{10, 2, 12}); r.Usage != want {
		t.Errorf("reply = %+v", r)
	}
}

func TestReplyIsEditedInPlace(t *testing.T) {
	a := []Annotation{{Start: 2, End: 5, URL: "u", Title: `t"`}}
	const one = `{"type":"url_citation","url_citation":{"start_index":2,"end_index":5,"url":"u","title":"t\""}}`
	tests := []struct{ name, body, want string }{
		{"new", `{"choices":[{"message":{"content":"a"} }] }`, `{"choices":[{"message":{"content":"b","annotations":[` + one + `]} }],"rag":{"x":1} }`},
		{"null", `{"choices":[{"message":{"annotations":null,"content":"a"}}]}`, `{"choices":[{"message":{"annotations":[` + one + `],"content":"b"}}],"rag":{"x":1}}`},
		{"empty", `{"choices":[{"message":{"annotations":[ ],"content":"a"}}]}`, `{"choices":[{"message":{"annotations":[ ` + one + `],"content":"b"}}],"rag":{"x":1}}`},
		{"merged", `{"choices":[{"message":{"annotations":[{}],"content":"a"}}]}`, `{"choices":[{"message":{"annotations":[{},` + one + `],"content":"b"}}],"rag":{"x":1}}`},
		{"another rag", `{"rag":{"y":2},"choices":[{"message":{"content":"a"}}]}`, `{"rag":{"x":1},"choices":[{"message":{"content":"b","annotations":[` + one + `]}}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, ok := Chat.ParseReply(&Request{}, []byte(test.body))
			if !ok {
				t.Fatal("not taken for a reply")
			}
			got, err := Apply([]byte(test.body), append(r.Annotate([][]Annotation{a}), r.SetRag([]byte(`{"x":1}`)), r.Texts[0].SetText("b"))...)
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestWhatIsNoReplyPasses(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `{"error":{"message":"x"}}`, `{"choices":{}}`, `{"choices":[]`, `{"choices":[]} {}`, "<html>", `{"candidates":[]}`} {
		if r, ok := Chat.ParseReply(&Request{}, []byte(body)); ok {
			t.Errorf("Chat.ParseReply(%q) = %+v", body, r)
		}
	}
	for _, body := range []string{`{"choices":[null,{"message":"x"},{}]}`, `{"choices":[],"choices":[]}`, "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}"} {
		r, ok := Chat.ParseReply(&Request{}, []byte(body))
		if !ok {
			t.Errorf("Chat.ParseReply(%q) is refused", body)
			continue
		}
		for _, text := range r.Texts {
			if text.Text != "\ufffd" {
				t.Errorf("Chat.ParseReply(%q): text %q", body, text.Text)
			}
		}
	}
}

func TestComposedReplyParses(t *testing.T) {
	body := Chat.AppendCompletion(nil, &Request{}, Completion{ID: "i", Model: "m", Created: 7, Texts: []string{"a\n[1]"}, PromptTokens: 1})
	want := `{"id":"chatcmpl-i","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a\n[1]"},"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":1,"completion_tokens":0,"total_tokens":1}}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	if r, ok := Chat.ParseReply(&Request{}, body); !ok || r.Texts[0].Text != "a\n[1]" {
		t.Errorf("Chat.ParseReply(%s) = %+v, %v", body, r, ok)
	}
}

func TestErrorHasOpenAIsShape(t *testing.T) {
	got := string(Chat.NewStream(&Request{}).AppendError(nil, Error{Message: "no \"x\"", Type: "t", Param: "p", Source: "gateway", Stage: "retrieve"}))
	want := "event: error\ndata: " + `{"error":{"message":"no \"x\"","type":"t","code":null,"param":"p","source":"gateway","stage":"retrieve"}}` + "\n\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add([]byte(replyBody))
	f.Add([]byte(`{"choices":[{"message":{"annotations":[{}],"content":"a\ud83d"}}],"rag":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, ok := Chat.ParseReply(&Request{}, body)
		if !ok {
			return
		}
		edits := []Edit{r.SetRag([]byte("{}"))}
		for i := range r.Texts {
			edits = append(edits, r.Texts[i].Annotate([]Annotation{{URL: "u"}})...)
			edits = append(edits, r.Texts[i].SetText("t"))
		}
		out, err := Apply(body, edits...)
		if err != nil {
			t.Skip("duplicate names: ", err)
		}
		if json.Valid(body) && !json.Valid(out) {
			t.Fatalf("%q became %q", body, out)
		}
	})
}
