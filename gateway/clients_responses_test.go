package gateway_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"

	"ragway/gateway/gatewaytest"
)

func asksResponses() responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: "fake-1", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(leaveQuestion)}}
}

// withFileSearch adds OpenAI's tool, over the vector store default.
func withFileSearch(p responses.ResponseNewParams) responses.ResponseNewParams {
	p.Tools = []responses.ToolUnionParam{{OfFileSearch: &responses.FileSearchToolParam{VectorStoreIDs: []string{"vs_default"}, MaxNumResults: openai.Int(1)}}}
	p.Include = []responses.ResponseIncludable{responses.ResponseIncludableFileSearchCallResults}
	p.ToolChoice = responses.ResponseNewParamsToolChoiceUnion{OfToolChoiceMode: param.NewOpt(responses.ToolChoiceOptionsAuto)}
	return p
}

func TestResponsesClientReadsAnnotations(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Sixteen weeks [1], not [8]."), withKeys)
	client := official(g)
	got, err := client.Responses.New(t.Context(), asksResponses())
	if err != nil {
		t.Fatal(err)
	}
	if got.OutputText() != "Sixteen weeks [1], not." || got.Usage.TotalTokens != 18 || len(got.Output) != 2 {
		t.Fatalf("response %s", got.RawJSON())
	}
	as := got.Output[1].Content[0].Annotations
	if len(as) != 1 || as[0].Type != "url_citation" || as[0].Title != "Leave" || as[0].StartIndex != 14 || as[0].EndIndex != 17 || as[0].URL == "" {
		t.Errorf("annotations %+v", as)
	}
	if !strings.Contains(got.JSON.ExtraFields["rag"].Raw(), `"cited":true`) {
		t.Errorf("rag %s", got.JSON.ExtraFields["rag"].Raw())
	}
	sent := string(g.model.Last(t).Body)
	if !strings.Contains(sent, `"input":"Sources for this message`) || !strings.Contains(sent, `"instructions":"You answer from sources`) {
		t.Errorf("sent %s", sent)
	}
}

func TestResponsesClientSearchesFiles(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Sixteen weeks [1], not [8]."), withKeys)
	client := official(g)
	got, err := client.Responses.New(t.Context(), withFileSearch(asksResponses()))
	if err != nil {
		t.Fatal(err)
	}
	checkFileSearch(t, got)
	sent := string(g.model.Last(t).Body)
	for _, gone := range []string{"tools", "file_search", "tool_choice", "include"} {
		if strings.Contains(sent, `"`+gone) {
			t.Errorf("%s went to the model server: %s", gone, sent)
		}
	}
}

// checkFileSearch wants the search as the first item and citations of files.
func checkFileSearch(t *testing.T, got *responses.Response) {
	t.Helper()
	call := got.Output[0]
	if call.Type != "file_search_call" || call.Status != "completed" || len(call.Queries) != 1 || call.Queries[0] != leaveQuestion || len(call.Results) != 1 {
		t.Fatalf("call %s", call.RawJSON())
	}
	if r := call.Results[0]; r.Filename != "handbook/leave.md" || r.Score <= 0 || !strings.Contains(r.Text, "sixteen weeks") || r.FileID == "" {
		t.Errorf("result %+v", r)
	}
	as := got.Output[2].Content[0].Annotations
	if len(as) != 1 || as[0].Type != "file_citation" || as[0].Filename != "handbook/leave.md" || as[0].Index != 14 || as[0].FileID != call.Results[0].FileID {
		t.Errorf("annotations %+v", as)
	}
	if got.OutputText() != "Sixteen weeks [1], not." {
		t.Errorf("text %q", got.OutputText())
	}
}

