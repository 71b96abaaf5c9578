package wire

// AddToList appends elements, which are JSON, to the array that the member name of an
// object holds: models to a list of models. It is false for anything that is not such a
// list.
func AddToList(body []byte, name string, elements []byte) ([]byte, bool) {
	w := walk(body, lenient)
	defer w.release()
	var list array
	o, ok := w.object(func(member []byte) {
		if string(member) == name {
			list = readArray(w)
		} else {
			w.value()
		}
	})
	if w.end() != nil || !ok || !list.is {
		return nil, false
	}
	out, err := Apply(body, o.extend(name, list, elements))
	return out, err == nil
}

// SetString replaces the value of an object's member by a string. It is false where there
// is no such object or member.
func SetString(body []byte, name, value string) ([]byte, bool) {
	w := walk(body, lenient)
	defer w.release()
	var at Span
	_, ok := w.object(func(member []byte) {
		span := w.value()
		if string(member) == name {
			at = span
		}
	})
	if w.end() != nil || !ok || at.IsZero() {
		return nil, false
	}
	out, err := Apply(body, Edit{Start: at.Start, End: at.End, Text: AppendString(nil, value)})
	return out, err == nil
}
