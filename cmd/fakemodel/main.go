// Command fakemodel is the scripted model server for tests with clients in other languages: it speaks
// every protocol by its path, and does what a word in the question says. It prints its
// address and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"ragway/gateway/gatewaytest"
)

const said = "Sixteen weeks [1], not [8]."

// protocol is what a path speaks.
type protocol struct {
	answer func(string) gatewaytest.Script
	stream []string
	tool   string // a whole answer that calls the tool lookup
}

var (
	pieces    = gatewaytest.Runes(said, 3)
	protocols = map[string]protocol{
		"/chat/completions": {gatewaytest.Answer, gatewaytest.Stream(pieces),
			`{"id":"c","object":"chat.completion","created":1,"model":"fake-1","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"lookup","arguments":"{\"id\":99}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`},
		"/responses": {gatewaytest.ResponsesAnswer, gatewaytest.ResponseStream(pieces),
			gatewaytest.Response(`{"id":"fc_1","type":"function_call","call_id":"call_1","name":"lookup","arguments":"{\"id\":99}","status":"completed"}`)},
		"/messages": {gatewaytest.MessagesAnswer, gatewaytest.MessageStream(pieces),
			gatewaytest.Message(`{"type":"tool_use","id":"toolu_1","name":"lookup","input":{"id":99}}`)},
		"/models/": {gatewaytest.GeminiAnswer, gatewaytest.GeminiEvents(pieces),
			`{"candidates":[{"content":{"parts":[{"functionCall":{"name":"lookup","args":{"id":99}}}],"role":"model"},"finishReason":"STOP"}],"modelVersion":"gemini-fake","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}`},
	}
)

// left counts clients that went away in the middle of a slow stream.
var left atomic.Int64

func main() {
	server := gatewaytest.New(answer)
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin) // its end is the end
	server.Close()
}

func answer(w *gatewaytest.Writer, r gatewaytest.Received) {
	if strings.HasSuffix(r.Path, "/state") {
		gatewaytest.Raw(http.StatusOK, "application/json", fmt.Sprintf(`{"left":%d}`, left.Load()))(w, r)
		return
	}
	var p protocol
	for path, speaks := range protocols {
		if strings.Contains(r.Path, path) {
			p = speaks
		}
	}
	if p.answer == nil {
		gatewaytest.Raw(http.StatusNotFound, "application/json", `{"error":{"message":"no such path","type":"invalid_request_error"}}`)(w, r)
		return
	}
	body := string(r.Body)
	switch {
	case strings.Contains(body, "SCRIPT-TOOL") && !strings.Contains(body, "TOOL-RESULT"):
		gatewaytest.Raw(http.StatusOK, "application/json", p.tool)(w, r)
	case strings.Contains(body, "SCRIPT-JSON"):
		p.answer(`{"weeks":16,"note":"[8] stays"}`)(w, r)
	case strings.Contains(body, "SCRIPT-FAIL"):
		gatewaytest.Raw(http.StatusBadRequest, "application/json", `{"type":"error","error":{"code":400,"type":"invalid_request_error","message":"the model says no","status":"INVALID_ARGUMENT"}}`)(w, r)
	case strings.Contains(body, "SCRIPT-CUT"):
		w.StartStream()
		w.Send(p.stream[:len(p.stream)/2]...)
		w.Cut()
	case strings.Contains(body, "SCRIPT-SLOW"):
		slow(w, p.stream)
	default:
		p.answer(said)(w, r)
	}
}

// slow sends the beginning of a stream, then nothing for a while, long enough for heartbeats
// and for a client to leave.
func slow(w *gatewaytest.Writer, stream []string) {
	w.StartStream()
	w.Send(stream[0])
	pause := make(chan struct{})
	timer := time.AfterFunc(2*time.Second, func() { close(pause) })
	defer timer.Stop()
	if !w.Await(pause) {
		left.Add(1)
		return
	}
	w.Send(stream[1:]...)
}