func TestResponsesStreamIsWhole(t *testing.T) {
	for _, search := range []bool{false, true} {
		g := start(t, gatewaytest.ResponsesAnswer("Sixteen weeks [1], not [8]."), withKeys)
		params := asksResponses()
		if search {
			params = withFileSearch(params)
		}
		client := official(g)
		stream := client.Responses.NewStreaming(t.Context(), params)
		var kinds []string
		text, done := "", ""
		added := 0
		var last responses.Response
		for n := int64(0); stream.Next(); n++ {
			e := stream.Current()
			if e.SequenceNumber != n {
				t.Fatalf("event %d has the number %d: %s", n, e.SequenceNumber, e.RawJSON())
			}
			kinds = append(kinds, e.Type)
			switch e.Type {
			case "response.output_text.delta":
				text += e.Delta
			case "response.output_text.done":
				done = e.Text
			case "response.output_text.annotation.added":
				added++
			case "response.output_item.added", "response.output_item.done":
				if want := map[string]int64{"file_search_call": 0, "reasoning": 0, "message": 1}[e.Item.Type]; search && e.Item.Type != "file_search_call" && e.OutputIndex != want+1 || !search && e.OutputIndex != want {
					t.Errorf("%s has the place %d", e.Item.Type, e.OutputIndex)
				}
			case "response.completed":
				last = e.Response
			}
		}
		if err := stream.Err(); err != nil {
			t.Fatal(err)
		}
		if text != "Sixteen weeks [1], not." || done != text || added != 1 {
			t.Errorf("text %q, done %q, %d annotations, events %v", text, done, added, kinds)
		}
		if search {
			checkFileSearch(t, &last)
			want := "response.created response.in_progress response.output_item.added response.file_search_call.in_progress response.file_search_call.searching response.file_search_call.completed response.output_item.done response.output_item.added"
			if got := strings.Join(kinds, " "); !strings.HasPrefix(got, want) {
				t.Errorf("events %s", got)
			}
		} else if as := last.Output[1].Content[0].Annotations; len(as) != 1 || as[0].Type != "url_citation" || !strings.Contains(last.JSON.ExtraFields["rag"].Raw(), `"cited":true`) {
			t.Errorf("last %s", last.RawJSON())
		}
	}
}

func TestRagFalseLeavesTheToolToTheModelServer(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("ok"))
	const body = `{"model":"m","input":"x","tools":[{"type":"file_search","vector_store_ids":["vs_abc"]}],"include":["file_search_call.results"]`
	g.post(t, "/v1/responses", body+`,"rag":false}`)
	if sent := string(g.model.Last(t).Body); sent != body+"}" {
		t.Errorf("sent %s", sent)
	}
}

func TestOtherToolsStayBesideFileSearch(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("ok"))
	for _, tc := range []struct{ body, want string }{
		{`{"input":"Quantum chromodynamics","tools":[{"type":"file_search","vector_store_ids":["vs_default"]}, {"type":"function","name":"f"}],"tool_choice":"auto"}`,
			`"tools":[{"type":"function","name":"f"}],"tool_choice":"auto"`},
		{`{"input":"Quantum chromodynamics","tools":[{"type":"function","name":"f"}, {"type":"file_search","vector_store_ids":["vs_default"]}],"tool_choice":{"type":"file_search"}}`,
			`"tools":[{"type":"function","name":"f"}]`},
		{`{"input":"Quantum chromodynamics","tools":[{"type":"file_search"}],"include":["reasoning.encrypted_content","file_search_call.results"]}`,
			`"include":["reasoning.encrypted_content"]`},
	} {
		g.post(t, "/v1/responses", tc.body)
		if sent := string(g.model.Last(t).Body); !strings.Contains(sent, tc.want) || !json.Valid([]byte(sent)) || strings.Contains(sent, "file_search") {
			t.Errorf("%s: sent %s", tc.body, sent)
		}
	}
}

func TestUnknownVectorStoreIsNotFound(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("never"), withKeys)
	params := withFileSearch(asksResponses())
	params.Tools[0].OfFileSearch.VectorStoreIDs = []string{"vs_nowhere"}
	client := official(g)
	_, err := client.Responses.New(t.Context(), params)
	var api *openai.Error
	if !errors.As(err, &api) || api.StatusCode != 404 || api.Code != "collection_not_found" {
		t.Errorf("got %v", err)
	}
}

func TestResponsesClientKeepsToolsAndTheirResults(t *testing.T) {
	call := `{"id":"fc_1","type":"function_call","call_id":"call_1","name":"lookup","arguments":"{\"ids\":[99]}","status":"completed"}`
	g := start(t, gatewaytest.Raw(200, "application/json", gatewaytest.Response(call)), withKeys)
	client := official(g)
	params := asksResponses()
	params.Tools = []responses.ToolUnionParam{responses.ToolParamOfFunction("lookup", map[string]any{"type": "object"}, false)}
	got, err := client.Responses.New(t.Context(), params)
	if err != nil || got.Output[0].Arguments.OfString != `{"ids":[99]}` {
		t.Fatalf("%v %s", err, got.RawJSON())
	}
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
		responses.ResponseInputItemParamOfMessage(leaveQuestion, "user"),
		responses.ResponseInputItemParamOfFunctionCall(`{"ids":[99]}`, "call_1", "lookup"),
		{OfFunctionCallOutput: &responses.ResponseInputItemFunctionCallOutputParam{
			CallID: openai.String("call_1"), Output: responses.ResponseInputItemFunctionCallOutputOutputUnionParam{OfString: openai.String("Quantum [9]")},
		}},
	}}
	if _, err := client.Responses.New(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	if sent := string(g.model.Last(t).Body); strings.Count(sent, "Sources for this message") != 1 || !strings.Contains(sent, `"output":"Quantum [9]"`) {
		t.Errorf("sent %s", sent)
	}
}

