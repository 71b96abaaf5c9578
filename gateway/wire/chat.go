package wire

import (
	"fmt"
	"strings"
)

// controlKey is the top-level member that speaks to the gateway and is cut out before the
// request goes on.
const controlKey = "rag"

// maxChoices bounds n, of which OpenAI allows 128. More is the model server's to refuse.
const maxChoices = 1 << 10

// Chat is what the gateway needs to know of a chat completion request. Offsets are into
// the body it was parsed from, which must not change while the Chat is in use.
type Chat struct {
	Model        string // "" when absent
	Stream       bool
	IncludeUsage bool // stream_options.include_usage
	N            int  // choices asked for, ≥ 1
	Messages     []Message
	JSONOutput   bool   // the answer has to fit a format: text in it is data, never prose
	Control      []byte // raw value of the top-level "rag", nil when absent

	messages Span // the array
	control  control
	last     int // end of the member before the one being read
}

// control is the place of the control member and of its neighbours.
type control struct {
	name   int // start of its name
	value  Span
	before int // end of the member before it; 0 when it is the first
	after  int // start of the member after it; 0 when it is the last
}

// ContentKind is what a message's content is.
type ContentKind int

const (
	ContentAbsent ContentKind = iota
	ContentNull
	ContentString
	ContentParts // an array of text, images, audio, …
	ContentOther // something no API defines; left alone
)

// Message is one of a chat's messages.
type Message struct {
	Role        string
	Kind        ContentKind
	ContentSpan Span // of the value
	Span        Span // of the whole object

	body []byte
	object
	texts []Span // JSON strings of the text parts
	parts int    // elements of the content, of any type
}

// Text is the message's text decoded, its text parts joined by a line break.
func (m Message) Text() string {
	if m.Kind == ContentString {
		return unquote(m.body[m.ContentSpan.Start:m.ContentSpan.End])
	}
	var b strings.Builder
	for i, s := range m.texts {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(unquote(m.body[s.Start:s.End]))
	}
	return b.String()
}

// ParseChat reads a chat completion request. The error is a *SyntaxError or a *ShapeError.
// Only what the gateway acts on is checked; the rest is for the model server to judge.
func ParseChat(body []byte) (*Chat, error) {
	if err := checkUTF8(body); err != nil {
		return nil, err
	}
	w := walk(body, strict)
	defer w.release()
	c := &Chat{N: 1}
	if !w.root(func(name []byte) { c.member(w, name) }) {
		return nil, w.err
	}
	if c.messages.IsZero() {
		return nil, &ShapeError{Param: "messages", Message: "is required"}
	}
	return c, nil
}

// LastUser is the index of the last user message, -1 when there is none.
func (c *Chat) LastUser() int {
	for i := len(c.Messages) - 1; i >= 0; i-- {
		if c.Messages[i].Role == "user" {
			return i
		}
	}
	return -1
}

// member reads one member of the request.
func (c *Chat) member(w *walker, name []byte) {
	if c.Control != nil && c.control.after == 0 {
		c.control.after = w.nameStart
	}
	switch string(name) {
	case "model":
		c.readModel(w)
	case "stream":
		c.Stream = c.flag(w, "stream")
	case "stream_options":
		w.object(func(name []byte) {
			if string(name) == "include_usage" {
				c.IncludeUsage = c.flag(w, "stream_options.include_usage")
			} else {
				w.value()
			}
		})
	case "n":
		if n, ok := w.number(); ok && n >= 1 && n <= maxChoices {
			c.N = int(n)
		}
	case "messages":
		c.readMessages(w)
	case "response_format":
		c.readFormat(w)
	case "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs", "json_schema", "grammar", "format":
		c.JSONOutput = w.filled() || c.JSONOutput // vLLM's, llama.cpp's and Ollama's names for it
	case controlKey:
		c.control.name, c.control.before = w.nameStart, c.last
		c.control.value = w.value()
		if w.err == nil {
			c.Control = w.raw(c.control.value)
		}
	default:
		w.value()
	}
	c.last = w.offset()
}

// readModel takes null for absent.
func (c *Chat) readModel(w *walker) {
	null := w.kind() == 'n'
	model, _, ok := w.str()
	if !ok && !null {
		w.shape("model", "must be a string")
	}
	c.Model = model
}

// flag reads a boolean that may be null.
func (c *Chat) flag(w *walker, param string) bool {
	null := w.kind() == 'n'
	b, ok := w.boolean()
	if !ok && !null {
		w.shape(param, "must be true or false")
	}
	return b
}

// readFormat takes every type but text for data: besides json_object and json_schema,
// servers know regex, grammar and structural_tag.
func (c *Chat) readFormat(w *walker) {
	w.object(func(name []byte) {
		if string(name) != "type" {
			w.value()
			return
		}
		kind, _, ok := w.known("text", "json_object", "json_schema")
		c.JSONOutput = c.JSONOutput || ok && kind != "text"
	})
}

func (c *Chat) readMessages(w *walker) {
	if w.kind() == '[' {
		c.Messages = make([]Message, 0, 16)
	}
	span, _, ok := w.array(func(i int) {
		var m Message
		if m.read(w, i) {
			c.Messages = append(c.Messages, m)
		}
	})
	if !ok {
		w.shape("messages", "must be an array")
	}
	c.messages = span
}

func (m *Message) read(w *walker, i int) bool {
	m.body = w.body
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "role":
			role, _, isString := w.known("user", "assistant", "system", "tool", "developer", "function")
			if !isString {
				w.shape(fmt.Sprintf("messages[%d].role", i), "must be a string")
			}
			m.Role = role
		case "content":
			m.readContent(w)
		default:
			w.value()
		}
	})
	if !ok {
		w.shape(fmt.Sprintf("messages[%d]", i), "must be an object")
		return false
	}
	m.object, m.Span = o, Span{o.open - 1, o.end}
	return true
}

func (m *Message) readContent(w *walker) {
	switch w.kind() {
	case 'n':
		m.Kind, m.ContentSpan = ContentNull, w.value()
	case '"':
		m.Kind, m.ContentSpan = ContentString, w.value()
	case '[':
		m.Kind = ContentParts
		m.ContentSpan, m.parts, _ = w.array(func(int) {
			if text := readTextPart(w); !text.IsZero() {
				m.texts = append(m.texts, text)
			}
		})
	default:
		m.Kind, m.ContentSpan = ContentOther, w.value()
	}
}

// readTextPart consumes a content part and returns where its text stands, if it is text.
func readTextPart(w *walker) (text Span) {
	isText := false
	w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ := w.known("text", "image_url", "input_audio", "file")
			isText = kind == "text"
		case "text":
			if w.kind() == '"' {
				text = w.value()
			} else {
				w.value()
			}
		default:
			w.value()
		}
	})
	if !isText {
		return Span{}
	}
	return text
}
