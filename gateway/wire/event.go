package wire

import "bytes"

// Event is one server-sent event. Its slices are valid until the next call of Next.
type Event struct {
	// Raw is every byte of the event, the blank line that ends it included. The Raws of a
	// stream joined are the stream.
	Raw []byte
	// Name is the event field, "" when there is none.
	Name string
	// Data is the data fields joined by line breaks, nil when there are none, as in a
	// comment that keeps a connection alive.
	Data []byte
	// Complete is false for a last event that the stream ends in the middle of.
	Complete bool

	dataLines int
	dataStart int  // of the first line's data, in Raw; 0 for a line without a colon
	element   bool // it is an element of a JSON array, of which Data stands at dataStart
}

// IsDone reports whether the event is the [DONE] that ends an OpenAI stream.
func (e Event) IsDone() bool { return string(bytes.TrimSpace(e.Data)) == "[DONE]" }

// WithData appends the event with other data: its other lines as they are, then the data.
func (e Event) WithData(dst, data []byte) []byte {
	if e.element || e.dataLines == 1 && e.dataStart > 0 && e.Complete && lineEnd(data) < 0 {
		dst = append(append(dst, e.Raw[:e.dataStart]...), data...)
		return append(dst, e.Raw[e.dataStart+len(e.Data):]...)
	}
	for rest := e.Raw; len(rest) > 0; {
		line, after := cutLine(rest)
		if field, _ := cutField(line); len(line) > 0 && string(field) != "data" {
			dst = append(append(dst, line...), '\n')
		}
		rest = after
	}
	return append(appendData(dst, data), '\n')
}

// appendData writes one field for each line of data.
func appendData(dst, data []byte) []byte {
	for more := true; more; {
		line, after := cutLine(data)
		more = len(line) < len(data)
		dst = append(append(append(dst, "data: "...), line...), '\n')
		data = after
	}
	return dst
}

// cutLine splits off the first line, without its end.
func cutLine(b []byte) (line, rest []byte) {
	i := lineEnd(b)
	switch {
	case i < 0:
		return b, nil
	case b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
		return b[:i], b[i+2:]
	}
	return b[:i], b[i+1:]
}

// cutField splits a line into name and value. A comment's name is empty.
func cutField(line []byte) (name, value []byte) {
	i := bytes.IndexByte(line, ':')
	if i < 0 {
		return line, line[len(line):]
	}
	return line[:i], bytes.TrimPrefix(line[i+1:], []byte{' '})
}
