package wire

import (
	"bytes"
	"io"
	"slices"
	"sync/atomic"
)

// geminiStream follows a stream of GenerateContentResponses, as events or as the elements
// of a JSON array. A text's slot is its candidate's index.
type geminiStream struct {
	wanted int
	array  bool
	crlf   atomic.Bool // lines end so

	part     Part
	answer   geminiAnswer // of the event
	finished map[int]bool
	blocked  bool
	ended    bool // the array's end has come
	any      bool // an element went out
}

// NewStream implements Protocol.
func (gemini) NewStream(r *Request) Stream {
	return &geminiStream{wanted: r.N, array: r.Array, finished: map[int]bool{}}
}

// Events implements Stream.
func (s *geminiStream) Events(r io.Reader) EventSource {
	if s.array {
		return newElementReader(r, 0)
	}
	return NewEventReader(r, 0)
}

// Heartbeat implements Stream. Google's clients take a comment for a broken event but skip
// blank lines, where those end as the stream's do; an array may hold blanks anywhere.
func (s *geminiStream) Heartbeat() []byte {
	switch {
	case s.array:
		return []byte("\n")
	case s.crlf.Load():
		return []byte("\r\n\r\n")
	}
	return []byte("\n\n")
}

// AppendError implements Stream.
func (s *geminiStream) AppendError(dst []byte, e Error) []byte {
	switch {
	case !s.array:
		return append(Gemini.AppendError(append(dst, "data: "...), e), s.Heartbeat()...)
	case s.any:
		dst = append(dst, ',')
	default:
		dst = append(dst, '[')
	}
	return append(Gemini.AppendError(dst, e), ']')
}

// Watch implements Stream.
func (s *geminiStream) Watch(e Event) {
	if s.note(e) {
		return
	}
	if bytes.Contains(e.Data, []byte(`"finishReason"`)) || bytes.Contains(e.Data, []byte(`"blockReason"`)) {
		s.Read(e)
	}
}

// note takes down what is not inside the data, and reports whether that is all.
func (s *geminiStream) note(e Event) bool {
	if bytes.HasSuffix(e.Raw, []byte("\r\n")) {
		s.crlf.Store(true)
	}
	if e.Data == nil {
		s.ended = s.ended || s.array && bytes.IndexByte(e.Raw, ']') >= 0
		return true
	}
	s.any = true
	return false
}

// Whole implements Stream. The last piece is the one with the reason why a candidate
// finished, or why the prompt was refused.
func (s *geminiStream) Whole() bool {
	n := 0
	for _, finished := range s.finished {
		if finished {
			n++
		}
	}
	complete := s.blocked || n > 0 && n >= max(len(s.finished), s.wanted)
	return complete && (!s.array || s.ended)
}

// Done implements Stream.
func (s *geminiStream) Done() bool { return s.Whole() }

// Read implements Stream.
func (s *geminiStream) Read(e Event) *Part {
	s.part.reset()
	s.note(e)
	w := walk(e.Data, lenient)
	defer w.release()
	a, ok := gemini{}.answer(w)
	if w.end() != nil || !ok || !a.isAnswer && !a.failed {
		return nil
	}
	s.answer = a
	s.blocked = s.blocked || a.blocked
	s.part.Failed = a.failed
	s.part.Models, s.part.HasUsage = a.models, a.hasUsage
	for i := range a.candidates {
		s.candidate(&a.candidates[i])
	}
	s.part.Last = len(s.part.Ends) > 0 && s.allFinished() || a.blocked
	if s.part.HasUsage = a.hasUsage && s.part.Last; s.part.HasUsage { // each piece counts what came so far
		s.part.Usage = a.usage
	}
	return &s.part
}

func (s *geminiStream) allFinished() bool {
	for _, finished := range s.finished {
		if !finished {
			return false
		}
	}
	return len(s.finished) >= s.wanted
}

func (s *geminiStream) candidate(c *geminiCandidate) {
	for _, t := range c.texts {
		t.Slot = c.index
		s.part.Texts = append(s.part.Texts, t)
	}
	before := s.finished[c.index]
	s.finished[c.index] = before || c.finished
	if c.finished && !before {
		s.part.Ends = append(s.part.Ends, c.index)
	}
}

// Finish implements Stream. Everything goes into the piece that finishes a candidate.
func (s *geminiStream) Finish(dst []byte, p *Part, ended []Ended, rag []byte) ([]byte, []Edit) {
	if p == nil {
		return dst, nil
	}
	var edits []Edit
	for _, e := range ended {
		i := slices.IndexFunc(s.answer.candidates, func(c geminiCandidate) bool { return c.index == e.Slot })
		if i >= 0 {
			edits = append(edits, s.answer.candidates[i].finish(e)...)
		}
	}
	if rag != nil {
		edits = append(edits, s.answer.root.put(controlKey, s.answer.rag, oneLine(rag)))
	}
	return dst, edits
}

// finish puts the text into the first part that has some, or into a part of its own.
func (c *geminiCandidate) finish(e Ended) []Edit {
	var edits []Edit
	for i := range c.texts {
		text := ""
		if i == 0 {
			text = e.Text
		}
		if t := &c.texts[i]; t.Text != text {
			edits = append(edits, t.SetText(text))
		}
	}
	if len(c.texts) == 0 && e.Text != "" {
		edits = append(edits, c.addText(e.Text))
	}
	return append(edits, c.ground(make([]Text, 1), [][]Annotation{e.Annotations})...)
}

func (c *geminiCandidate) addText(text string) Edit {
	part := append(AppendString([]byte(geminiTextPart), text), '}')
	if c.content.isZero() {
		content := append(append([]byte(`{"parts":[`), part...), `],"role":"model"}`...)
		return c.self.put("content", c.contentSpan, content)
	}
	return c.content.extend("parts", c.parts, part)
}
