package wire

import "strconv"

// ParseReply implements Protocol. Each part of text is a text of its own.
func (p gemini) ParseReply(q *Request, body []byte) (*Reply, bool) {
	w := walk(body, lenient)
	defer w.release()
	r := &Reply{}
	a, ok := p.answer(w)
	r.root, r.Usage, r.Models, r.rag = a.root, a.usage, a.models, a.rag
	for i := range a.candidates {
		r.Texts = append(r.Texts, a.candidates[i].texts...)
	}
	for i := range r.Texts {
		r.Texts[i].Slot = i
	}
	return r, w.end() == nil && ok && a.isAnswer
}

// geminiAnswer is a GenerateContentResponse, whole or a piece of a stream.
type geminiAnswer struct {
	root       object
	rag        Span
	candidates []geminiCandidate
	models     []Span
	usage      Usage
	hasUsage   bool
	blocked    bool // the prompt was refused: there are no candidates
	failed     bool
	isAnswer   bool
}

type geminiCandidate struct {
	index    int
	texts    []Text
	finished bool

	self, content object
	parts         array
	contentSpan   Span

	metadata         object
	metadataSpan     Span
	chunks, supports array
}

func (p gemini) answer(w *walker) (a geminiAnswer, ok bool) {
	a.root, ok = w.object(func(name []byte) {
		switch string(name) {
		case "candidates":
			_, _, isList := w.array(func(i int) { a.candidates = append(a.candidates, p.candidate(w, i)) })
			a.isAnswer = a.isAnswer || isList
		case "promptFeedback":
			w.object(func(name []byte) {
				if string(name) == "blockReason" {
					a.blocked = w.filled()
				} else {
					w.value()
				}
			})
			a.isAnswer = true
		case "usageMetadata":
			a.hasUsage, a.usage = w.kind() == '{', readUsage(w)
			a.isAnswer = true
		case "modelVersion":
			if span := w.stringSpan(); !span.IsZero() {
				a.models = append(a.models, span)
			}
		case "error":
			a.failed = w.filled()
		case controlKey:
			a.rag = w.value()
		default:
			w.value()
		}
	})
	return a, ok
}

func (p gemini) candidate(w *walker, i int) geminiCandidate {
	c := geminiCandidate{index: i}
	c.self, _ = w.object(func(name []byte) {
		switch string(name) {
		case "index":
			if n, ok := w.number(); ok {
				c.index = int(n)
			}
		case "content":
			var ok bool
			if c.content, ok = w.object(func(name []byte) { p.parts(w, name, &c) }); !ok {
				c.contentSpan = w.last
			}
		case "finishReason":
			c.finished = w.filled()
		case "groundingMetadata":
			var ok bool
			if c.metadata, ok = w.object(func(name []byte) { c.grounding(w, name) }); !ok {
				c.metadataSpan = w.last
			}
		default:
			w.value()
		}
	})
	for i := range c.texts {
		c.texts[i].annotated = c.self
		c.texts[i].candidate = &c
	}
	return c
}

func (p gemini) parts(w *walker, name []byte, c *geminiCandidate) {
	if string(name) != "parts" {
		w.value()
		return
	}
	c.parts.span, c.parts.elements, c.parts.is = w.array(func(i int) {
		t := Text{name: "text", protocol: p, part: i}
		isText, thought := false, false
		t.owner, _ = w.object(func(name []byte) {
			switch string(name) {
			case "text":
				t.Text, t.span, isText = w.str()
			case "thought":
				thought = w.filled()
			default:
				w.value()
			}
		})
		if isText && !thought {
			c.texts = append(c.texts, t)
		}
	})
}

func (c *geminiCandidate) grounding(w *walker, name []byte) {
	switch string(name) {
	case "groundingChunks":
		c.chunks = readArray(w)
	case "groundingSupports":
		c.supports = readArray(w)
	default:
		w.value()
	}
}

