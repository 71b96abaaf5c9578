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
