package wire

// Named is a request of which only the model matters, as for embeddings.
type Named struct {
	Model     string
	ModelSpan Span
}

// ParseModel reads the model's name from a request to any endpoint that has one. The error
// is a *SyntaxError or a *ShapeError.
func ParseModel(body []byte) (Named, error) {
	if err := checkUTF8(body); err != nil {
		return Named{}, err
	}
	w := walk(body, strict)
	defer w.release()
	var n Named
	w.root(func(name []byte) {
		if string(name) != "model" {
			w.value()
			return
		}
		n.Model, n.ModelSpan = readModel(w)
	})
	return n, w.err
}

// SetModel replaces the model's name. It is the zero Edit when the request names none.
func (n Named) SetModel(name string) Edit { return setString(n.ModelSpan, name) }

// setString replaces a string that is there.
func setString(at Span, s string) Edit {
	if at.IsZero() {
		return Edit{}
	}
	return Edit{Start: at.Start, End: at.End, Text: AppendString(nil, s)}
}

// readModel takes null for absent.
func readModel(w *walker) (string, Span) {
	null := w.kind() == 'n'
	model, span, ok := w.str()
	if !ok && !null {
		w.shape("model", "must be a string")
	}
	return model, span
}
