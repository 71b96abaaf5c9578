package wire

import (
	"bytes"
	"io"
	"strconv"
)

// messageStream follows a stream of Anthropic's events. A text's slot is its block's index.
type messageStream struct {
	part  Part
	texts map[int]bool // blocks of text that began, and whether they have ended
	usage Usage        // from the start of the message
	root  object       // of the event
	done  bool
}

// NewStream implements Protocol.
func (messages) NewStream(*Request) Stream { return &messageStream{texts: map[int]bool{}} }

// Events implements Stream.
func (*messageStream) Events(r io.Reader) EventSource { return NewEventReader(r, 0) }

// Heartbeat implements Stream.
func (*messageStream) Heartbeat() []byte { return heartbeatComment }

// AppendError implements Stream.
func (*messageStream) AppendError(dst []byte, e Error) []byte {
	return append(Messages.AppendError(append(dst, "event: error\ndata: "...), e), "\n\n"...)
}

const messageStop = "message_stop"

// Watch implements Stream.
func (s *messageStream) Watch(e Event) {
	if !e.Complete {
		return
	}
	s.done = s.done || e.Name == messageStop || e.Name == "" && bytes.Contains(e.Data, []byte(`"`+messageStop+`"`))
}

// Whole implements Stream.
func (s *messageStream) Whole() bool { return s.done }

// Done implements Stream.
func (s *messageStream) Done() bool { return s.done }

// messageEvent is what an event says, whatever the order of its members.
type messageEvent struct {
	kind     string
	index    int
	delta    block // of a content_block_delta
	start    block // of a content_block_start
	hasUsage bool
	usage    Usage
}

var eventTypes = []string{
	"content_block_delta", "content_block_start", "content_block_stop", "message_delta", "message_start", messageStop, "ping", "error",
}

// Read implements Stream.
func (s *messageStream) Read(e Event) *Part {
	s.part.reset()
	ev, ok := s.event(e.Data)
	if !ok {
		return nil
	}
	switch ev.kind {
	case "message_start":
		s.usage = ev.usage
	case "content_block_start":
		s.begin(ev.index, ev.start)
	case "content_block_delta":
		s.piece(ev.index, ev.delta)
	case "content_block_stop":
		s.end(ev.index)
	case "message_delta":
		s.part.Last, s.part.HasUsage = true, ev.hasUsage
		s.part.Usage = s.total(ev.usage)
	case messageStop:
		s.done, s.part.Done = true, true
	case "error":
		s.part.Failed = true
	default:
		return nil
	}
	return &s.part
}

func (s *messageStream) event(data []byte) (ev messageEvent, ok bool) {
	w := walk(data, lenient)
	defer w.release()
	s.root, ok = w.object(func(name []byte) {
		switch string(name) {
		case "type":
			ev.kind, _, _ = w.known(eventTypes...)
		case "index":
			if n, ok := w.number(); ok {
				ev.index = int(n)
			}
		case "delta":
			ev.delta = s.delta(w)
		case "content_block":
			ev.start = messages{}.block(w)
		case "message":
			s.message(w, &ev)
		case "usage":
			ev.hasUsage, ev.usage = w.kind() == '{', readUsage(w)
		default:
			w.value()
		}
	})
	return ev, w.end() == nil && ok
}

func (s *messageStream) delta(w *walker) (b block) {
	b.text.name = "text"
	kind, hasText := "", false
	b.text.owner, _ = w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ = w.known("text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta")
		case "text":
			b.text.Text, b.text.span, hasText = w.str()
		case "citation":
			b.cited = readCitation(w)
		default:
			w.value()
		}
	})
	b.isText = kind == "text_delta" && hasText
	return b
}

func (s *messageStream) message(w *walker, ev *messageEvent) {
	w.object(func(name []byte) {
		switch string(name) {
		case "model":
			if span := w.stringSpan(); !span.IsZero() {
				s.part.Models = append(s.part.Models, span)
			}
		case "usage":
			ev.usage = readUsage(w)
		default:
			w.value()
		}
	})
}

// begin notes a block of text, which may start with some.
func (s *messageStream) begin(index int, b block) {
	if !b.isText {
		return
	}
	s.texts[index] = false
	if b.text.Text != "" {
		b.text.Slot = index
		s.part.Texts = append(s.part.Texts, b.text)
	}
}

func (s *messageStream) piece(index int, b block) {
	s.part.Cited = append(s.part.Cited, b.cited...)
	if !b.isText {
		return
	}
	if _, began := s.texts[index]; !began {
		s.texts[index] = false
	}
	b.text.Slot = index
	s.part.Texts = append(s.part.Texts, b.text)
	s.part.OnlyText = true
}

func (s *messageStream) end(index int) {
	if ended, began := s.texts[index]; began && !ended {
		s.texts[index] = true
		s.part.Ends = append(s.part.Ends, index)
	}
}

// total is the usage at the end of a message, of which some servers repeat the prompt's
// and others do not.
func (s *messageStream) total(end Usage) Usage {
	if end.PromptTokens == 0 {
		end.PromptTokens = s.usage.PromptTokens
	}
	end.TotalTokens = end.PromptTokens + end.CompletionTokens
	return end
}

// Finish implements Stream. What is left of a block's text and its citations come in deltas
// before the block stops; the rag object is a member of message_delta.
func (s *messageStream) Finish(dst []byte, p *Part, ended []Ended, rag []byte) ([]byte, []Edit) {
	for _, e := range ended {
		if e.Text != "" {
			dst = AppendString(appendBlockDelta(dst, e.Slot, `{"type":"text_delta","text":`), e.Text)
			dst = append(dst, "}}\n\n"...)
		}
		for _, a := range eachSourceOnce(e.Annotations) {
			dst = appendSearchCitation(appendBlockDelta(dst, e.Slot, `{"type":"citations_delta","citation":`), a)
			dst = append(dst, "}}\n\n"...)
		}
	}
	if rag == nil || p == nil {
		return dst, nil
	}
	return dst, []Edit{s.root.put(controlKey, Span{}, oneLine(rag))}
}

// appendBlockDelta opens a content_block_delta.
func appendBlockDelta(dst []byte, index int, delta string) []byte {
	dst = append(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(append(dst, `,"delta":`...), delta...)
}
