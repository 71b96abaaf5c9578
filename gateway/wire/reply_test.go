package wire

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	r, ok := ParseReply([]byte(replyBody))
	if !ok {
		t.Fatal("not taken for a reply")
	}
	type choice struct {
		Text    string
		HasText bool
		Content string
	}
	var got []choice
	for _, c := range r.Choices {
		got = append(got, choice{c.Text, c.HasText, replyBody[c.ContentSpan.Start:c.ContentSpan.End]})
	}
	want := []choice{{`a "b" [1]`, true, `"a \"b\" [1]"`}, {"", false, "null"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("choices (-want +got):\n%s", diff)
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
			r, ok := ParseReply([]byte(test.body))
			if !ok {
				t.Fatal("not taken for a reply")
			}
			got, err := Apply([]byte(test.body), r.SetRag([]byte(`{"x":1}`)), r.Choices[0].SetText("b"), r.Choices[0].Annotate(a))
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestWhatIsNoReplyPasses(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `{"error":{"message":"x"}}`, `{"choices":{}}`, `{"choices":[]`, `{"choices":[]} {}`, "<html>", `{"candidates":[]}`} {
		if r, ok := ParseReply([]byte(body)); ok {
			t.Errorf("ParseReply(%q) = %+v", body, r)
		}
	}
	for _, body := range []string{`{"choices":[null,{"message":"x"},{}]}`, `{"choices":[],"choices":[]}`, "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}"} {
		r, ok := ParseReply([]byte(body))
		if !ok {
			t.Errorf("ParseReply(%q) is refused", body)
			continue
		}
		for _, c := range r.Choices {
			if c.HasText && c.Text != "\ufffd" {
				t.Errorf("ParseReply(%q): text %q", body, c.Text)
			}
		}
	}
}

func TestComposedReplyParses(t *testing.T) {
	body := AppendReply(nil, Head{ID: "i", Model: "m", Created: 7}, []Answer{{Text: "a\n[1]", FinishReason: "stop"}}, Usage{PromptTokens: 1, TotalTokens: 1})
	want := `{"id":"i","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a\n[1]"},"finish_reason":"stop"}],` +
		`"usage":{"prompt_tokens":1,"completion_tokens":0,"total_tokens":1}}`
	if string(body) != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	if r, ok := ParseReply(body); !ok || r.Choices[0].Text != "a\n[1]" {
		t.Errorf("ParseReply(%s) = %+v, %v", body, r, ok)
	}
}

func TestErrorHasOpenAIsShape(t *testing.T) {
	got := string(AppendErrorEvent(nil, Error{Message: "no \"x\"", Type: "t", Param: "p", Source: "gateway", Stage: "retrieve"}))
	want := "event: error\ndata: " + `{"error":{"message":"no \"x\"","type":"t","code":null,"param":"p","source":"gateway","stage":"retrieve"}}` + "\n\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add([]byte(replyBody))
	f.Add([]byte(`{"choices":[{"message":{"annotations":[{}],"content":"a\ud83d"}}],"rag":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, ok := ParseReply(body)
		if !ok {
			return
		}
		edits := []Edit{r.SetRag([]byte("{}"))}
		for _, c := range r.Choices {
			edits = append(edits, c.Annotate([]Annotation{{URL: "u"}}))
			if c.HasText {
				edits = append(edits, c.SetText("t"))
			}
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
