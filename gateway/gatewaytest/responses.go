package gatewaytest

import (
	"fmt"
	"net/http"
	"strings"
)

// ResponsesAnswer is a model behind the Responses API that says text, streamed a few runes
// at a time when the request asks for a stream.
func ResponsesAnswer(text string) Script {
	return func(w *Writer, r Received) {
		if !asksForStream(r) {
			Raw(http.StatusOK, "application/json", Response(ReasoningItem, MessageItem(text)))(w, r)
			return
		}
		Pieces(ResponseStream(Runes(text, 3))...)(w, r)
	}
}

// Response is a whole response with these output items, given as JSON.
func Response(items ...string) string {
	return `{"id":"resp_fake","object":"response","created_at":1700000000,"status":"completed","error":null,"incomplete_details":null,"instructions":null,"metadata":{},"model":"fake-1","output":[` +
		strings.Join(items, ",") + `],"parallel_tool_calls":true,"temperature":1.0,"tool_choice":"auto","tools":[],"top_p":1.0,"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":0},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":18}}`
}

// ReasoningItem is one that says nothing to the client.
const ReasoningItem = `{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Is it [1] or [9]?"}]}`

// MessageItem is a message of one text.
func MessageItem(text string) string {
	return `{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[` + outputPart(text) + `]}`
}

func outputPart(text string) string {
	return `{"type":"output_text","annotations":[],"logprobs":[],"text":` + quote(text) + `}`
}

// ResponseStream is the full sequence of events in which a message says the deltas, after a
// reasoning item.
func ResponseStream(deltas []string) []string {
	text := strings.Join(deltas, "")
	const place = `"item_id":"msg_1","output_index":1,"content_index":0`
	empty := strings.Replace(strings.Replace(Response(), `"completed"`, `"in_progress"`, 1), `"usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":0},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":18}`, `"usage":null`, 1)
	all := []ResponseEvent{
		{"response.created", `"response":` + empty},
		{"response.in_progress", `"response":` + empty},
		{"response.output_item.added", `"output_index":0,"item":{"id":"rs_1","type":"reasoning","summary":[]}`},
		{"response.output_item.done", `"output_index":0,"item":` + ReasoningItem},
		{"response.output_item.added", `"output_index":1,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]}`},
		{"response.content_part.added", place + `,"part":` + outputPart("")},
	}
	for _, d := range deltas {
		all = append(all, ResponseEvent{"response.output_text.delta", place + `,"delta":` + quote(d) + `,"logprobs":[],"obfuscation":"x"`})
	}
	all = append(all,
		ResponseEvent{"response.output_text.done", place + `,"text":` + quote(text) + `,"logprobs":[]`},
		ResponseEvent{"response.content_part.done", place + `,"part":` + outputPart(text)},
		ResponseEvent{"response.output_item.done", `"output_index":1,"item":` + MessageItem(text)},
		ResponseEvent{"response.completed", `"response":` + Response(ReasoningItem, MessageItem(text))})
	return ResponseEvents(all...)
}

// ResponseEvent is an event's type and its further members.
type ResponseEvent struct{ Type, Members string }

// ResponseEvents numbers events.
func ResponseEvents(all ...ResponseEvent) []string {
	events := make([]string, len(all))
	for i, e := range all {
		events[i] = fmt.Sprintf("event: %s\ndata: {\"type\":%q,\"sequence_number\":%d,%s}\n\n", e.Type, e.Type, i, e.Members)
	}
	return events
}

// FailedResponse is a stream of a model server that has to give up, as OpenAI's has when a
// quota is used up.
func FailedResponse() []string {
	const reason = `{"code":"insufficient_quota","message":"You exceeded your current quota."`
	begun := strings.Replace(Response(), `"completed"`, `"in_progress"`, 1)
	failed := strings.Replace(strings.Replace(Response(), `"completed"`, `"failed"`, 1), `"error":null`, `"error":`+reason+`}`, 1)
	return ResponseEvents(
		ResponseEvent{"response.created", `"response":` + begun},
		ResponseEvent{"response.in_progress", `"response":` + begun},
		ResponseEvent{"error", `"error":` + reason + `,"type":"insufficient_quota","param":null}`},
		ResponseEvent{"response.failed", `"response":` + failed})
}
