package wire

import (
	"bytes"
	"strconv"
	"strings"
)

// chatHead is what all chunks of one stream have in common.
type chatHead struct {
	ID                string
	Model             string
	SystemFingerprint string // "" leaves it out
	Created           int64  // Unix seconds
}

// read reads a member that belongs to the head, or passes it over.
func (h *chatHead) read(w *walker, name []byte) {
	switch string(name) {
	case "id":
		h.ID, _, _ = w.known(h.ID)
	case "system_fingerprint":
		h.SystemFingerprint, _, _ = w.known(h.SystemFingerprint)
	case "created":
		n, _ := w.number()
		h.Created = int64(n)
	default:
		w.value()
	}
}

// chatDelta is one choice of a chunk to be written. Empty fields are left out, except that
// the finish reason is null and the first delta, the one with the role, always has content.
type chatDelta struct {
	Index        int
	Role         string
	Text         string
	Annotations  []Annotation
	Member       *MessageMember
	FinishReason string
}

// appendChatChunk appends a chat.completion.chunk as an event. usage and rag, which is
// JSON, are left out when nil. Without deltas choices is an empty array.
func appendChatChunk(dst []byte, h chatHead, deltas []chatDelta, usage *Usage, rag []byte) []byte {
	dst = h.append(append(dst, "data: "...), "chat.completion.chunk")
	for i, d := range deltas {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(d.append(dst), '}')
	}
	dst = append(dst, ']')
	if usage != nil {
		dst = usage.appendChat(dst)
	}
	if rag != nil {
		dst = append(append(dst, `,"rag":`...), oneLine(rag)...)
	}
	return append(dst, "}\n\n"...)
}

// AppendCompletion implements Protocol.
func (p chat) AppendCompletion(dst []byte, r *Request, c Completion) []byte {
	head := chatHead{ID: "chatcmpl-" + c.ID, Model: c.Model, Created: c.Created}
	if r.Stream {
		return p.appendEvents(dst, r, c, head)
	}
	dst = head.append(dst, "chat.completion")
	for i, text := range c.Texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(append(dst, `{"index":`...), int64(i), 10)
		dst = AppendString(append(dst, `,"message":{"role":"assistant","content":`...), text)
		dst = append(dst, `},"finish_reason":"stop"}`...)
	}
	return append(c.usage().appendChat(append(dst, ']')), '}')
}

// appendEvents writes every choice's role, its words a few at a time, and its finish.
func (chat) appendEvents(dst []byte, r *Request, c Completion, head chatHead) []byte {
	send := func(d chatDelta) { dst = appendChatChunk(dst, head, []chatDelta{d}, nil, nil) }
	for i, text := range c.Texts {
		send(chatDelta{Index: i, Role: roleAssistant})
		for _, piece := range wordGroups(text) {
			send(chatDelta{Index: i, Text: piece})
		}
		send(chatDelta{Index: i, FinishReason: "stop"})
	}
	if r.IncludeUsage {
		usage := c.usage()
		dst = appendChatChunk(dst, head, nil, &usage, nil)
	}
	return append(dst, "data: [DONE]\n\n"...)
}

// wordsAPiece is about what a model server sends at a time when it is fast.
const wordsAPiece = 3

// wordGroups cuts text behind blanks; together they are the text.
func wordGroups(text string) []string {
	var out []string
	words := strings.SplitAfter(text, " ")
	for len(words) > 0 {
		n := min(wordsAPiece, len(words))
		out = append(out, strings.Join(words[:n], ""))
		words = words[n:]
	}
	return out
}

// append writes everything up to the first choice.
func (h chatHead) append(dst []byte, object string) []byte {
	dst = AppendString(append(dst, `{"id":`...), h.ID)
	dst = AppendString(append(dst, `,"object":`...), object)
	dst = strconv.AppendInt(append(dst, `,"created":`...), h.Created, 10)
	dst = AppendString(append(dst, `,"model":`...), h.Model)
	if h.SystemFingerprint != "" {
		dst = AppendString(append(dst, `,"system_fingerprint":`...), h.SystemFingerprint)
	}
	return append(dst, `,"choices":[`...)
}

// append writes a choice without its closing brace.
func (d chatDelta) append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"index":`...), int64(d.Index), 10)
	dst = append(dst, `,"delta":{`...)
	open := len(dst)
	if d.Role != "" {
		dst = AppendString(append(dst, `,"role":`...), d.Role)
	}
	if d.Role != "" || d.Text != "" {
		dst = AppendString(append(dst, `,"content":`...), d.Text)
	}
	if len(d.Annotations) > 0 {
		dst = append(appendChatAnnotations(append(dst, `,"annotations":[`...), d.Annotations), ']')
	}
	if d.Member != nil {
		dst = AppendString(append(dst, ','), d.Member.Name)
		dst = append(append(dst, ':'), oneLine(d.Member.Value)...)
	}
	if len(dst) > open { // the first member's comma
		dst = append(dst[:open], dst[open+1:]...)
	}
	return appendStringOrNull(append(dst, `},"finish_reason":`...), d.FinishReason)
}

func appendStringOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return AppendString(dst, s)
}

// oneLine replaces the line breaks of JSON, which can only stand between its tokens: data
// of an event is one line.
func oneLine(value []byte) []byte {
	if lineEnd(value) < 0 {
		return value
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, value)
}
