package wire

// Reply is what the gateway needs to know of a whole chat completion. Offsets are into the
// body it was parsed from.
type Reply struct {
	Choices []ReplyChoice
	Usage   Usage // zero when absent

	root object
	rag  Span // a rag member that is there already, as from another gateway
}

// ReplyChoice is one of a reply's choices.
type ReplyChoice struct {
	Text        string // the content decoded; "" when it is null or absent
	HasText     bool   // the content is a string
	ContentSpan Span   // of the value

	message     object
	annotations array
}

// Usage is a model server's count of tokens.
type Usage struct {
	PromptTokens, CompletionTokens, TotalTokens int
}

// ParseReply reads a chat completion. It is false for anything else, such as an error or
// another protocol's answer, which then has to pass as it is. Duplicate names and invalid
// UTF-8, which some servers send, do not keep a reply from being read.
func ParseReply(body []byte) (*Reply, bool) {
	w := walk(body, lenient)
	defer w.release()
	r := &Reply{}
	choices := false
	var ok bool
	r.root, ok = w.object(func(name []byte) {
		switch string(name) {
		case "choices":
			r.Choices = r.Choices[:0]
			_, _, choices = w.array(func(int) { r.readChoice(w) })
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

func (r *Reply) readChoice(w *walker) {
	var c ReplyChoice
	_, ok := w.object(func(name []byte) {
		if string(name) == "message" {
			c.readMessage(w)
		} else {
			w.value()
		}
	})
	if ok {
		r.Choices = append(r.Choices, c)
	}
}

func (c *ReplyChoice) readMessage(w *walker) {
	c.message, _ = w.object(func(name []byte) {
		switch string(name) {
		case "content":
			c.Text, c.ContentSpan, c.HasText = w.str()
		case "annotations":
			c.annotations = readArray(w)
		default:
			w.value()
		}
	})
}

func readArray(w *walker) (a array) {
	a.span, a.elements, a.is = w.array(func(int) { w.value() })
	return a
}

func readUsage(w *walker) (u Usage) {
	w.object(func(name []byte) {
		switch string(name) {
		case "prompt_tokens":
			u.PromptTokens = readCount(w)
		case "completion_tokens":
			u.CompletionTokens = readCount(w)
		case "total_tokens":
			u.TotalTokens = readCount(w)
		default:
			w.value()
		}
	})
	return u
}

// readCount is 0 for anything that is not a sensible number of tokens.
func readCount(w *walker) int {
	if n, ok := w.number(); ok && n >= 0 && n < 1<<31 {
		return int(n)
	}
	return 0
}

// SetText replaces the content of a choice that has text.
func (c *ReplyChoice) SetText(text string) Edit {
	return Edit{Start: c.ContentSpan.Start, End: c.ContentSpan.End, Text: AppendString(nil, text)}
}

// Annotate adds annotations to the message, after those that are there. It is the zero
// Edit when there are none to add or there is no message.
func (c *ReplyChoice) Annotate(annotations []Annotation) Edit {
	if len(annotations) == 0 || c.message.isZero() {
		return Edit{}
	}
	return c.message.extend("annotations", c.annotations, appendAnnotations(nil, annotations))
}

// SetRag adds value, which is JSON, as the last member of the reply, named rag. It takes
// the place of one that is there already.
func (r *Reply) SetRag(value []byte) Edit { return r.root.put(controlKey, r.rag, value) }
