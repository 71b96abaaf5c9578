package wire

import "strconv"

// ParseReply implements Protocol. A text's slot is its place among the content blocks.
func (p messages) ParseReply(q *Request, body []byte) (*Reply, bool) {
	w := walk(body, lenient)
	defer w.release()
	r := &Reply{}
	content := false
	var ok bool
	r.root, ok = w.object(func(name []byte) {
		switch string(name) {
		case "content":
			r.Texts = r.Texts[:0]
			_, _, content = w.array(func(i int) {
				b := p.block(w)
				r.Cited = append(r.Cited, b.cited...)
				if b.isText {
					b.text.Slot = i
					r.Texts = append(r.Texts, b.text)
				}
			})
		case "model":
			r.Models = append(r.Models, w.stringSpan())
		case "usage":
			r.Usage = readUsage(w)
		case controlKey:
			r.rag = w.value()
		default:
			w.value()
		}
	})
	return r, w.end() == nil && ok && content
}

// block is a content block.
type block struct {
	isText bool
	text   Text
	cited  []int // search results
}

func (p messages) block(w *walker) (b block) {
	b.text = Text{name: "text", protocol: p}
	kind, hasText := "", false
	b.text.owner, _ = w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ = w.known(partTypes...)
		case "text":
			b.text.Text, b.text.span, hasText = w.str()
		case "citations":
			a := &b.text.annotations
			a.span, a.elements, a.is = w.array(func(int) { b.cited = append(b.cited, readCitation(w)...) })
		default:
			w.value()
		}
	})
	b.text.annotated = b.text.owner
	b.isText = kind == "text" && hasText
	return b
}

// readCitation returns the place of the search result that a citation is of, if it is of one.
func readCitation(w *walker) (place []int) {
	kind, n, ok := "", 0.0, false
	w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ = w.known("search_result_location", "char_location", "page_location")
		case "search_result_index":
			n, ok = w.number()
		default:
			w.value()
		}
	})
	if kind != "search_result_location" || !ok || n < 0 || n > maxChoices {
		return nil
	}
	return []int{int(n)}
}

// annotate extends the blocks' citations.
func (messages) annotate(texts []Text, annotations [][]Annotation) []Edit {
	return annotateEach(texts, annotations, func(t *Text, as []Annotation) Edit {
		var out []byte
		for i, a := range eachSourceOnce(as) {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendSearchCitation(out, a)
		}
		return t.annotated.extend("citations", t.annotations, out)
	})
}

// eachSourceOnce leaves out what cites a source again: a citation here is of a whole block.
func eachSourceOnce(annotations []Annotation) []Annotation {
	var out []Annotation
	seen := map[int]bool{}
	for _, a := range annotations {
		if !seen[a.Source] {
			seen[a.Source] = true
			out = append(out, a)
		}
	}
	return out
}

// appendSearchCitation writes a search_result_location: the citation of a search result
// given to the model, counted from 0.
func appendSearchCitation(dst []byte, a Annotation) []byte {
	dst = AppendString(append(dst, `{"type":"search_result_location","cited_text":`...), a.Quote)
	dst = AppendString(append(dst, `,"source":`...), a.URL)
	dst = AppendString(append(dst, `,"title":`...), a.Title)
	dst = strconv.AppendInt(append(dst, `,"search_result_index":`...), int64(max(a.Source-1, 0)), 10)
	return append(dst, `,"start_block_index":0,"end_block_index":1}`...)
}

// AppendError implements Protocol.
func (messages) AppendError(dst []byte, e Error) []byte {
	dst = AppendString(append(dst, `{"type":"error","error":{"type":`...), anthropicErrorType(e.Status))
	dst = AppendString(append(dst, `,"message":`...), e.Message)
	dst = appendStringOrNull(append(dst, `,"code":`...), e.Code)
	dst = appendStringOrNull(append(dst, `,"param":`...), e.Param)
	dst = append(e.appendOrigin(dst), '}')
	return append(AppendString(append(dst, `,"request_id":`...), e.RequestID), '}')
}

// anthropicErrorType is the type that Anthropic documents for a status.
func anthropicErrorType(status int) string {
	switch status {
	case 401:
		return "authentication_error"
	case 403:
		return "permission_error"
	case 404:
		return "not_found_error"
	case 413:
		return "request_too_large"
	case 429:
		return "rate_limit_error"
	case 503, 529:
		return "overloaded_error"
	case 504:
		return "timeout_error"
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}
