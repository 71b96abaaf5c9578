package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResponsesRequestIsUnderstood(t *testing.T) {
	body := []byte(`{
  "model": "gpt-4o-mini", "stream": true, "instructions": "Be brief.", "max_output_tokens": 64, "safety_identifier": "u1",
  "input": [
    {"role": "developer", "content": "Be kind."},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": "x"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "[7]"}]},
    {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "b [1]", "annotations": []}, {"type": "refusal", "refusal": "no"}]},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":[2]}"},
    {"type": "function_call_output", "call_id": "c", "output": "c [3]"},
    {"type": "custom_tool_call_output", "call_id": "d", "output": [{"type": "input_text", "text": "d"}]},
    {"type": "computer_call_output", "call_id": "e", "output": {"type": "computer_screenshot"}},
    {"type": "mcp_call", "id": "mcp_1", "name": "g", "arguments": "{}", "output": "f"},
    {"type": "item_reference", "id": "msg_0"},
    {"id": "msg_0"}
  ],
  "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}
}`)
	r, err := Responses.ParseRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	type message struct{ Role, Text string }
	var got []message
	for _, m := range r.Messages {
		got = append(got, message{m.Role, m.Text()})
	}
	want := []message{
		{"developer", "Be kind."}, {"user", "a"}, {"assistant", ""}, {"assistant", "b [1]"}, {"assistant", ""},
		{"tool", "c [3]"}, {"tool", "d"}, {"tool", ""}, {"tool", "f"}, {"assistant", ""}, {"", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if r.Model != "gpt-4o-mini" || !r.Stream || r.MaxOutput != 64 || r.User != "u1" || !r.JSONOutput || r.LastUser() != 1 || r.N != 1 {
		t.Errorf("request = %+v", r)
	}
}

func TestResponsesRequestIsEditedInPlace(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"a string", `{"input": "q"}`, `{"input": "C\n\nq","instructions":"I"}`},
		{"instructions", `{"instructions":"be brief","input":"q"}`, `{"instructions":"I\n\nbe brief","input":"C\n\nq"}`},
		{"null instructions", `{"input":"q","instructions": null }`, `{"input":"C\n\nq","instructions": "I" }`},
		{"instructions nobody defines", `{"input":"q","instructions":[{"a":1}]}`, `{"input":"C\n\nq","instructions":[{"a":1}]}`},
		{"parts", `{"input":[{"role":"user","content":[ {"type":"input_image"}]}]}`,
			`{"input":[{"role":"user","content":[{"type":"input_text","text":"C"}, {"type":"input_image"}]}],"instructions":"I"}`},
		{"the last user", `{"input":[{"role":"user","content":"a"},{"role":"user","content":"b"},{"type":"function_call_output","output":"c"}]}`,
			`{"input":[{"role":"user","content":"a"},{"role":"user","content":"C\n\nb"},{"type":"function_call_output","output":"c"}],"instructions":"I"}`},
		{"only results of tools", `{"previous_response_id":"r","input":[{"type":"function_call_output","output":"c"}]}`,
			`{"previous_response_id":"r","input":[{"type":"function_call_output","output":"c"}],"instructions":"I"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Responses.ParseRequest([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			context, _ := r.InsertContext("C")
			got, err := Apply(r.body, context, r.InsertInstructions("I"))
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
		})
	}
}

func TestResponsesEffortIsTheClients(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"input":"q"}`, `{"input":"q","reasoning":{"effort":"low"}}`},
		{`{"reasoning":null,"input":"q"}`, `{"reasoning":{"effort":"low"},"input":"q"}`},
		{`{"reasoning":{"summary":"auto"}}`, `{"reasoning":{"summary":"auto","effort":"low"}}`},
		{`{"reasoning":{"effort":null}}`, `{"reasoning":{"effort":"low"}}`},
		{`{"reasoning":{"effort":"none"}}`, `{"reasoning":{"effort":"none"}}`},
	}
	for _, test := range tests {
		r, err := Responses.ParseRequest([]byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Apply(r.body, r.SetEffort(LowEffort)); err != nil || string(got) != test.want {
			t.Errorf("%s: %s, %v", test.body, got, err)
		}
	}
}

func TestFileSearchIsRead(t *testing.T) {
	r, err := Responses.ParseRequest([]byte(`{"input":"q","include":["file_search_call.results","x"],"tools":[{"type":"function","name":"f"},
		{"filters":{"type":"eq","key":"a","value":1},"type":"file_search","vector_store_ids":["vs_a"],"max_num_results":3,"ranking_options":{"ranker":"auto","score_threshold":0.5}},
		{"type":"file_search","filters":{"type":"eq","key":"a","value":1},"vector_store_ids":["vs_b"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Search{
		Spelling: FileSearch, Collections: []string{"vs_a", "vs_b"}, Filters: []byte(`{"type":"eq","key":"a","value":1}`),
		MaxResults: 3, MinScore: .5, WantResults: true,
	}
	if diff := cmp.Diff(want, r.Search); diff != "" {
		t.Errorf("search (-want +got):\n%s", diff)
	}
}

func TestWhatAsksForASearchIsCut(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing else", `{"input":"q","tools":[{"type":"file_search"}],"tool_choice":"required","parallel_tool_calls":true,"include":["file_search_call.results"],"rag":{}}`, `{"input":"q"}`},
		{"another tool", "{\"tools\":[{\"type\":\"file_search\"},\n {\"type\":\"function\"}],\"tool_choice\":\"auto\"}", `{"tools":[{"type":"function"}],"tool_choice":"auto"}`},
		{"the choice of it", `{"tools":[{"type":"function"},{"type":"file_search"}],"tool_choice":{"type":"file_search"},"input":"q"}`, `{"tools":[{"type":"function"}],"input":"q"}`},
		{"more to include", `{"tools":[{"type":"file_search"}],"include":["file_search_call.results","reasoning.encrypted_content"]}`, `{"include":["reasoning.encrypted_content"]}`},
		{"no tool of ours", `{"tools":[{"type":"function"}],"include":["file_search_call.results"],"tool_choice":{"type":"file_search"}}`, `{"tools":[{"type":"function"}],"include":["file_search_call.results"],"tool_choice":{"type":"file_search"}}`},
		{"a search of before", `{"input":[{"role":"user","content":"q"},
{"type":"file_search_call","id":"fs_ragway_1","status":"completed","queries":["q"],"results":null},
{"type":"file_search_call","id":"fs_1","status":"completed","queries":["q"],"results":null},{"type":"item_reference","id":"fs_ragway_1"}]}`,
			`{"input":[{"role":"user","content":"q"},
{"type":"file_search_call","id":"fs_1","status":"completed","queries":["q"],"results":null}]}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, err := Responses.ParseRequest([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			got, err := Apply(r.body, r.CutControl()...)
			if err != nil || string(got) != test.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, test.want)
			}
			for _, m := range r.Messages {
				if strings.Contains(string(r.body[m.Span.Start:m.Span.End]), SearchIDPrefix) {
					t.Errorf("%s counts as said", r.body[m.Span.Start:m.Span.End])
				}
			}
		})
	}
}

