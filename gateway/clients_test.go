package gateway_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	goopenai "github.com/sashabaranov/go-openai"

	"ragway/gateway/gatewaytest"
)

const leaveQuestion = "How long is parental leave?"

func official(g *gate) openai.Client {
	return openai.NewClient(option.WithBaseURL(g.url+"/v1"), option.WithAPIKey(plainKey), option.WithMaxRetries(0))
}

func TestOfficialClientReadsAnnotations(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen weeks [1]."), withKeys)
	client := official(g)
	got, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: "fake-1", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(leaveQuestion)},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := got.Choices[0].Message
	if m.Content != "Sixteen weeks [1]." || len(m.Annotations) != 1 || m.Annotations[0].URLCitation.Title != "Leave" || m.Annotations[0].URLCitation.StartIndex != 14 {
		t.Errorf("message %+v", m)
	}
	if !strings.Contains(got.JSON.ExtraFields["rag"].Raw(), `"cited":true`) {
		t.Errorf("rag %s", got.JSON.ExtraFields["rag"].Raw())
	}
}

func TestOfficialClientStreams(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen weeks [1], not [8]."), withKeys)
	client := official(g)
	stream := client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model: "fake-1", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(leaveQuestion)},
	})
	acc, rag := openai.ChatCompletionAccumulator{}, ""
	for stream.Next() {
		chunk := stream.Current()
		if !acc.AddChunk(chunk) {
			t.Fatalf("chunk does not fit: %s", chunk.RawJSON())
		}
		if f, ok := chunk.JSON.ExtraFields["rag"]; ok {
			rag = f.Raw()
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if acc.Choices[0].Message.Content != "Sixteen weeks [1], not." || acc.Choices[0].FinishReason != "stop" || !strings.Contains(rag, `"cited":true`) {
		t.Errorf("message %q, rag %s", acc.Choices[0].Message.Content, rag)
	}
}

func TestOfficialClientSeesTypedErrors(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys)
	client := openai.NewClient(option.WithBaseURL(g.url+"/v1"), option.WithAPIKey("wrong"), option.WithMaxRetries(0))
	_, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: "fake-1", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(leaveQuestion)},
	})
	var api *openai.Error
	if !errors.As(err, &api) || api.StatusCode != 401 || api.Code != "invalid_api_key" {
		t.Errorf("got %v", err)
	}
}

func community(g *gate) *goopenai.Client {
	c := goopenai.DefaultConfig(plainKey)
	c.BaseURL = g.url + "/v1"
	return goopenai.NewClientWithConfig(c)
}

// toolRequest has an image and a tool beside the question.
func toolRequest() goopenai.ChatCompletionRequest {
	return goopenai.ChatCompletionRequest{
		Model: "fake-1",
		Messages: []goopenai.ChatCompletionMessage{{Role: "user", MultiContent: []goopenai.ChatMessagePart{
			{Type: goopenai.ChatMessagePartTypeImageURL, ImageURL: &goopenai.ChatMessageImageURL{URL: "data:image/png;base64,iVBORw0KGgo="}},
			{Type: goopenai.ChatMessagePartTypeText, Text: leaveQuestion},
		}}},
		Tools: []goopenai.Tool{{Type: "function", Function: &goopenai.FunctionDefinition{Name: "lookup", Parameters: map[string]any{"type": "object"}}}},
	}
}

func TestCommunityClientKeepsToolsAndImages(t *testing.T) {
	reply := `{"id":"c","object":"chat.completion","created":1,"model":"fake-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"lookup","arguments":"{\"ids\":[99]}"}}]},"finish_reason":"tool_calls"}]}`
	g := start(t, gatewaytest.Raw(200, "application/json", reply), withKeys)
	got, err := community(g).CreateChatCompletion(t.Context(), toolRequest())
	if err != nil {
		t.Fatal(err)
	}
	if call := got.Choices[0].Message.ToolCalls[0].Function; call.Arguments != `{"ids":[99]}` {
		t.Errorf("arguments %q", call.Arguments)
	}
	sent := string(g.model.Last(t).Body)
	for _, part := range []string{
		`{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},{"type":"text","text":"How long is parental leave?"}`,
		`"tools":[{"function":{"name":"lookup","parameters":{"type":"object"}},"type":"function"}]`, "Parental leave lasts sixteen weeks.",
	} {
		if !strings.Contains(sent, part) {
			t.Errorf("no %s in %s", part, sent)
		}
	}
}

func TestCommunityClientStreams(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen weeks [1]."), withKeys)
	stream, err := community(g).CreateChatCompletionStream(t.Context(), toolRequest())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	text := ""
	for {
		chunk, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunk.Choices {
			text += c.Delta.Content
		}
	}
	if text != "Sixteen weeks [1]." {
		t.Errorf("text %q", text)
	}
}

func TestCommunityClientSeesACutStreamAsAnError(t *testing.T) {
	g := start(t, gatewaytest.CutAfter(gatewaytest.Delta(0, "Six")), withKeys)
	stream, err := community(g).CreateChatCompletionStream(t.Context(), toolRequest())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	for err == nil {
		_, err = stream.Recv()
	}
	if errors.Is(err, io.EOF) {
		t.Error("the stream looks whole")
	}
}

func TestClientsEmbed(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys, extractive)
	client := official(g)
	got, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: "m", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("a")}})
	if err != nil || len(got.Data) != 1 || got.Data[0].Embedding[0] < .59 {
		t.Errorf("official: %+v %v", got, err)
	}
	other, err := community(g).CreateEmbeddings(t.Context(), goopenai.EmbeddingRequest{Input: []string{"a"}, Model: "m", EncodingFormat: goopenai.EmbeddingEncodingFormatBase64})
	if err != nil || len(other.Data) != 1 {
		t.Errorf("community: %+v %v", other, err)
	}
}

func TestClientsAskWithoutAModelServer(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), withKeys, extractive)
	client := official(g)
	got, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model: "gpt-whatever", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(leaveQuestion)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m := got.Choices[0].Message; m.Content != "Parental leave lasts sixteen weeks. [1]" || len(m.Annotations) != 1 || got.Model != "ragway-extractive" {
		t.Errorf("%s: %+v", got.Model, m)
	}
}
