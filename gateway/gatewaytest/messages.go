package gatewaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// MessagesAnswer is Anthropic's model that says text, streamed a few runes at a time when
// the request asks for a stream.
func MessagesAnswer(text string) Script {
	return func(w *Writer, r Received) {
		if !asksForStream(r) {
			Raw(http.StatusOK, "application/json", Message(TextBlock(text)))(w, r)
			return
		}
		Pieces(MessageStream(Runes(text, 3))...)(w, r)
	}
}

func asksForStream(r Received) bool {
	var req struct {
		Stream bool `json:"stream"`
	}
	return json.Unmarshal(r.Body, &req) == nil && req.Stream
}

// Message is a whole answer with these content blocks, given as JSON.
func Message(blocks ...string) string {
	return `{"id":"msg_fake","type":"message","role":"assistant","model":"claude-fake","content":[` + strings.Join(blocks, ",") +
		`],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":11}}`
}

// TextBlock is a content block that says text.
func TextBlock(text string) string { return `{"type":"text","text":` + quote(text) + `}` }

// MessageEvent is an event whose name is its type.
func MessageEvent(kind, members string) string {
	if members != "" {
		members = "," + members
	}
	return fmt.Sprintf("event: %s\ndata: {\"type\":%q%s}\n\n", kind, kind, members)
}

// MessageStream is the events of a stream with one block of text in these deltas, after
// one of thinking.
func MessageStream(deltas []string) []string {
	events := []string{
		MessageEvent("message_start", `"message":{"id":"msg_fake","type":"message","role":"assistant","model":"claude-fake","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":1}}`),
		MessageEvent("content_block_start", `"index":0,"content_block":{"type":"thinking","thinking":"","signature":""}`),
		MessageEvent("ping", ""),
		MessageEvent("content_block_delta", `"index":0,"delta":{"type":"thinking_delta","thinking":"Is it [1] or [9]?"}`),
		MessageEvent("content_block_delta", `"index":0,"delta":{"type":"signature_delta","signature":"c2ln"}`),
		MessageEvent("content_block_stop", `"index":0`),
		MessageEvent("content_block_start", `"index":1,"content_block":{"type":"text","text":""}`),
	}
	for _, d := range deltas {
		events = append(events, MessageDelta(1, d))
	}
	return append(events,
		MessageEvent("content_block_stop", `"index":1`),
		MessageEvent("message_delta", `"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":11}`),
		MessageEvent("message_stop", ""))
}

// MessageDelta is the event in which a block says text.
func MessageDelta(index int, text string) string {
	return MessageEvent("content_block_delta", fmt.Sprintf(`"index":%d,"delta":{"type":"text_delta","text":%s}`, index, quote(text)))
}