// annotate adds to the grounding metadata of each candidate, whose texts follow each other.
func (gemini) annotate(texts []Text, annotations [][]Annotation) []Edit {
	var edits []Edit
	for i := 0; i < len(texts); {
		first := i
		for i < len(texts) && texts[i].candidate == texts[first].candidate {
			i++
		}
		if c := texts[first].candidate; c != nil {
			edits = append(edits, c.ground(texts[first:i], annotations[first:i])...)
		}
	}
	return edits
}

// ground adds the sources that the texts cite, each once, and where they cite them.
func (c *geminiCandidate) ground(texts []Text, annotations [][]Annotation) []Edit {
	var chunks, supports []byte
	place := map[string]int{}
	for i, as := range annotations {
		for _, a := range as {
			n, known := place[a.URL]
			if !known {
				n = c.chunks.elements + len(place)
				place[a.URL] = n
				chunks = appendGroundingChunk(appendComma(chunks), a)
			}
			supports = appendGroundingSupport(appendComma(supports), a, texts[i].part, n)
		}
	}
	if chunks == nil {
		return nil
	}
	if c.metadata.isZero() {
		value := append([]byte(`{"groundingChunks":[`), chunks...)
		value = append(append(value, `],"groundingSupports":[`...), supports...)
		return []Edit{c.self.put("groundingMetadata", c.metadataSpan, append(value, "]}"...))}
	}
	return []Edit{
		c.metadata.extend("groundingChunks", c.chunks, chunks),
		c.metadata.extend("groundingSupports", c.supports, supports),
	}
}

func appendComma(list []byte) []byte {
	if len(list) > 0 {
		list = append(list, ',')
	}
	return list
}

func appendGroundingChunk(dst []byte, a Annotation) []byte {
	dst = AppendString(append(dst, `{"retrievedContext":{"uri":`...), a.URL)
	dst = AppendString(append(dst, `,"title":`...), a.Title)
	return append(AppendString(append(dst, `,"text":`...), a.Quote), "}}"...)
}

// appendGroundingSupport counts in bytes of the part, as Google does.
func appendGroundingSupport(dst []byte, a Annotation, part, chunk int) []byte {
	dst = strconv.AppendInt(append(dst, `{"segment":{"partIndex":`...), int64(part), 10)
	dst = strconv.AppendInt(append(dst, `,"startIndex":`...), int64(a.ByteStart), 10)
	dst = strconv.AppendInt(append(dst, `,"endIndex":`...), int64(a.ByteEnd), 10)
	dst = strconv.AppendInt(append(dst, `},"groundingChunkIndices":[`...), int64(chunk), 10)
	return append(dst, "]}"...)
}

// AppendError implements Protocol.
func (gemini) AppendError(dst []byte, e Error) []byte {
	dst = strconv.AppendInt(append(dst, `{"error":{"code":`...), int64(e.Status), 10)
	dst = AppendString(append(dst, `,"message":`...), e.Message)
	dst = AppendString(append(dst, `,"status":`...), googleStatus(e.Status))
	dst = appendStringOrNull(append(dst, `,"reason":`...), e.Code)
	dst = appendStringOrNull(append(dst, `,"param":`...), e.Param)
	return append(e.appendOrigin(dst), "}}"...)
}

// googleStatus is the canonical code that Google documents for a status.
func googleStatus(status int) string {
	switch status {
	case 401:
		return "UNAUTHENTICATED"
	case 403:
		return "PERMISSION_DENIED"
	case 404:
		return "NOT_FOUND"
	case 429:
		return "RESOURCE_EXHAUSTED"
	case 499:
		return "CANCELLED"
	case 501:
		return "UNIMPLEMENTED"
	case 502, 503:
		return "UNAVAILABLE"
	case 504:
		return "DEADLINE_EXCEEDED"
	}
	if status >= 500 {
		return "INTERNAL"
	}
	return "INVALID_ARGUMENT"
}