func TestALeftSearchLosesTheControlAlone(t *testing.T) {
	const rest = `{"tools":[{"type":"file_search"}],"parallel_tool_calls":false,"include":["file_search_call.results"]`
	r, err := Responses.ParseRequest([]byte(rest + `,"rag":false}`))
	if err != nil {
		t.Fatal(err)
	}
	r.LeaveSearch()
	if got, err := Apply(r.body, r.CutControl()...); err != nil || string(got) != rest+"}" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestResponsesRequestOfAnotherShapeIsRefused(t *testing.T) {
	tests := []struct{ body, param string }{
		{`{"input":{}}`, "input"},
		{`{"input":["a"]}`, "input[0]"},
		{`{"input":[{"role":1}]}`, "input[0].role"},
		{`{"stream":"yes"}`, "stream"},
		{`{"tools":[{"type":"file_search","vector_store_ids":"vs_a"}]}`, "tools.vector_store_ids"},
		{`{"tools":[{"type":"file_search"},{"type":"file_search","filters":{"type":"eq","key":"a","value":1}}]}`, "tools.filters"},
	}
	for _, test := range tests {
		_, err := Responses.ParseRequest([]byte(test.body))
		var shape *ShapeError
		if !errors.As(err, &shape) || shape.Param != test.param {
			t.Errorf("%s: %v", test.body, err)
		}
	}
	for _, body := range []string{`{}`, `{"input":null,"prompt":{"id":"p"}}`, `{"input":[],"text":null,"reasoning":"x","tools":null,"include":null,"instructions":null}`} {
		if _, err := Responses.ParseRequest([]byte(body)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}
