package wire

import (
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"sync/atomic"
)

// responseStream follows a stream of the Responses API. Events are numbered one by one and
// name their item by its place, so what is put in or left out shifts those that follow.
type responseStream struct {
	request    *Request
	part       Part
	event      responseEvent
	texts      map[int]*responseText // by slot
	searchSent bool
	ended      bool

	shift atomic.Int64 // of sequence numbers; Read and AppendError may be in two goroutines
	next  atomic.Int64 // the number after the last one that went out
}

// responseText is a text that has begun.
type responseText struct {
	item        string // its id
	annotations int    // that have gone out
	over        bool
}

// responseEvent is what an event says.
type responseEvent struct {
	root         object
	kind         string
	item         string
	sequence     int
	sequenceSpan Span
	output       int
	outputSpan   Span
	content      int
	delta, text  Text
	hasDelta     bool
	hasText      bool
	logprobs     bool // there are some
	restated     []Text
	response     response
	hasResponse  bool
}

// NewStream implements Protocol.
func (responses) NewStream(r *Request) Stream {
	return &responseStream{request: r, texts: map[int]*responseText{}}
}

// Events implements Stream.
func (*responseStream) Events(r io.Reader) EventSource { return NewEventReader(r, 0) }

// Heartbeat implements Stream.
func (*responseStream) Heartbeat() []byte { return heartbeatComment }

// AppendError implements Stream.
func (s *responseStream) AppendError(dst []byte, e Error) []byte {
	dst = append(dst, "event: error\ndata: {\"type\":\"error\""...)
	dst = appendStringOrNull(append(dst, `,"code":`...), e.Code)
	dst = AppendString(append(dst, `,"message":`...), e.Message)
	dst = appendStringOrNull(append(dst, `,"param":`...), e.Param)
	dst = strconv.AppendInt(append(dst, `,"sequence_number":`...), s.next.Load(), 10)
	return append(e.appendOrigin(dst), "}\n\n"...)
}

// ends are the events after which nothing follows.
var ends = []string{"response.completed", "response.incomplete", "response.failed"}

// Watch implements Stream. Only where events have no names does it read them.
func (s *responseStream) Watch(e Event) {
	if !e.Complete || e.Data == nil {
		return
	}
	kind := e.Name
	if kind == "" && s.read(e.Data) {
		kind = s.event.kind
	}
	s.ended = s.ended || slices.Contains(ends, kind)
	if n, ok := numberOf(e.Data); ok {
		s.next.Store(n + 1)
	}
}

