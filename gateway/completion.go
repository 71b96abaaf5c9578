package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	"ragway/gateway/wire"
)

// Completion is a chat completion made here rather than by a model server.
type Completion struct {
	ID               string
	Created          int64 // Unix seconds
	Model            string
	Choices          []string // the text of each
	PromptTokens     int
	CompletionTokens int
}

// Reply is the completion as an answer: a stream, with usage at its end if asked for, or
// one object.
func (c Completion) Reply(stream, includeUsage bool) *Reply {
	header, data := http.Header{}, []byte(nil)
	if stream {
		header.Set("Content-Type", "text/event-stream; charset=utf-8")
		data = c.events(includeUsage)
	} else {
		header.Set("Content-Type", "application/json")
		data = c.object()
		header.Set("Content-Length", strconv.Itoa(len(data)))
	}
	return &Reply{Status: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(data))}
}

func (c Completion) head() wire.Head {
	return wire.Head{ID: c.ID, Model: c.Model, Created: c.Created}
}

func (c Completion) usage() wire.Usage {
	return wire.Usage{PromptTokens: c.PromptTokens, CompletionTokens: c.CompletionTokens, TotalTokens: c.PromptTokens + c.CompletionTokens}
}

func (c Completion) object() []byte {
	answers := make([]wire.Answer, len(c.Choices))
	for i, text := range c.Choices {
		answers[i] = wire.Answer{Index: i, Text: text, FinishReason: "stop"}
	}
	return wire.AppendReply(nil, c.head(), answers, c.usage())
}

// events is the stream: every choice's role, its words a few at a time, its finish.
func (c Completion) events(includeUsage bool) []byte {
	var out []byte
	send := func(d wire.Delta) { out = wire.AppendChunk(out, c.head(), []wire.Delta{d}, nil, nil) }
	for i, text := range c.Choices {
		send(wire.Delta{Index: i, Role: "assistant"})
		for _, piece := range pieces(text) {
			send(wire.Delta{Index: i, Text: piece})
		}
		send(wire.Delta{Index: i, FinishReason: "stop"})
	}
	if includeUsage {
		usage := c.usage()
		out = wire.AppendChunk(out, c.head(), nil, &usage, nil)
	}
	return wire.AppendDone(out)
}

// wordsAPiece is about what a model server sends at a time when it is fast.
const wordsAPiece = 3

// pieces cuts text behind blanks; together they are the text.
func pieces(text string) []string {
	var out []string
	words := strings.SplitAfter(text, " ")
	for len(words) > 0 {
		n := min(wordsAPiece, len(words))
		out = append(out, strings.Join(words[:n], ""))
		words = words[n:]
	}
	return out
}
