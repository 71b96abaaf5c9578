package gateway_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	anthropic "github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

func claude(g *gate) anthropic.Client {
	return anthropic.NewClient(option.WithBaseURL(g.url), option.WithAPIKey(plainKey), option.WithMaxRetries(0))
}

func claudeAsks(messages ...anthropic.MessageParam) anthropic.MessageNewParams {
	if messages == nil {
		messages = []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(leaveQuestion))}
	}
	return anthropic.MessageNewParams{Model: "claude-fake", MaxTokens: 100, Messages: messages}
}

func TestAnthropicClientReadsCitations(t *testing.T) {
	g := start(t, gatewaytest.MessagesAnswer("Sixteen weeks [1], not [8]."), withKeys)
	client := claude(g)
	got, err := client.Messages.New(t.Context(), claudeAsks())
	if err != nil {
		t.Fatal(err)
	}
	block := got.Content[0]
	if block.Text != "Sixteen weeks [1], not." || len(block.Citations) != 1 {
		t.Fatalf("block %+v", block)
	}
	cite := block.Citations[0]
	if cite.Type != "search_result_location" || cite.Title != "Leave" || cite.SearchResultIndex != 0 || !strings.Contains(cite.CitedText, "sixteen weeks") || cite.Source == "" {
		t.Errorf("citation %+v", cite)
	}
	if !strings.Contains(got.JSON.ExtraFields["rag"].Raw(), `"cited":true`) || got.Usage.InputTokens != 7 {
		t.Errorf("message %s", got.RawJSON())
	}
	sent := g.model.Last(t)
	if sent.Path != "/v1/messages" || sent.Header.Get("Anthropic-Version") == "" || !strings.Contains(string(sent.Body), "Parental leave lasts sixteen weeks.") {
		t.Errorf("sent %s %v %s", sent.Path, sent.Header, sent.Body)
	}
}

func TestAnthropicClientStreams(t *testing.T) {
	g := start(t, gatewaytest.MessagesAnswer("Sixteen weeks [1], not [8]."), withKeys)
	client := claude(g)
	stream := client.Messages.NewStreaming(t.Context(), claudeAsks())
	var got anthropic.Message
	rag := ""
	for stream.Next() {
		event := stream.Current()
		if err := got.Accumulate(event); err != nil {
			t.Fatal(err)
		}
		if f, ok := event.AsAny().(anthropic.MessageDeltaEvent); ok {
			rag = f.JSON.ExtraFields["rag"].Raw()
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if len(got.Content) != 2 || got.Content[0].Thinking != "Is it [1] or [9]?" || got.Content[1].Text != "Sixteen weeks [1], not." {
		t.Fatalf("message %+v", got.Content)
	}
	if len(got.Content[1].Citations) != 1 || got.Content[1].Citations[0].Title != "Leave" || !strings.Contains(rag, `"cited":true`) || got.StopReason != "end_turn" {
		t.Errorf("citations %+v, rag %s", got.Content[1].Citations, rag)
	}
}

func TestAnthropicClientSurvivesSilence(t *testing.T) {
	silent := make(chan struct{})
	events := gatewaytest.MessageStream([]string{"Sixteen."})
	g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.StartStream()
		w.Send(events[0])
		w.Await(silent)
		w.Send(events[1:]...)
	}, withKeys, func(o *gateway.Options) { o.Limits.Heartbeat = time.Millisecond })
	counting, beats := countBeats(":\n", 3)
	client := anthropic.NewClient(option.WithBaseURL(g.url), option.WithAPIKey(plainKey), option.WithMaxRetries(0), option.WithHTTPClient(counting))
	stream := client.Messages.NewStreaming(t.Context(), claudeAsks())
	go func() { <-beats; close(silent) }()
	var got anthropic.Message
	for stream.Next() {
		if err := got.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if stream.Err() != nil || got.Content[1].Text != "Sixteen." {
		t.Errorf("%v %+v", stream.Err(), got.Content)
	}
}

func TestAnthropicClientKeepsToolsAndTheirResults(t *testing.T) {
	call := `{"type":"tool_use","id":"toolu_1","name":"lookup","input":{"ids":[99]}}`
	g := start(t, gatewaytest.Raw(200, "application/json", gatewaytest.Message(gatewaytest.TextBlock("Let me see."), call)), withKeys)
	client := claude(g)
	params := claudeAsks()
	params.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{Name: "lookup", InputSchema: anthropic.ToolInputSchemaParam{}}}}
	got, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Content[1].Input) != `{"ids":[99]}` {
		t.Errorf("input %s", got.Content[1].Input)
	}
	first := string(g.model.Last(t).Body)
	params.Messages = append(params.Messages, got.ToParam(), anthropic.NewUserMessage(anthropic.NewToolResultBlock("toolu_1", "Quantum chromodynamics [9]", false)))
	if _, err := client.Messages.New(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	second := string(g.model.Last(t).Body)
	if n := commonPrefix(first[strings.Index(first, `"messages"`):], second[strings.Index(second, `"messages"`):]); n < strings.Index(first, `"messages"`) || strings.Count(second, "Sources for this message") != 1 {
		t.Errorf("the loop changes what came before:\n%s\n%s", first, second)
	}
}