// numberOf finds the number of an event without reading it. In a string its quotes would
// have backslashes.
func numberOf(data []byte) (int64, bool) {
	_, after, ok := bytes.Cut(data, []byte(`"sequence_number":`))
	if !ok {
		return 0, false
	}
	after = bytes.TrimLeft(after, " ")
	digits := bytes.IndexFunc(after, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseInt(string(after[:max(digits, 0)]), 10, 64)
	return n, err == nil
}

// Whole implements Stream.
func (s *responseStream) Whole() bool { return s.ended }

// Done implements Stream.
func (s *responseStream) Done() bool { return s.ended }

// Read implements Stream.
func (s *responseStream) Read(e Event) *Part {
	s.part.reset()
	if e.IsDone() { // some servers end every stream so
		return nil
	}
	if !s.read(e.Data) {
		return nil
	}
	ev := &s.event
	p := &s.part
	slot := slotOf(ev.output, ev.content)
	switch ev.kind {
	case "response.output_text.delta":
		if ev.hasDelta {
			s.text(slot)
			ev.delta.Slot = slot
			p.Texts, p.OnlyText = append(p.Texts, ev.delta), !ev.logprobs
		}
	case "response.output_text.annotation.added": // by a tool of the model server
		s.text(slot).annotations++
	case "response.output_text.done":
		s.text(slot)
		s.end(func(n int) bool { return n == slot })
		if ev.hasText {
			p.Restated = append(p.Restated, ev.text)
		}
	case "response.content_part.done":
		s.end(func(n int) bool { return n == slot })
		p.Restated = append(p.Restated, ev.restated...)
	case "response.output_item.done":
		s.end(func(n int) bool { return itemOf(n) == ev.output })
		p.Restated = append(p.Restated, ev.restated...)
	case "response.completed", "response.incomplete", "response.failed":
		s.end(func(int) bool { return true })
		p.Restated = append(p.Restated, ev.response.texts...)
		p.Usage, p.HasUsage = ev.response.usage, ev.response.used
		p.Failed = ev.kind == "response.failed"
		p.Last, p.Done, s.ended = true, true, true
	case "error":
		p.Failed = true
	}
	if ev.hasResponse {
		p.Models = ev.response.models
	}
	return p
}

// text is that of a slot, which the event being read is about.
func (s *responseStream) text(slot int) *responseText {
	t := s.texts[slot]
	if t == nil {
		t = &responseText{item: s.event.item}
		s.texts[slot] = t
	}
	return t
}

// end ends the texts of these slots that have begun and not ended: not every server says of
// each text that it is complete before it says so of what the text is in.
func (s *responseStream) end(in func(slot int) bool) {
	for _, slot := range slices.Sorted(maps.Keys(s.texts)) {
		if t := s.texts[slot]; in(slot) && !t.over {
			t.over = true
			s.part.Ends = append(s.part.Ends, slot)
		}
	}
}

// read reads an event, whatever the order of its members.
func (s *responseStream) read(data []byte) bool {
	w := walk(data, lenient)
	defer w.release()
	ev := responseEvent{delta: Text{name: "delta"}, text: Text{name: "text"}}
	var ok bool
	ev.root, ok = w.object(func(name []byte) { s.member(w, name, &ev) })
	ev.delta.owner, ev.text.owner = ev.root, ev.root
	s.event = ev
	return w.end() == nil && ok && ev.kind != ""
}

func (s *responseStream) member(w *walker, name []byte, ev *responseEvent) {
	p := responses{}
	switch string(name) {
	case "type":
		ev.kind, _, _ = w.known("response.output_text.delta", "response.output_text.done", "response.function_call_arguments.delta")
	case "item_id":
		ev.item, _, _ = w.known(s.event.item)
	case "sequence_number":
		n, _ := w.number()
		ev.sequence, ev.sequenceSpan = int(n), w.last
	case "output_index":
		n, _ := w.number()
		ev.output, ev.outputSpan = int(n), w.last
	case "content_index":
		n, _ := w.number()
		ev.content = int(n)
	case "delta":
		ev.delta.Text, ev.delta.span, ev.hasDelta = w.str()
	case "text":
		ev.text.Text, ev.text.span, ev.hasText = w.str()
	case "logprobs":
		ev.logprobs = w.filled()
	case "part":
		if t, ok := p.outputPart(w, s.request); ok {
			ev.restated = append(ev.restated, t)
		}
	case "item":
		ev.restated = p.outputItem(w, s.request)
	case "response":
		ev.response, ev.hasResponse = p.response(w, s.request)
	default:
		w.value()
	}
}

// begins are the events before the output.
func begins(kind string) bool {
	return kind == "response.created" || kind == "response.queued" || kind == "response.in_progress"
}

// Finish implements Stream. The search is told of before the first output. What is left of
// a text and its annotations come before the event that says the text again; the rag
// object is a member of the response in the last event.
func (s *responseStream) Finish(dst []byte, p *Part, ended []Ended, rag []byte) ([]byte, []Edit) {
	if p == nil {
		return dst, nil
	}
	ev := &s.event
	if s.request.Search.Done() && !s.searchSent && !begins(ev.kind) && !p.Failed {
		s.searchSent = true
		dst = s.appendSearch(dst)
	}
	for _, e := range ended {
		dst = s.appendEnd(dst, e)
	}
	if p.Dropped {
		s.shift.Add(-1)
		return dst, nil
	}
	edits := append(s.renumber(), ev.response.clientInstructions(s.request)...)
	if rag != nil && ev.hasResponse {
		edits = append(edits, ev.response.root.put(controlKey, ev.response.rag, oneLine(rag)))
	}
	if s.searchSent && p.Done && ev.response.output.is {
		edits = append(edits, ev.response.insertSearch(s.request.Search))
	}
	return dst, edits
}

// renumber moves the event behind what was put in before it.
func (s *responseStream) renumber() []Edit {
	var edits []Edit
	ev := &s.event
	number := int64(ev.sequence) + s.shift.Load()
	if !ev.sequenceSpan.IsZero() {
		s.next.Store(number + 1)
		if s.shift.Load() != 0 {
			edits = append(edits, ev.sequenceSpan.number(number))
		}
	}
	if s.searchSent && !ev.outputSpan.IsZero() {
		edits = append(edits, ev.outputSpan.number(int64(ev.output)+1))
	}
	return edits
}

// number replaces a value by a number.
func (s Span) number(n int64) Edit {
	return Edit{Start: s.Start, End: s.End, Text: strconv.AppendInt(nil, n, 10)}
}