func TestResponsesClientKeepsImages(t *testing.T) {
	g := start(t, gatewaytest.ResponsesAnswer("Sixteen [1]."), withKeys)
	client := official(g)
	params := asksResponses()
	params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
		responses.ResponseInputItemParamOfMessage(responses.ResponseInputMessageContentListParam{
			{OfInputImage: &responses.ResponseInputImageParam{ImageURL: openai.String("data:image/png;base64,iVBORw0KGgo="), Detail: "low"}},
			{OfInputFile: &responses.ResponseInputFileParam{Filename: openai.String("a.pdf"), FileData: openai.String("data:application/pdf;base64,AAAA")}},
			responses.ResponseInputContentParamOfInputText(leaveQuestion),
		}, "user"),
	}}
	got, err := client.Responses.New(t.Context(), params)
	if err != nil || len(got.Output[1].Content[0].Annotations) != 1 {
		t.Fatalf("%v %s", err, got.RawJSON())
	}
	own, err := json.Marshal(params.Input.OfInputItemList[0].OfMessage.Content)
	sent := string(g.model.Last(t).Body)
	if err != nil || !strings.Contains(sent, strings.TrimPrefix(string(own), "[")) || !strings.Contains(sent, `"content":[{"type":"input_text","text":"Sources for this message`) {
		t.Errorf("%v, sent %s", err, sent)
	}
}

func TestResponsesClientGetsStructuredOutputAsItIs(t *testing.T) {
	const data = `{"weeks":[16],"not":"[8] [1]"}`
	g := start(t, gatewaytest.ResponsesAnswer(data), withKeys)
	client := official(g)
	params := asksResponses()
	params.Text = responses.ResponseTextConfigParam{Format: responses.ResponseFormatTextConfigParamOfJSONSchema("leave", map[string]any{"type": "object"})}
	got, err := client.Responses.New(t.Context(), params)
	if err != nil || got.OutputText() != data || len(got.Output[1].Content[0].Annotations) != 0 {
		t.Errorf("whole: %v %s", err, got.RawJSON())
	}
	stream := client.Responses.NewStreaming(t.Context(), params)
	text := ""
	for stream.Next() {
		text += stream.Current().Delta
	}
	if stream.Err() != nil || text != data {
		t.Errorf("streamed: %v %s", stream.Err(), text)
	}
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, `"format":{"name":"leave","schema":{"type":"object"},"type":"json_schema"}`) || !strings.Contains(sent, "sixteen weeks") {
		t.Errorf("sent %s", sent)
	}
}

func TestResponsesClientSeesErrors(t *testing.T) {
	g := start(t, gatewaytest.CutAfter(gatewaytest.ResponseStream([]string{"Six", "teen"})[:8]...), withKeys)
	client := official(g)
	stream := client.Responses.NewStreaming(t.Context(), asksResponses())
	var last responses.ResponseStreamEventUnion
	for stream.Next() {
		last = stream.Current()
	}
	if stream.Err() == nil || last.Type != "error" || last.Code != "upstream_cut" {
		t.Errorf("%v after %s", stream.Err(), last.RawJSON())
	}
	wrong := openai.NewClient(option.WithBaseURL(g.url+"/v1"), option.WithAPIKey("wrong"), option.WithMaxRetries(0))
	_, err := wrong.Responses.New(t.Context(), asksResponses())
	var api *openai.Error
	if !errors.As(err, &api) || api.StatusCode != 401 {
		t.Errorf("got %v", err)
	}
}

func TestResponsesClientIsAnsweredWithoutAModelServer(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys, extractive)
	client := official(g)
	got, err := client.Responses.New(t.Context(), asksResponses())
	if err != nil || got.OutputText() != "Parental leave lasts sixteen weeks. [1]" {
		t.Errorf("whole: %v %s", err, got.RawJSON())
	}
	stream := client.Responses.NewStreaming(t.Context(), withFileSearch(asksResponses()))
	text := ""
	for stream.Next() {
		text += stream.Current().Delta
	}
	if stream.Err() != nil || text != "Parental leave lasts sixteen weeks. [1]" {
		t.Errorf("streamed: %v %q", stream.Err(), text)
	}
}
