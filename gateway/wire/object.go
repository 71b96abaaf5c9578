package wire

// object remembers where members of one JSON object can go.
type object struct {
	open int // offset after the brace
	last int // end of the last member's value; 0 when there is none
	end  int // offset after the closing brace
}

// array is the place of an array that may be null or missing.
type array struct {
	span     Span
	elements int
	is       bool // an array
}

func (o object) isZero() bool { return o.open == 0 }

// put appends a member at the end of the object, or replaces value, which is where the
// member stands already.
func (o object) put(name string, value Span, text []byte) Edit {
	if !value.IsZero() {
		return Edit{Start: value.Start, End: value.End, Text: text}
	}
	at, out := o.open, make([]byte, 0, len(name)+len(text)+4)
	if o.last > 0 {
		at, out = o.last, append(out, ',')
	}
	out = append(AppendString(out, name), ':')
	return Edit{Start: at, End: at, Text: append(out, text...)}
}

// extend appends elements to the array named, and makes one where there is none.
func (o object) extend(name string, a array, elements []byte) Edit {
	if !a.is {
		list := append(append(make([]byte, 0, len(elements)+2), '['), elements...)
		return o.put(name, a.span, append(list, ']'))
	}
	if a.elements > 0 {
		elements = append([]byte{','}, elements...)
	}
	return Edit{Start: a.span.End - 1, End: a.span.End - 1, Text: elements}
}
