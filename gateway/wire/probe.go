package wire

// ModelOf is the string that a JSON object has as its model, "" for anything else.
func ModelOf(body []byte) string {
	w := walk(body, lenient)
	defer w.release()
	model := ""
	_, ok := w.object(func(name []byte) {
		if string(name) == "model" {
			model, _, _ = w.str()
		} else {
			w.value()
		}
	})
	if w.end() != nil || !ok {
		return ""
	}
	return model
}
