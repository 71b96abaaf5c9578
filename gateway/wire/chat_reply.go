package wire

import "strconv"

// ParseReply implements Protocol. Duplicate names and invalid UTF-8, which some servers
// send, do not keep a reply from being read. A text's slot is its place among the choices.
func (p chat) ParseReply(q *Request, body []byte) (*Reply, bool) {
	w := walk(body, lenient)
	defer w.release()
	r := &Reply{}
	choices := false
	var ok bool
	r.root, ok = w.object(func(name []byte) {
		switch string(name) {
		case "choices":
			r.Texts = r.Texts[:0]
			_, _, choices = w.array(func(i int) { p.replyChoice(r, w, i, q.Member) })
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
	return r, w.end() == nil && ok && choices
}

func (p chat) replyChoice(r *Reply, w *walker, i int, member *MessageMember) {
	w.object(func(name []byte) {
		if string(name) != "message" {
			w.value()
			return
		}
		t := Text{Slot: i, name: "content", protocol: p}
		isText := false
		t.owner, _ = w.object(func(name []byte) {
			switch string(name) {
			case "content":
				t.Text, t.span, isText = w.str()
			case "annotations":
				t.annotations = readArray(w)
			default:
				w.value()
			}
		})
		t.annotated = t.owner
		if member != nil && !t.owner.isZero() {
			r.Extra = append(r.Extra, t.owner.put(member.Name, Span{}, member.Value))
		}
		if isText {
			r.Texts = append(r.Texts, t)
		}
	})
}

// annotate extends the messages' annotations.
func (chat) annotate(texts []Text, annotations [][]Annotation) []Edit {
	return annotateEach(texts, annotations, func(t *Text, as []Annotation) Edit {
		return t.annotated.extend("annotations", t.annotations, appendChatAnnotations(nil, as))
	})
}

// appendChatAnnotations appends the elements of an annotations array, without its brackets.
func appendChatAnnotations(dst []byte, annotations []Annotation) []byte {
	for i, a := range annotations {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":"url_citation","url_citation":{"start_index":`...)
		dst = strconv.AppendInt(dst, int64(a.Start), 10)
		dst = append(dst, `,"end_index":`...)
		dst = strconv.AppendInt(dst, int64(a.End), 10)
		dst = append(dst, `,"url":`...)
		dst = AppendString(dst, a.URL)
		dst = append(dst, `,"title":`...)
		dst = append(AppendString(dst, a.Title), "}}"...)
	}
	return dst
}
