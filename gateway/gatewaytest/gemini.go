package gatewaytest

import (
	"fmt"
	"net/http"
	"strings"
)

// GeminiAnswer is Google's model that says text: whole, as events, or as a JSON array, by
// the path and query of the request.
func GeminiAnswer(text string) Script {
	return func(w *Writer, r Received) {
		switch {
		case !strings.Contains(r.Path, ":streamGenerateContent"):
			Raw(http.StatusOK, "application/json; charset=UTF-8", GeminiReply(text))(w, r)
		case strings.Contains(r.Path, "alt=sse"):
			Pieces(GeminiEvents(Runes(text, 3))...)(w, r)
		default:
			w.Header().Set("Content-Type", "application/json; charset=UTF-8")
			w.WriteHeader(http.StatusOK)
			w.Send(GeminiArray(Runes(text, 3))...)
		}
	}
}

// GeminiReply is a whole answer: a thought, then text.
func GeminiReply(text string) string {
	return `{
  "candidates": [{"content": {"parts": [{"text": "Is it [1]?", "thought": true}, {"text": ` + quote(text) + `}], "role": "model"}, "finishReason": "STOP", "index": 0}],
  "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 11, "totalTokenCount": 18},
  "modelVersion": "gemini-fake", "responseId": "r1"
}`
}

// GeminiPieces are the responses of a stream in which one candidate says the deltas, after
// a thought.
func GeminiPieces(deltas []string) []string {
	pieces := []string{`{"candidates": [{"content": {"parts": [{"text": "Is it [1]?","thought": true}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 7,"totalTokenCount": 7},"modelVersion": "gemini-fake","responseId": "r1"}`}
	for i, d := range deltas {
		finish := ""
		if i == len(deltas)-1 {
			finish = `"finishReason": "STOP",`
		}
		pieces = append(pieces, fmt.Sprintf(`{"candidates": [{"content": {"parts": [{"text": %s}],"role": "model"},%s"index": 0}],"usageMetadata": {"promptTokenCount": 7,"candidatesTokenCount": 11,"totalTokenCount": 18},"modelVersion": "gemini-fake","responseId": "r1"}`, quote(d), finish))
	}
	return pieces
}

// GeminiEvents are the pieces as events, with the line ends that Google sends.
func GeminiEvents(deltas []string) []string {
	pieces := GeminiPieces(deltas)
	for i, p := range pieces {
		pieces[i] = "data: " + p + "\r\n\r\n"
	}
	return pieces
}

// GeminiArray is the pieces as a JSON array.
func GeminiArray(deltas []string) []string {
	pieces := GeminiPieces(deltas)
	for i, p := range pieces {
		pieces[i] = p + "\n,\r\n"
	}
	pieces[0] = "[" + pieces[0]
	last := len(pieces) - 1
	pieces[last] = strings.TrimSuffix(pieces[last], ",\r\n") + "]\n"
	return pieces
}
