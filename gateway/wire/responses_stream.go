package wire

import (
	"bytes"
	"io"
	"strconv"
	"sync/atomic"
)

// responseStream follows a stream of the Responses API. Events are numbered one by one and
// name their item by its place, so what is put in or left out shifts those that follow.
type responseStream struct {
	request    *Request
	part       Part
	event      responseEvent
	searchSent bool
	ended      bool

	shift     atomic.Int64 // of sequence numbers; Read and AppendError may be in two goroutines
	next      atomic.Int64 // the number after the last one that went out
	annotated map[int]int  // annotations written of each slot
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
	restated     []Text
	response     response
	hasResponse  bool
}

// NewStream implements Protocol.
func (responses) NewStream(r *Request) Stream {
	return &responseStream{request: r, annotated: map[int]int{}}
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

// Watch implements Stream.
func (s *responseStream) Watch(e Event) {
	if !e.Complete {
		return
	}
	for _, kind := range ends {
		s.ended = s.ended || e.Name == kind || e.Name == "" && bytes.Contains(e.Data, []byte(`"`+kind+`"`))
	}
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
	switch ev.kind {
	case "response.output_text.delta":
		if ev.hasDelta {
			ev.delta.Slot = slotOf(ev.output, ev.content)
			p.Texts, p.OnlyText = append(p.Texts, ev.delta), true
		}
	case "response.output_text.done":
		if ev.hasText {
			p.Ends = append(p.Ends, slotOf(ev.output, ev.content))
			p.Restated = append(p.Restated, ev.text)
		}
	case "response.content_part.done", "response.output_item.done":
		p.Restated = append(p.Restated, ev.restated...)
	case "response.completed", "response.incomplete":
		p.Restated = append(p.Restated, ev.response.texts...)
		p.Usage, p.HasUsage = ev.response.usage, ev.response.used
		p.Last, p.Done, s.ended = true, true, true
	case "response.failed":
		p.Failed, p.Done, s.ended = true, true, true
	case "error":
		p.Failed = true
	}
	if ev.hasResponse {
		p.Models = ev.response.models
	}
	return p
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
	edits := s.renumber()
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

// take is the number of an event that is put in before the one being dealt with.
func (s *responseStream) take() int64 {
	n := int64(s.event.sequence) + s.shift.Load()
	s.shift.Add(1)
	return n
}

// open writes an event up to its further members.
func (s *responseStream) open(dst []byte, kind string) []byte {
	dst = append(append(append(dst, "event: "...), kind...), "\ndata: {\"type\":\""...)
	dst = append(append(dst, kind...), `","sequence_number":`...)
	return strconv.AppendInt(dst, s.take(), 10)
}

func (s *responseStream) appendSearch(dst []byte) []byte {
	search := s.request.Search
	dst = append(s.open(dst, "response.output_item.added"), `,"output_index":0,"item":`...)
	dst = append(search.appendCall(dst, "in_progress"), "}\n\n"...)
	for _, state := range []string{"in_progress", "searching", "completed"} {
		dst = append(s.open(dst, "response.file_search_call."+state), `,"output_index":0,"item_id":`...)
		dst = append(AppendString(dst, search.ID), "}\n\n"...)
	}
	dst = append(s.open(dst, "response.output_item.done"), `,"output_index":0,"item":`...)
	return append(search.appendCall(dst, "completed"), "}\n\n"...)
}

// appendEnd writes what is left of a text and its annotations.
func (s *responseStream) appendEnd(dst []byte, e Ended) []byte {
	if e.Text != "" {
		dst = s.appendPlace(s.open(dst, "response.output_text.delta"))
		dst = AppendString(append(dst, `,"delta":`...), e.Text)
		dst = append(dst, ",\"logprobs\":[]}\n\n"...)
	}
	writer := responsesAnnotator{s.request.Search.Done()}
	for _, a := range e.Annotations {
		dst = s.appendPlace(s.open(dst, "response.output_text.annotation.added"))
		dst = strconv.AppendInt(append(dst, `,"annotation_index":`...), int64(s.annotated[e.Slot]), 10)
		dst = append(writer.append(append(dst, `,"annotation":`...), a), "}\n\n"...)
		s.annotated[e.Slot]++
	}
	return dst
}

// appendPlace writes where in the output the event being dealt with is.
func (s *responseStream) appendPlace(dst []byte) []byte {
	output := s.event.output
	if s.searchSent {
		output++
	}
	dst = AppendString(append(dst, `,"item_id":`...), s.event.item)
	dst = strconv.AppendInt(append(dst, `,"output_index":`...), int64(output), 10)
	return strconv.AppendInt(append(dst, `,"content_index":`...), int64(s.event.content), 10)
}
