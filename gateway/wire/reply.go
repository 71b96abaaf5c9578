package wire

// Reply is what the gateway needs to know of a whole answer. Offsets are into the body it
// was parsed from.
type Reply struct {
	Texts  []Text
	Models []Span // where the model's name stands
	Usage  Usage  // zero when absent
	Cited  []int  // places of search results that the model cites natively, from 0
	Extra  []Edit // what the request asked for besides text and annotations

	root object
	rag  Span // a rag member that is there already, as from another gateway
}

// SetRag adds value, which is JSON, as the last member of the answer, named rag. It takes
// the place of one that is there already.
func (r *Reply) SetRag(value []byte) Edit { return r.root.put(controlKey, r.rag, value) }

// Annotate adds annotations to each text, after those that are there.
func (r *Reply) Annotate(annotations [][]Annotation) []Edit {
	if len(r.Texts) == 0 {
		return nil
	}
	return r.Texts[0].protocol.annotate(r.Texts, annotations)
}

// SetModels replaces a model's name wherever it stands.
func SetModels(places []Span, name string) []Edit {
	edits := make([]Edit, 0, len(places))
	for _, at := range places {
		if at.IsZero() { // it is null
			continue
		}
		edits = append(edits, Edit{Start: at.Start, End: at.End, Text: AppendString(nil, name)})
	}
	return edits
}

func readArray(w *walker) (a array) {
	a.span, a.elements, a.is = w.array(func(int) { w.value() })
	return a
}
