package wire

import "strconv"

// ParseReply implements Protocol. A text's slot is made of the places of its item and part.
func (p responses) ParseReply(q *Request, body []byte) (*Reply, bool) {
	w := walk(body, lenient)
	defer w.release()
	a, ok := p.response(w, q)
	r := &Reply{Texts: a.texts, Models: a.models, Usage: a.usage, root: a.root, rag: a.rag, Extra: a.clientInstructions(q)}
	if a.output.is && q.Search.Done() {
		r.Extra = append(r.Extra, a.insertSearch(q.Search))
	}
	return r, w.end() == nil && ok && a.output.is
}

// response is a response object, whole or as an event of a stream shows it.
type response struct {
	root   object
	rag    Span
	output array
	texts  []Text
	models []Span
	usage  Usage
	used   bool // usage is there

	instructions Span // a string that repeats those of the request
}

func (p responses) response(w *walker, q *Request) (a response, ok bool) {
	a.root, ok = w.object(func(name []byte) {
		switch string(name) {
		case "output":
			a.texts = a.texts[:0]
			a.output.span, a.output.elements, a.output.is = w.array(func(i int) {
				texts := p.outputItem(w, q)
				for _, t := range texts {
					t.Slot = slotOf(i, t.part)
					a.texts = append(a.texts, t)
				}
			})
		case "model":
			if span := w.stringSpan(); !span.IsZero() {
				a.models = append(a.models, span)
			}
		case "usage":
			a.used = w.kind() == '{'
			a.usage = readUsage(w)
		case "instructions":
			a.instructions = w.stringSpan()
		case controlKey:
			a.rag = w.value()
		default:
			w.value()
		}
	})
	return a, ok
}

// clientInstructions puts the client's instructions where a response repeats what the model
// was told: what was put in front of them is the operator's.
func (a response) clientInstructions(q *Request) []Edit {
	if !q.instructed || a.instructions.IsZero() {
		return nil
	}
	own := []byte("null")
	if q.system.Kind == ContentString {
		own = q.body[q.system.ContentSpan.Start:q.system.ContentSpan.End]
	}
	return []Edit{{Start: a.instructions.Start, End: a.instructions.End, Text: own}}
}

// slotOf is one number for an item and a part of it.
func slotOf(item, part int) int { return item<<16 | part&0xffff }

func itemOf(slot int) int { return slot >> 16 }
func partOf(slot int) int { return slot & 0xffff }

// outputItem reads an item and returns the texts of its parts, which know their place.
func (p responses) outputItem(w *walker, q *Request) (texts []Text) {
	isMessage := false
	w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ := w.known("message", "reasoning", "function_call")
			isMessage = kind == "message"
		case "content":
			w.array(func(i int) {
				if t, ok := p.outputPart(w, q); ok {
					t.part = i
					texts = append(texts, t)
				}
			})
		default:
			w.value()
		}
	})
	if !isMessage {
		return nil
	}
	return texts
}

func (responses) outputPart(w *walker, q *Request) (Text, bool) {
	t := Text{name: "text", protocol: responsesAnnotator{q.Search.Done()}}
	kind, isText := "", false
	t.owner, _ = w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ = w.known("output_text", "refusal", "reasoning_text")
		case "text":
			t.Text, t.span, isText = w.str()
		case "annotations":
			t.annotations = readArray(w)
		default:
			w.value()
		}
	})
	t.annotated = t.owner
	return t, isText && kind == "output_text"
}

// responsesAnnotator writes url_citations, or file_citations where the client asked for a
// search of files.
type responsesAnnotator struct{ files bool }

func (p responsesAnnotator) annotate(texts []Text, annotations [][]Annotation) []Edit {
	return annotateEach(texts, annotations, func(t *Text, as []Annotation) Edit {
		var out []byte
		for _, a := range as {
			out = p.append(appendComma(out), a)
		}
		return t.annotated.extend("annotations", t.annotations, out)
	})
}

func (p responsesAnnotator) append(dst []byte, a Annotation) []byte {
	if p.files {
		dst = strconv.AppendInt(append(dst, `{"type":"file_citation","index":`...), int64(a.Start), 10)
		dst = AppendString(append(dst, `,"file_id":`...), a.FileID)
		return append(AppendString(append(dst, `,"filename":`...), a.Filename), '}')
	}
	dst = strconv.AppendInt(append(dst, `{"type":"url_citation","start_index":`...), int64(a.Start), 10)
	dst = strconv.AppendInt(append(dst, `,"end_index":`...), int64(a.End), 10)
	dst = AppendString(append(dst, `,"url":`...), a.URL)
	return append(AppendString(append(dst, `,"title":`...), a.Title), '}')
}

// insertSearch makes the search the first item of the output.
func (a response) insertSearch(s *Search) Edit {
	item := s.appendCall(nil, s.outcome())
	if a.output.elements > 0 {
		item = append(item, ',')
	}
	at := a.output.span.Start + 1
	return Edit{Start: at, End: at, Text: item}
}

// outcome is the status of a search that is over.
func (s *Search) outcome() string {
	if s.Failed {
		return "failed"
	}
	return "completed"
}

// appendCall writes a file_search_call item.
func (s *Search) appendCall(dst []byte, status string) []byte {
	over := status == s.outcome()
	dst = AppendString(append(dst, `{"type":"file_search_call","id":`...), s.ID)
	dst = AppendString(append(dst, `,"status":`...), status)
	dst = append(dst, `,"queries":[`...)
	if over {
		for i, q := range s.Queries {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendString(dst, q)
		}
	}
	dst = append(dst, `],"results":`...)
	if !s.WantResults || !over {
		return append(dst, "null}"...)
	}
	dst = append(dst, '[')
	for i, r := range s.Results {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = r.append(dst)
	}
	return append(dst, "]}"...)
}

func (r SearchResult) append(dst []byte) []byte {
	dst = AppendString(append(dst, `{"file_id":`...), r.FileID)
	dst = AppendString(append(dst, `,"filename":`...), r.Filename)
	dst = strconv.AppendFloat(append(dst, `,"score":`...), r.Score, 'g', -1, 64)
	dst = AppendString(append(dst, `,"text":`...), r.Text)
	dst = append(dst, `,"attributes":`...)
	if r.Attributes == nil {
		return append(dst, "{}}"...)
	}
	return append(append(dst, r.Attributes...), '}')
}

// AppendError implements Protocol.
func (responses) AppendError(dst []byte, e Error) []byte { return appendOpenAIError(dst, e) }
