package gatewaytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Answer is a model that says text, streamed a few runes at a time when the request asks
// for a stream.
func Answer(text string) Script { return Answers(text) }

// Answers is a model with one choice for each text.
func Answers(texts ...string) Script {
	return func(w *Writer, r Received) {
		var req struct {
			Stream bool `json:"stream"`
		}
		if err := json.Unmarshal(r.Body, &req); err != nil {
			Raw(http.StatusBadRequest, "application/json", `{"error":{"message":"bad JSON","type":"invalid_request_error","code":null,"param":null}}`)(w, r)
			return
		}
		if !req.Stream {
			Raw(http.StatusOK, "application/json", Completion(texts...))(w, r)
			return
		}
		var choices [][]string
		for _, text := range texts {
			choices = append(choices, Runes(text, 3))
		}
		Pieces(Stream(choices...)...)(w, r)
	}
}

// Completion is a chat.completion with one choice a text.
func Completion(texts ...string) string {
	var b strings.Builder
	b.WriteString(`{"id":"chatcmpl-fake","object":"chat.completion","created":1700000000,"model":"fake-1","choices":[`)
	for i, text := range texts {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"index":%d,"message":{"role":"assistant","content":%s,"refusal":null},"logprobs":null,"finish_reason":"stop"}`, i, quote(text))
	}
	b.WriteString(`],"usage":{"prompt_tokens":7,"completion_tokens":11,"total_tokens":18},"system_fingerprint":"fp_fake"}`)
	return b.String()
}

// Stream is the events of a stream in which choice i says the deltas choices[i], the
// choices taking turns, then finishes each and says [DONE].
func Stream(choices ...[]string) []string {
	var events []string
	for i := range choices {
		events = append(events, Event(fmt.Sprintf(`{"index":%d,"delta":{"role":"assistant","content":""},"finish_reason":null}`, i)))
	}
	for k, left := 0, true; left; k++ {
		left = false
		for i, deltas := range choices {
			if k < len(deltas) {
				events = append(events, Delta(i, deltas[k]))
				left = true
			}
		}
	}
	for i := range choices {
		events = append(events, Event(fmt.Sprintf(`{"index":%d,"delta":{},"finish_reason":"stop"}`, i)))
	}
	return append(events, Done)
}

// Done ends a stream.
const Done = "data: [DONE]\n\n"

// Delta is the event in which a choice says text.
func Delta(choice int, text string) string {
	return Event(fmt.Sprintf(`{"index":%d,"delta":{"content":%s},"finish_reason":null}`, choice, quote(text)))
}

// Event is a chat.completion.chunk with one choice, given as JSON.
func Event(choice string) string {
	return `data: {"id":"chatcmpl-fake","object":"chat.completion.chunk","created":1700000000,"model":"fake-1","choices":[` + choice + "]}\n\n"
}

// Runes cuts text into pieces of n runes.
func Runes(text string, n int) []string {
	var out []string
	runes := []rune(text)
	for len(runes) > 0 {
		k := min(n, len(runes))
		out = append(out, string(runes[:k]))
		runes = runes[k:]
	}
	return out
}

// Bytes cuts a whole stream into pieces of n bytes, across events and runes alike.
func Bytes(events []string, n int) []string {
	all := strings.Join(events, "")
	var out []string
	for len(all) > 0 {
		k := min(n, len(all))
		out = append(out, all[:k])
		all = all[k:]
	}
	return out
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}
