package wire

import "io"

// elementReader cuts a JSON array of objects into one event an element, as it arrives. The
// Raws of its events joined are the stream: an element's has what parts it from the one
// before, and the last has the end of the array and no Data.
type elementReader struct {
	r   io.Reader
	max int
	err error

	buf   []byte
	start int // of the event being read
	pos   int // up to here it has been looked at

	depth   int  // of brackets and braces
	object  int  // where the element starts, -1 outside of one
	outside int  // depth around it
	str     bool // in a string
	escape  bool // behind a backslash
}

func newElementReader(r io.Reader, max int) *elementReader {
	if max <= 0 {
		max = DefaultMaxEvent
	}
	return &elementReader{r: r, max: max, object: -1}
}

// Next implements EventSource, as EventReader does.
func (r *elementReader) Next() (Event, error) {
	for {
		if r.scan() {
			return r.element(), nil
		}
		switch pending := len(r.buf) - r.start; {
		case pending > r.max:
			return Event{}, ErrEventTooLarge
		case r.err != nil && pending == 0:
			return Event{}, r.err
		case r.err != nil:
			return r.rest(), nil //nolint:nilerr // the next call returns it
		}
		r.fill()
	}
}

// scan goes on to the end of an element and reports whether it has come.
func (r *elementReader) scan() bool {
	for ; r.pos < len(r.buf); r.pos++ {
		c := r.buf[r.pos]
		switch {
		case r.escape:
			r.escape = false
		case r.str:
			r.escape, r.str = c == '\\', c != '"'
		case c == '"':
			r.str = true
		case c == '{' || c == '[':
			if c == '{' && r.object < 0 {
				r.object, r.outside = r.pos, r.depth
			}
			r.depth++
		case c == '}' || c == ']':
			r.depth--
			if r.object >= 0 && r.depth == r.outside {
				r.pos++
				return true
			}
		}
	}
	return false
}

func (r *elementReader) element() Event {
	raw := r.buf[r.start:r.pos:r.pos]
	e := Event{Raw: raw, Data: raw[r.object-r.start:], Complete: true, dataStart: r.object - r.start, element: true}
	r.start, r.object = r.pos, -1
	return e
}

// rest is what stands behind the last element, or one that was cut.
func (r *elementReader) rest() Event {
	raw := r.buf[r.start:len(r.buf):len(r.buf)]
	e := Event{Raw: raw, Complete: r.object < 0 && r.depth <= 0}
	r.start, r.pos = len(r.buf), len(r.buf)
	return e
}

// fill reads once.
func (r *elementReader) fill() {
	if r.start > 0 {
		n := copy(r.buf, r.buf[r.start:])
		r.buf = r.buf[:n]
		r.pos -= r.start
		if r.object >= 0 {
			r.object -= r.start
		}
		r.start = 0
	}
	r.buf, r.err = readMore(r.r, r.buf)
}

// readMore reads once, behind what is in buf.
func readMore(r io.Reader, buf []byte) ([]byte, error) {
	if free := cap(buf) - len(buf); free < firstRead/4 {
		grown := make([]byte, len(buf), max(firstRead, 2*cap(buf)))
		copy(grown, buf)
		buf = grown
	}
	for range 100 {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if n > 0 || err != nil {
			return buf, err
		}
	}
	return buf, io.ErrNoProgress
}
