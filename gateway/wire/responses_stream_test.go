package wire

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	created   = "response.created"
	added     = "response.output_item.added"
	delta     = "response.output_text.delta"
	annotated = "response.output_text.annotation.added"
	textDone  = "response.output_text.done"
	partDone  = "response.content_part.done"
	itemDone  = "response.output_item.done"
	completed = "response.completed"
)

func TestResponseEventsStayInTheirOrder(t *testing.T) {
	begin := [2]string{created, `"response":{"output":[]}`}
	end := [2]string{completed, `"response":{"output":[]}`}
	tests := []struct {
		name   string
		search *Search
		events [][2]string
		want   []sent
	}{
		{"a text", nil, [][2]string{begin, responseDelta("a"), responseDelta("bc"), {textDone, place + `,"text":"abc"`}, end}, []sent{
			{created, 0, "", ""}, {delta, 1, "msg_1/0/0", "ab"}, {delta, 2, "msg_1/0/0", "c"}, {annotated, 3, "msg_1/0/0", ""},
			{textDone, 4, "msg_1/0/0", ""}, {completed, 5, "", ""},
		}},
		{"no word of its end before its part's", nil, [][2]string{begin, responseDelta("ab"), {partDone, place + `,"part":{}`}, end}, []sent{
			{created, 0, "", ""}, {delta, 1, "msg_1/0/0", "a"}, {delta, 2, "msg_1/0/0", "b"}, {annotated, 3, "msg_1/0/0", ""},
			{partDone, 4, "msg_1/0/0", ""}, {completed, 5, "", ""},
		}},
		{"before its item's", nil, [][2]string{begin, responseDelta("ab"), {itemDone, `"output_index":0,"item":{"type":"message"}`}, end}, []sent{
			{created, 0, "", ""}, {delta, 1, "msg_1/0/0", "a"}, {delta, 2, "msg_1/0/0", "b"}, {annotated, 3, "msg_1/0/0", ""},
			{itemDone, 4, "/0", ""}, {completed, 5, "", ""},
		}},
		{"before the response's", nil, [][2]string{begin, responseDelta("ab"), {"response.incomplete", `"response":{"output":[]}`}}, []sent{
			{created, 0, "", ""}, {delta, 1, "msg_1/0/0", "a"}, {delta, 2, "msg_1/0/0", "b"}, {annotated, 3, "msg_1/0/0", ""},
			{"response.incomplete", 4, "", ""},
		}},
		{"another item's end", nil, [][2]string{begin, responseDelta("ab"), {itemDone, `"output_index":1,"item":{"type":"reasoning"}`}, responseDelta("c"), {textDone, place + `,"text":"abc"`}}, []sent{
			{created, 0, "", ""}, {delta, 1, "msg_1/0/0", "a"}, {itemDone, 2, "/1", ""}, {delta, 3, "msg_1/0/0", "b"},
			{delta, 4, "msg_1/0/0", "c"}, {annotated, 5, "msg_1/0/0", ""}, {textDone, 6, "msg_1/0/0", ""},
		}},
		{"a search", &Search{ID: "fs_ragway_1", Queries: []string{"q"}}, [][2]string{begin, {added, `"output_index":0,"item":{}`}, responseDelta("ab"), {textDone, place + `,"text":"ab"`}, end}, []sent{
			{created, 0, "", ""}, {added, 1, "/0", ""}, {"response.file_search_call.in_progress", 2, "fs_ragway_1/0", ""},
			{"response.file_search_call.searching", 3, "fs_ragway_1/0", ""}, {"response.file_search_call.completed", 4, "fs_ragway_1/0", ""}, {itemDone, 5, "/0", ""},
			{added, 6, "/1", ""}, {delta, 7, "msg_1/1/0", "a"}, {delta, 8, "msg_1/1/0", "b"}, {annotated, 9, "msg_1/1/0", ""},
			{textDone, 10, "msg_1/1/0", ""}, {completed, 11, "", ""},
		}},
		{"a search and nothing said", &Search{ID: "fs_ragway_1", Failed: true}, [][2]string{begin, end}, []sent{
			{created, 0, "", ""}, {added, 1, "/0", ""}, {"response.file_search_call.in_progress", 2, "fs_ragway_1/0", ""},
			{"response.file_search_call.searching", 3, "fs_ragway_1/0", ""}, {itemDone, 4, "/0", ""}, {completed, 5, "", ""},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := passResponse(t, &Request{Search: test.search}, responseEvents(test.events...))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventsThatAreNotTextPass(t *testing.T) {
	stream := responseEvents(
		[2]string{"response.queued", `"response":{"output":[]}`},
		[2]string{"response.refusal.delta", place + `,"delta":"[1]"`},
		[2]string{"response.refusal.done", place + `,"refusal":"[1]"`},
		[2]string{"response.function_call_arguments.delta", `"item_id":"fc_1","output_index":1,"delta":"[1]"`},
		[2]string{"response.function_call_arguments.done", `"item_id":"fc_1","output_index":1,"arguments":"[1]"`},
		[2]string{"response.reasoning_summary_text.delta", `"item_id":"rs_1","output_index":2,"summary_index":0,"delta":"[1]"`},
		[2]string{"response.reasoning_summary_text.done", `"item_id":"rs_1","output_index":2,"summary_index":0,"text":"[1]"`},
		[2]string{"response.reasoning_text.delta", `"item_id":"rs_1","output_index":2,"content_index":0,"delta":"[1]"`},
		[2]string{partDone, place + `,"part":{"type":"refusal","refusal":"[1]"}`},
		[2]string{itemDone, `"output_index":1,"item":{"type":"function_call","arguments":"[1]"}`},
		[2]string{"response.image_generation_call.partial_image", `"item_id":"ig_1","output_index":3,"partial_image_b64":"AAAA"`},
		[2]string{"response.mcp_call_arguments.delta", `"item_id":"mcp_1","output_index":4,"delta":"[1]"`},
		[2]string{"response.of_tomorrow", `"text":"[1]","delta":"[1]"`},
	)
	s := Responses.NewStream(&Request{})
	in := s.Events(strings.NewReader(stream))
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		p := s.Read(e)
		if err != nil || p == nil || len(p.Texts)+len(p.Ends)+len(p.Restated) > 0 || p.OnlyText || p.Done || p.Failed {
			t.Fatalf("%s: %+v, %v", e.Data, p, err)
		}
		if dst, edits := s.Finish(nil, p, nil, nil); len(dst)+len(edits) > 0 {
			t.Errorf("%s: %q, %v", e.Data, dst, edits)
		}
	}
	if s.Whole() {
		t.Error("it counts as whole")
	}
}

func TestTextsSaidAgainAreFound(t *testing.T) {
	const message = `{"type":"message","id":"msg_1","content":[{"type":"output_text","text":"a","annotations":[]},{"type":"output_text","text":"b"}]}`
	tests := []struct {
		event [2]string
		want  int
	}{
		{[2]string{textDone, place + `,"text":"a"`}, 1},
		{[2]string{partDone, `"part":{"type":"output_text","text":"a"},` + place}, 1},
		{[2]string{itemDone, `"item":` + message}, 2},
		{[2]string{completed, `"response":{"output":[{"type":"reasoning"},` + message + `]}`}, 2},
		{[2]string{"response.failed", `"response":{"output":[` + message + `]}`}, 2},
		{[2]string{created, `"response":{"output":[]}`}, 0},
	}
	for _, test := range tests {
		s := Responses.NewStream(&Request{})
		e, _ := s.Events(strings.NewReader(responseEvents(test.event))).Next()
		p := s.Read(e)
		if p == nil || len(p.Restated) != test.want {
			t.Errorf("%s: %+v", e.Data, p)
			continue
		}
		for i := range p.Restated {
			data, err := Apply(e.Data, p.Restated[i].SetText("c"))
			if err != nil || strings.Count(string(data), `"text":"c"`) != 1 {
				t.Errorf("%s, %v", data, err)
			}
		}
	}
}

func TestAnEmptiedDeltaWithLogprobsIsSent(t *testing.T) {
	for logprobs, only := range map[string]bool{`[]`: true, `null`: true, `[{"token":"a"}]`: false} {
		s := Responses.NewStream(&Request{})
		e, _ := s.Events(strings.NewReader(responseEvents([2]string{delta, place + `,"delta":"a","logprobs":` + logprobs}))).Next()
		if p := s.Read(e); p.OnlyText != only {
			t.Errorf("%s: %v", logprobs, p.OnlyText)
		}
	}
}

func TestAnnotationsCountOnFromTheModelServers(t *testing.T) {
	stream := responseEvents(responseDelta("ab"), [2]string{annotated, place + `,"annotation_index":0,"annotation":{"type":"url_citation"}`}, [2]string{textDone, place + `,"text":"ab"`})
	s := Responses.NewStream(&Request{})
	in := s.Events(strings.NewReader(stream))
	var out []byte
	for e, err := in.Next(); err == nil; e, err = in.Next() {
		p := s.Read(e)
		var ended []Ended
		for _, slot := range p.Ends {
			ended = append(ended, Ended{Slot: slot, Annotations: []Annotation{{URL: "u"}}})
		}
		out, _ = s.Finish(out, p, ended, nil)
	}
	if !strings.Contains(string(out), `"annotation_index":1,`) {
		t.Errorf("sent %s", out)
	}
}

func TestHowAResponseStreamEnds(t *testing.T) {
	end := func(kind string) string { return responseEvents([2]string{kind, `"response":{"output":[]}`}) }
	tests := []struct {
		name, stream string
		whole        bool
	}{
		{"completed", end(completed), true},
		{"incomplete", end("response.incomplete"), true},
		{"failed", end("response.failed"), true},
		{"completed, without a name", strings.TrimPrefix(end(completed), "event: response.completed\n"), true},
		{"the word in a text", "data: " + `{"type":"response.created","response":{"output":[],"metadata":{"a":"response.completed"}}}` + "\n\n", false},
		{"an error", responseEvents([2]string{"error", `"message":"x"`}), false},
		{"in the middle", responseEvents(responseDelta("a")), false},
		{"[DONE] alone", "data: [DONE]\n\n", false},
		{"cut", strings.TrimSuffix(end(completed), "}\n\n"), false},
	}
	for _, test := range tests {
		for _, watched := range []bool{false, true} {
			s := Responses.NewStream(&Request{})
			in := s.Events(strings.NewReader(test.stream))
			for e, err := in.Next(); err == nil; e, err = in.Next() {
				if watched {
					s.Watch(e)
				} else {
					s.Read(e)
				}
			}
			if s.Whole() != test.whole || s.Done() != test.whole {
				t.Errorf("%s, watched %v: whole %v", test.name, watched, s.Whole())
			}
		}
	}
}

func TestAResponseStreamsErrorHasTheNextNumber(t *testing.T) {
	for _, watched := range []bool{false, true} {
		s := Responses.NewStream(&Request{})
		in := s.Events(strings.NewReader(responseEvents([2]string{created, `"response":{}`}, responseDelta(`"sequence_number":9`))))
		for e, err := in.Next(); err == nil; e, err = in.Next() {
			if watched {
				s.Watch(e)
			} else {
				s.Finish(nil, s.Read(e), nil, nil)
			}
		}
		got := string(s.AppendError(nil, Error{Message: "no", Code: "c", Source: "gateway", Stage: "answer"}))
		want := "event: error\ndata: " + `{"type":"error","code":"c","message":"no","param":null,"sequence_number":2,"source":"gateway","stage":"answer"}` + "\n\n"
		if got != want {
			t.Errorf("watched %v: got %s", watched, got)
		}
	}
}

func TestComposedEventsParse(t *testing.T) {
	q := &Request{Stream: true}
	stream := string(Responses.AppendCompletion(nil, q, Completion{ID: "i", Model: "m", Texts: []string{"Sixteen weeks. [1]\n"}}))
	text := ""
	for i, e := range passResponse(t, q, stream) {
		text += e.Text
		if e.Number != i {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if text != "Sixteen weeks. [1]\n" {
		t.Errorf("text %q", text)
	}
}

func FuzzStreamResponses(f *testing.F) {
	f.Add(`{"type":"response.output_text.delta","item_id":"m","output_index":1,"content_index":2,"delta":"a\ud83d","sequence_number":3}`, true)
	f.Add(`{"response":{"output":[{"type":"message","content":[{"type":"output_text","text":"a"}]}],"instructions":"i"},"type":"response.completed"}`, true)
	f.Add(`{"type":"response.output_item.done","output_index":-1e9,"item":{"type":"message","content":[{"text":"a","type":"output_text"}]}}`, false)
	f.Fuzz(func(t *testing.T, data string, search bool) {
		q := &Request{instructed: true}
		if search {
			q.Search = &Search{ID: SearchIDPrefix}
		}
		s := Responses.NewStream(q)
		in := s.Events(strings.NewReader("data: " + data + "\n\n"))
		for e, err := in.Next(); err == nil; e, err = in.Next() {
			s.Watch(e)
			p := s.Read(e)
			if p == nil {
				continue
			}
			var ended []Ended
			for _, slot := range p.Ends {
				ended = append(ended, Ended{Slot: slot, Text: "t", Annotations: []Annotation{{}}})
			}
			before, edits := s.Finish(nil, p, ended, []byte("{}"))
			for i := range p.Texts {
				edits = append(edits, p.Texts[i].SetText("t"))
			}
			for i := range p.Restated {
				edits = append(append(edits, p.Restated[i].SetText("t")), p.Restated[i].Annotate([]Annotation{{}})...)
			}
			sentEvents(t, string(before))
			out, err := Apply(e.Data, edits...)
			if err != nil {
				t.Skip("duplicate names: ", err)
			}
			if json.Valid(e.Data) && !json.Valid(out) {
				t.Fatalf("%q became %q", e.Data, out)
			}
		}
	})
}
