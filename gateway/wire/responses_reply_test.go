package wire

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const responseBody = `{
  "id": "resp_1", "object": "response", "status": "completed", "instructions": "I\n\nbe brief", "model": "m",
  "output": [
    {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "[1]"}], "content": [{"type": "reasoning_text", "text": "[1]"}]},
    {"content": [{"type": "output_text", "annotations": [{}], "text": "a [1]"}, {"type": "refusal", "refusal": "[1]"}, {"text": "b", "type": "output_text"}], "id": "msg_1", "type": "message"},
    {"id": "fc_1", "type": "function_call", "arguments": "{\"text\":[1]}"},
    {"id": "mcp_1", "type": "mcp_call", "output": "[1]"}
  ],
  "usage": {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12, "output_tokens_details": {"reasoning_tokens": 1}}
}`

func TestResponseIsUnderstood(t *testing.T) {
	r, ok := Responses.ParseReply(&Request{}, []byte(responseBody))
	if !ok {
		t.Fatal("not taken for a response")
	}
	type text struct {
		Slot int
		Text string
	}
	var got []text
	for _, tx := range r.Texts {
		got = append(got, text{tx.Slot, tx.Text})
	}
	if diff := cmp.Diff([]text{{slotOf(1, 0), "a [1]"}, {slotOf(1, 2), "b"}}, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if len(r.Models) != 1 || responseBody[r.Models[0].Start:r.Models[0].End] != `"m"` || r.Usage != (Usage{10, 2, 12}) || len(r.Extra) != 0 {
		t.Errorf("reply = %+v", r)
	}
}

func TestResponseIsEditedInPlace(t *testing.T) {
	a := []Annotation{{Start: 2, End: 5, URL: "u", Title: `t"`, FileID: "file-1", Filename: "f.md"}}
	const url = `{"type":"url_citation","start_index":2,"end_index":5,"url":"u","title":"t\""}`
	const file = `{"type":"file_citation","index":2,"file_id":"file-1","filename":"f.md"}`
	const call = `{"type":"file_search_call","id":"fs_ragway_1","status":"completed","queries":["q","r"],"results":`
	search := &Search{ID: "fs_ragway_1", Queries: []string{"q", "r"}, Results: []SearchResult{{FileID: "file-1", Filename: "f.md", Text: "p\n", Score: .5, Attributes: []byte(`{"a":1}`)}}}
	wanted := *search
	wanted.WantResults = true
	failed := &Search{ID: "fs_ragway_1", Failed: true, Queries: []string{"q"}}

	message := func(members string) string {
		return `{"output":[{"type":"message","content":[{"type":"output_text","text":"a"` + members + `}]}]}`
	}
	rag := func(s string) string { return s[:len(s)-1] + `,"rag":{"x":1}}` }
	tests := []struct {
		name       string
		search     *Search
		body, want string
	}{
		{"new", nil, message(``), rag(message(`,"annotations":[` + url + `]`))},
		{"merged", nil, message(`,"annotations":[ {}]`), rag(message(`,"annotations":[ {},` + url + `]`))},
		{"files", search, `{"output":[{"type":"message","content":[{"type":"output_text","text":"a","annotations":[]}]}]}`,
			`{"output":[` + call + `null},{"type":"message","content":[{"type":"output_text","text":"a","annotations":[` + file + `]}]}],"rag":{"x":1}}`},
		{"results", &wanted, `{"output":[]}`,
			`{"output":[` + call + `[{"file_id":"file-1","filename":"f.md","score":0.5,"text":"p\n","attributes":{"a":1}}]}],"rag":{"x":1}}`},
		{"a search that failed", failed, `{"output":[]}`, `{"output":[{"type":"file_search_call","id":"fs_ragway_1","status":"failed","queries":["q"],"results":null}],"rag":{"x":1}}`},
		{"nothing to search for", &Search{}, message(``), rag(message(`,"annotations":[` + url + `]`))},
		{"another rag", nil, `{"rag":1,"output":[]}`, `{"rag":{"x":1},"output":[]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, ok := Responses.ParseReply(&Request{Search: test.search}, []byte(test.body))
			if !ok {
				t.Fatal("not taken for a response")
			}
			edits := append(r.Extra, r.SetRag([]byte(`{"x":1}`)))
			edits = append(edits, r.Annotate([][]Annotation{a})...)
			got, err := Apply([]byte(test.body), edits...)
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestAResponseRepeatsTheClientsInstructions(t *testing.T) {
	tests := []struct{ request, body, want string }{
		{`{"input":"q"}`, `{"instructions":"I","output":[]}`, `{"instructions":null,"output":[]}`},
		{`{"input":"q","instructions":null}`, `{"instructions":"I","output":[]}`, `{"instructions":null,"output":[]}`},
		{`{"input":"q","instructions":"\u0062e brief"}`, `{"instructions":"I\n\nbe brief","output":[]}`, `{"instructions":"\u0062e brief","output":[]}`},
		{`{"input":"q"}`, `{"instructions":null,"output":[]}`, `{"instructions":null,"output":[]}`},
	}
	for _, test := range tests {
		q, err := Responses.ParseRequest([]byte(test.request))
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := Responses.ParseReply(q, []byte(test.body)); !ok || len(r.Extra) != 0 {
			t.Errorf("%s: changed although nothing was put in", test.body)
		}
		q.InsertInstructions("I")
		r, _ := Responses.ParseReply(q, []byte(test.body))
		if got, err := Apply([]byte(test.body), r.Extra...); err != nil || string(got) != test.want {
			t.Errorf("%s: %s, %v", test.request, got, err)
		}
	}
}

func TestWhatIsNoResponsePasses(t *testing.T) {
	for _, body := range []string{"", "null", "[]", `{"error":{"message":"x"}}`, `{"output":null}`, `{"output":"a"}`, `{"output":[]`, `{"output":[]} {}`, "<html>", `{"choices":[]}`} {
		if r, ok := Responses.ParseReply(&Request{}, []byte(body)); ok {
			t.Errorf("ParseReply(%q) = %+v", body, r)
		}
	}
	for _, body := range []string{`{"output":[null,1,{"type":"message","content":"x"},{"content":[null,{"type":"output_text","text":1}],"type":"message"}],"model":null}`, `{"output":[],"output":[]}`} {
		if r, ok := Responses.ParseReply(&Request{}, []byte(body)); !ok || len(r.Texts) != 0 {
			t.Errorf("ParseReply(%q) = %+v, %v", body, r, ok)
		}
	}
}

func TestComposedResponseParses(t *testing.T) {
	body := Responses.AppendCompletion(nil, &Request{}, Completion{ID: "i", Model: "m", Created: 7, Texts: []string{"a\n[1]"}, PromptTokens: 1, CompletionTokens: 2})
	r, ok := Responses.ParseReply(&Request{}, body)
	if !ok || len(r.Texts) != 1 || r.Texts[0].Text != "a\n[1]" || r.Usage != (Usage{1, 2, 3}) || len(r.Models) != 1 || !json.Valid(body) {
		t.Errorf("ParseReply(%s) = %+v, %v", body, r, ok)
	}
}
