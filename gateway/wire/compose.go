package wire

import (
	"bytes"
	"strconv"
)

// Head is what all chunks of one stream have in common.
type Head struct {
	ID                string
	Model             string
	SystemFingerprint string // "" leaves it out
	Created           int64  // Unix seconds
}

// Delta is one choice of a chunk to be written. Empty fields are left out, except that the
// finish reason is null and the first delta, the one with the role, always has content.
type Delta struct {
	Index        int
	Role         string
	Text         string
	Annotations  []Annotation
	FinishReason string
}

// Answer is one choice of a whole reply to be written.
type Answer struct {
	Index        int
	Text         string
	FinishReason string
}

// AppendChunk appends a chat.completion.chunk as an event. usage and rag, which is JSON,
// are left out when nil. Without deltas choices is an empty array.
func AppendChunk(dst []byte, h Head, deltas []Delta, usage *Usage, rag []byte) []byte {
	dst = h.append(append(dst, "data: "...), "chat.completion.chunk")
	for i, d := range deltas {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(d.append(dst), '}')
	}
	dst = append(dst, ']')
	if usage != nil {
		dst = usage.append(dst)
	}
	if rag != nil {
		dst = append(append(dst, `,"rag":`...), oneLine(rag)...)
	}
	return append(dst, "}\n\n"...)
}

// AppendReply appends a chat.completion, for answers made by the gateway itself.
func AppendReply(dst []byte, h Head, answers []Answer, usage Usage) []byte {
	dst = h.append(dst, "chat.completion")
	for i, a := range answers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(a.append(dst), '}')
	}
	return append(usage.append(append(dst, ']')), '}')
}

// AppendDone appends the event that ends a stream.
func AppendDone(dst []byte) []byte { return append(dst, "data: [DONE]\n\n"...) }

// append writes everything up to the first choice.
func (h Head) append(dst []byte, object string) []byte {
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
func (d Delta) append(dst []byte) []byte {
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
		dst = append(appendAnnotations(append(dst, `,"annotations":[`...), d.Annotations), ']')
	}
	if len(dst) > open { // the first member's comma
		dst = append(dst[:open], dst[open+1:]...)
	}
	return appendFinish(append(dst, '}'), d.FinishReason)
}

func (a Answer) append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"index":`...), int64(a.Index), 10)
	dst = AppendString(append(dst, `,"message":{"role":"assistant","content":`...), a.Text)
	return appendFinish(append(dst, '}'), a.FinishReason)
}

func appendFinish(dst []byte, reason string) []byte {
	dst = append(dst, `,"finish_reason":`...)
	return appendStringOrNull(dst, reason)
}

func appendStringOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return AppendString(dst, s)
}

func (u Usage) append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `,"usage":{"prompt_tokens":`...), int64(u.PromptTokens), 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), int64(u.CompletionTokens), 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), int64(u.TotalTokens), 10)
	return append(dst, '}')
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