func TestAnthropicClientSeesTypedErrors(t *testing.T) {
	g := start(t, gatewaytest.Raw(529, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}`), withKeys)
	client := claude(g)
	_, err := client.Messages.New(t.Context(), claudeAsks())
	var api *anthropic.Error
	if !errors.As(err, &api) || api.StatusCode != 529 || !strings.Contains(api.RawJSON(), `"type":"overloaded_error","message":"Overloaded","source":"upstream"`) {
		t.Errorf("of the upstream: %v", err)
	}
	wrong := anthropic.NewClient(option.WithBaseURL(g.url), option.WithAPIKey("wrong"), option.WithMaxRetries(0))
	_, err = wrong.Messages.New(t.Context(), claudeAsks())
	if !errors.As(err, &api) || api.StatusCode != 401 || !strings.Contains(api.RawJSON(), `"type":"authentication_error"`) {
		t.Errorf("of the gateway: %v", err)
	}
}

func TestAnthropicClientSeesACutStreamAsAnError(t *testing.T) {
	g := start(t, gatewaytest.CutAfter(gatewaytest.MessageStream([]string{"Six"})[:8]...), withKeys)
	client := claude(g)
	stream := client.Messages.NewStreaming(t.Context(), claudeAsks())
	for stream.Next() {
	}
	if stream.Err() == nil {
		t.Error("the stream looks whole")
	}
}

func TestAnthropicClientIsAnsweredWithoutAModelServer(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys, extractive)
	client := claude(g)
	got, err := client.Messages.New(t.Context(), claudeAsks())
	if err != nil || got.Content[0].Text != "Parental leave lasts sixteen weeks. [1]" || len(got.Content[0].Citations) != 1 {
		t.Errorf("whole: %+v %v", got, err)
	}
	stream := client.Messages.NewStreaming(t.Context(), claudeAsks())
	var whole anthropic.Message
	for stream.Next() {
		if err := whole.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if stream.Err() != nil || whole.Content[0].Text != "Parental leave lasts sixteen weeks. [1]" {
		t.Errorf("streamed: %v %+v", stream.Err(), whole)
	}
}

func TestAnthropicClientGetsNativeCitationsWhereAsked(t *testing.T) {
	cites := `{"type":"search_result_location","cited_text":"paid in full","source":"s","title":"Leave","search_result_index":1,"start_block_index":0,"end_block_index":1}`
	g := start(t, func(w *gatewaytest.Writer, r gatewaytest.Received) {
		if strings.Contains(string(r.Body), `"stream":true`) {
			events := gatewaytest.MessageStream([]string{"Paid [9]."})
			stop := len(events) - 3
			cited := gatewaytest.MessageEvent("content_block_delta", `"index":1,"delta":{"type":"citations_delta","citation":`+cites+`}`)
			gatewaytest.Pieces(append(append(append([]string{}, events[:stop]...), cited), events[stop:]...)...)(w, r)
			return
		}
		gatewaytest.Raw(200, "application/json", gatewaytest.Message(`{"type":"text","text":"Paid [9].","citations":[`+cites+`]}`))(w, r)
	}, withKeys)
	client := claude(g)
	asked := option.WithJSONSet("rag", map[string]any{"citations": "search_result"})
	got, err := client.Messages.New(t.Context(), claudeAsks(), asked)
	if err != nil {
		t.Fatal(err)
	}
	rag := got.JSON.ExtraFields["rag"].Raw()
	if got.Content[0].Text != "Paid [9]." || len(got.Content[0].Citations) != 1 || strings.Count(rag, `"cited":true`) != 1 || !strings.Contains(rag, `"text":"Parental leave is paid in full.","relevance":0.6666666666666666,"cited":true`) {
		t.Errorf("%+v, rag %s", got.Content, rag)
	}
	sent := string(g.model.Last(t).Body)
	if !strings.Contains(sent, `[{"type":"search_result","source":"http`) || !strings.Contains(sent, `"content":[{"type":"text","text":"Parental leave lasts sixteen weeks."}],"citations":{"enabled":true}}`) || strings.Contains(sent, "<<<source") {
		t.Errorf("sent %s", sent)
	}
	a := g.post(t, "/v1/messages", chatBody(leaveQuestion, `"rag":{"citations":"search_result"},"stream":true`), "X-Api-Key", plainKey)
	if a.err != nil || strings.Count(a.body, `"cited":true`) != 1 || !strings.Contains(a.body, "Paid [9].") {
		t.Errorf("streamed: %v %s", a.err, a.body)
	}
	if sent := string(g.model.Last(t).Body); !strings.Contains(sent, `}],"citations":{"enabled":true}},{"type":"text","text":"`+leaveQuestion+`"}]`) {
		t.Errorf("a string becomes a part: %s", sent)
	}
	if a := g.post(t, "/v1/chat/completions", chatBody(leaveQuestion, `"rag":{"citations":"search_result"}`), "X-Api-Key", plainKey); !strings.Contains(string(g.model.Last(t).Body), "<<<source") {
		t.Errorf("in another protocol: %d %s", a.status, a.body)
	}
}
