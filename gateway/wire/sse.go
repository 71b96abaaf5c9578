package wire

import (
	"bytes"
	"errors"
	"io"
)

// ErrEventTooLarge is returned by Next for an event over the bound.
var ErrEventTooLarge = errors.New("server-sent event over the size bound")

// DefaultMaxEvent bounds an event in bytes: room for an image as base64.
const DefaultMaxEvent = 16 << 20

// firstRead is the free space a read starts with. Chunks of a chat are below 1 KB.
const firstRead = 4 << 10

// EventReader splits a stream into events. It reads no further than the end of an event
// requires, so an event is returned as soon as it is there.
type EventReader struct {
	r   io.Reader
	max int
	err error // of r

	buf   []byte
	start int  // of the event being read
	line  int  // start of its current line
	pos   int  // up to here the line holds no end
	cr    bool // the line before ended with a bare CR
	began bool // an event has been returned

	joined []byte // data of more than one line
}

// NewEventReader reads from r. An event over max bytes is an error; max ≤ 0 stands for
// DefaultMaxEvent.
func NewEventReader(r io.Reader, max int) *EventReader {
	if max <= 0 {
		max = DefaultMaxEvent
	}
	return &EventReader{r: r, max: max}
}

// Next returns the next event, or io.EOF after the last. Lines end with LF, CRLF or CR. An
// event without its blank line at the end of the stream is returned with Complete false;
// one cut by a read error is returned the same way, and the error by the next call.
func (r *EventReader) Next() (Event, error) {
	for {
		end, ok := r.end()
		if !ok {
			end = len(r.buf)
		}
		switch pending := end - r.start; {
		case pending > r.max:
			return Event{}, ErrEventTooLarge
		case ok:
			return r.take(end, true), nil
		case r.err != nil && pending == 0:
			return Event{}, r.err
		case r.err != nil:
			return r.take(end, false), nil //nolint:nilerr // the next call returns it
		}
		r.fill()
	}
}

// end looks for the blank line that ends the event.
//
// A CR may be the first half of a CRLF that has not come yet. Only where the line before
// ended with a bare CR is a blank line's CR taken for its end at once; an LF after it then
// counts as the next event's. So the cut depends on the bytes alone, never on their pieces.
func (r *EventReader) end() (int, bool) {
	for {
		i := lineEnd(r.buf[r.pos:])
		if i < 0 {
			r.pos = len(r.buf)
			return 0, false
		}
		i += r.pos
		blank, next, cr := i == r.line, i+1, r.buf[i] == '\r'
		if cr && !(blank && r.cr) {
			if next == len(r.buf) && r.err == nil {
				r.pos = i
				return 0, false
			}
			if next < len(r.buf) && r.buf[next] == '\n' {
				next, cr = next+1, false
			}
		}
		if blank {
			return next, true
		}
		r.line, r.pos, r.cr = next, next, cr
	}
}

// lineEnd is the offset of the first LF or CR, -1 when there is none.
func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}
	return lf
}

// fill reads once.
func (r *EventReader) fill() {
	if r.start > 0 {
		n := copy(r.buf, r.buf[r.start:])
		r.buf = r.buf[:n]
		r.line, r.pos, r.start = r.line-r.start, r.pos-r.start, 0
	}
	r.buf, r.err = readMore(r.r, r.buf)
}

// take returns the bytes up to end as an event.
func (r *EventReader) take(end int, complete bool) Event {
	e := Event{Raw: r.buf[r.start:end:end], Complete: complete}
	lines := e.Raw
	if !r.began {
		lines = bytes.TrimPrefix(lines, []byte("\ufeff"))
	}
	r.began = true
	r.start, r.line, r.pos, r.cr = end, end, end, false
	r.parse(&e, lines)
	return e
}

// parse reads the fields of e; lines is the end of e.Raw.
func (r *EventReader) parse(e *Event, lines []byte) {
	for len(lines) > 0 {
		line, rest := cutLine(lines)
		switch name, value := cutField(line); string(name) {
		case "event":
			e.Name = string(value)
		case "data":
			r.addData(e, value)
			if e.dataLines == 1 && len(line) > len(name) {
				e.dataStart = len(e.Raw) - len(lines) + len(line) - len(value)
			}
		}
		lines = rest
	}
}

func (r *EventReader) addData(e *Event, value []byte) {
	e.dataLines++
	if e.dataLines == 1 {
		e.Data = value
		return
	}
	if e.dataLines == 2 {
		r.joined = append(r.joined[:0], e.Data...)
	}
	r.joined = append(append(r.joined, '\n'), value...)
	e.Data = r.joined
}
