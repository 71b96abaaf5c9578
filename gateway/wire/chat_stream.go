package wire

import (
	"bytes"
	"cmp"
	"io"
	"maps"
	"slices"
)

// chatStream follows a stream of chat.completion.chunks. A text's slot is its choice's
// index.
type chatStream struct {
	wanted int // choices asked for
	shown  string
	member *MessageMember // that is still to be said
	delta  object         // of the chunk's first choice
	head   chatHead
	part   Part

	finished map[int]bool // of each choice that began
	done     bool
	marks    int // finishes seen by Watch
}

// NewStream implements Protocol.
func (chat) NewStream(r *Request) Stream {
	return &chatStream{wanted: r.N, shown: r.Shown, member: r.Member, finished: map[int]bool{}}
}

// Events implements Stream.
func (*chatStream) Events(r io.Reader) EventSource { return NewEventReader(r, 0) }

// Heartbeat implements Stream.
func (*chatStream) Heartbeat() []byte { return heartbeatComment }

// heartbeatComment is a comment that clients skip. It is one line and no event of its own:
// some take the blank line that would end that for an event without data.
var heartbeatComment = []byte(":\n")

// AppendError implements Stream.
func (*chatStream) AppendError(dst []byte, e Error) []byte {
	return append(Chat.AppendError(append(dst, "event: error\ndata: "...), e), "\n\n"...)
}

var finishMarks = [][]byte{[]byte(`"finish_reason":"`), []byte(`"finish_reason": "`)}

// Watch implements Stream.
func (s *chatStream) Watch(e Event) {
	s.done = s.done || e.IsDone()
	if !e.Complete {
		return
	}
	for _, mark := range finishMarks {
		s.marks += bytes.Count(e.Data, mark)
	}
}

// Whole implements Stream. A stream is whole that said [DONE], or in which every choice
// asked for and every one that began has finished.
func (s *chatStream) Whole() bool {
	return s.done || s.marks >= s.wanted || s.allFinished()
}

// Done implements Stream.
func (s *chatStream) Done() bool { return s.done }

func (s *chatStream) allFinished() bool {
	n := 0
	for _, finished := range s.finished {
		if finished {
			n++
		}
	}
	return n >= max(s.wanted, len(s.finished))
}

// Read implements Stream.
func (s *chatStream) Read(e Event) *Part {
	s.part.reset()
	if e.IsDone() {
		s.done, s.part.Done, s.part.Last = true, true, true
		s.part.Ends = s.unfinished()
		return &s.part
	}
	if s.readChunk(e) {
		return &s.part
	}
	if s.part.Failed {
		s.part.reset()
		s.part.Failed = true
		return &s.part
	}
	return nil
}

// unfinished are the choices that began and never finished, as of a server that says
// nothing of it. They count as finished from here on.
func (s *chatStream) unfinished() []int {
	var out []int
	for _, i := range slices.Sorted(maps.Keys(s.finished)) {
		if !s.finished[i] {
			s.finished[i] = true
			out = append(out, i)
		}
	}
	return out
}

func (s *chatStream) readChunk(e Event) bool {
	w := walk(e.Data, lenient)
	defer w.release()
	s.part.Failed = e.Name == "error"
	s.part.OnlyText = true
	choices, n := false, 0
	s.delta = object{}
	head := chatHead{ID: s.head.ID, Model: s.head.Model, SystemFingerprint: s.head.SystemFingerprint}
	_, ok := w.object(func(name []byte) {
		switch string(name) {
		case "choices":
			_, n, choices = w.array(func(i int) { s.readChoice(w, i) })
		case "usage":
			s.part.HasUsage = w.kind() == '{'
			s.part.Usage = readUsage(w)
		case "model":
			model, span, isString := w.known(s.head.Model)
			if isString {
				head.Model = model
				s.part.Models = append(s.part.Models, span)
			}
		case "error":
			s.part.Failed = w.filled() || s.part.Failed
		default:
			head.read(w, name)
		}
	})
	if w.end() != nil || !ok || !choices {
		return false
	}
	if head.ID != "" {
		head.Model = cmp.Or(s.shown, head.Model)
		s.head = head
	}
	s.part.Last = len(s.part.Ends) > 0 && s.allFinished()
	s.part.OnlyUsage = s.part.HasUsage && n == 0
	s.part.OnlyText = s.part.OnlyText && n > 0 && !s.part.HasUsage && !s.part.Failed
	return true
}

var finishReasons = []string{"stop", "length", "tool_calls", "content_filter", "function_call"}

func (s *chatStream) readChoice(w *walker, i int) {
	t := Text{Slot: i, name: "content"}
	isText, finish := false, ""
	_, ok := w.object(func(name []byte) {
		switch string(name) {
		case "index":
			if n, ok := w.number(); ok {
				t.Slot = int(n)
			}
		case "delta":
			t.owner, _ = w.object(func(name []byte) {
				if string(name) == "content" {
					t.Text, t.span, isText = w.str()
				} else {
					s.part.OnlyText = !w.filled() && s.part.OnlyText
				}
			})
		case "finish_reason":
			finish, _, _ = w.known(finishReasons...)
		default:
			s.part.OnlyText = !w.filled() && s.part.OnlyText
		}
	})
	if !ok {
		return
	}
	if s.delta.isZero() {
		s.delta = t.owner
	}
	if isText {
		s.part.Texts = append(s.part.Texts, t)
	}
	s.part.OnlyText = s.part.OnlyText && isText && finish == ""
	s.finish(t.Slot, finish != "")
}

// finish notes a choice, and that it is complete where it is.
func (s *chatStream) finish(slot int, ends bool) {
	before := s.finished[slot]
	s.finished[slot] = before || ends
	if ends && !before {
		s.part.Ends = append(s.part.Ends, slot)
	}
}

// Finish implements Stream. What is left of each text and its annotations come in a chunk
// before the one that finishes it; the rag object comes in the last of them, and that one
// comes even if there is nothing else to say.
func (s *chatStream) Finish(dst []byte, p *Part, ended []Ended, rag []byte) ([]byte, []Edit) {
	edits := s.sayMember(p)
	for i, e := range ended {
		if p != nil {
			edits = append(edits, p.silence(e.Slot)...)
		}
		last := rag
		if i < len(ended)-1 {
			last = nil
		}
		if last != nil || e.Text != "" || len(e.Annotations) > 0 || s.member != nil {
			delta := chatDelta{Index: e.Slot, Text: e.Text, Annotations: e.Annotations, Member: s.member}
			s.member = nil
			dst = appendChatChunk(dst, s.head, []chatDelta{delta}, nil, last)
		}
	}
	if len(ended) == 0 && rag != nil {
		dst = appendChatChunk(dst, s.head, nil, nil, rag)
	}
	return dst, edits
}

// sayMember adds the member to the first delta, if that is its place.
func (s *chatStream) sayMember(p *Part) []Edit {
	if p == nil || s.member == nil || !s.member.First || s.delta.isZero() {
		return nil
	}
	m := s.member
	s.member, p.OnlyText = nil, false
	return []Edit{s.delta.put(m.Name, Span{}, oneLine(m.Value))}
}

// silence empties the texts of a slot, which have gone out before.
func (p *Part) silence(slot int) []Edit {
	var edits []Edit
	for i := range p.Texts {
		if t := &p.Texts[i]; t.Slot == slot && t.Text != "" {
			edits = append(edits, t.SetText(""))
		}
	}
	return edits
}
