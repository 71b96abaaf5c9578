package wire

import (
	"fmt"
	"slices"
	"strings"
)

// controlKey is the top-level member that speaks to the gateway and is cut out before the
// request goes on.
const controlKey = "rag"

// Request is what the gateway needs to know of a request to a model. Offsets are into the
// body it was parsed from, which must not change while the Request is in use.
type Request struct {
	Protocol     Protocol
	Model        string // "" when absent; Gemini's stands in the path
	Stream       bool   // Gemini's stands in the path
	Array        bool   // the stream is a JSON array, as Gemini's is unless events are asked for
	IncludeUsage bool   // a stream's client wants usage
	N            int    // answers asked for, ≥ 1
	Messages     []Message
	JSONOutput   bool   // the answer has to fit a format: text in it is data, never prose
	Control      []byte // raw value of the top-level "rag", nil when absent
	User         string // the end user as the client calls them, "" when absent
	MaxOutput    int    // tokens the answer may have, 0 when not said
	Shown        string // the model's name that answers are to have, "" for the model server's; set by the caller

	// Search is what the client asks to be searched, in another system's spelling; nil
	// when it does not.
	Search *Search
	// Member is what answers' messages get besides, set by the caller; nil for nothing.
	Member *MessageMember

	body         []byte
	root         object
	members      members
	named        map[string]int // where some members are among them
	input        members        // Responses' items
	tools        members
	include      members
	modelSpan    Span
	conversation Span      // the messages or what they stand in
	system       textPlace // where the instructions are, in protocols that keep them apart
	options      object    // chat's stream_options
	optionsSpan  Span
	usageSpan    Span // of include_usage
	reasoning    reasoningPlace
	instructed   bool // instructions have been put in
}

// reasoningPlace is where a request says how much a model should think.
type reasoningPlace struct {
	given bool   // the client says so itself
	owner object // what the member is in, where that is not the root
	span  Span   // of the member's value
}

// Message is one of a conversation's messages.
type Message struct {
	Role string // system, developer, user, assistant or tool, whatever the protocol calls it
	Span Span   // of the whole message
	textPlace
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

// textPlace is where text stands and can be put: a member that is a string, or an array
// of parts of which some are text.
type textPlace struct {
	Kind        ContentKind
	ContentSpan Span // of the value

	body  []byte
	owner object
	name  string // of the member
	texts []Span // JSON strings of the text parts
	parts int    // elements of the content, of any type
	first int    // where a part can go: before the first text, or at the start
	open  string // of a text part, up to its text
}

// Text is the text decoded, its parts joined by a line break.
func (p textPlace) Text() string {
	if p.Kind == ContentString {
		return unquote(p.body[p.ContentSpan.Start:p.ContentSpan.End])
	}
	var b strings.Builder
	for i, s := range p.texts {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(unquote(p.body[s.Start:s.End]))
	}
	return b.String()
}

// prepend puts text in front of what is there. It is false where nothing can be put.
func (p textPlace) prepend(text string) (Edit, bool) {
	room := len(text) + len(text)/16
	switch p.Kind {
	case ContentString:
		at := p.ContentSpan.Start + 1
		out := appendInner(make([]byte, 0, room+8), text)
		return Edit{Start: at, End: at, Text: append(out, `\n\n`...)}, true
	case ContentParts:
		at := p.ContentSpan.Start + 1
		out := append(make([]byte, 0, room+len(p.open)+8), p.open...)
		out = append(AppendString(out, text), '}')
		if p.first > 0 {
			at = p.first
		}
		if p.parts > 0 {
			out = append(out, ',')
		}
		return Edit{Start: at, End: at, Text: out}, true
	case ContentNull, ContentAbsent:
		return p.owner.put(p.name, p.ContentSpan, AppendString(nil, text)), true
	}
	return Edit{}, false
}

// prependParts puts parts in front of what is there. A string becomes a part of its own
// behind them.
func (p textPlace) prependParts(parts []byte) ([]Edit, bool) {
	switch p.Kind {
	case ContentString:
		start, end := p.ContentSpan.Start, p.ContentSpan.End
		open := slices.Concat([]byte{'['}, parts, []byte{','}, []byte(p.open))
		return []Edit{{Start: start, End: start, Text: open}, {Start: end, End: end, Text: []byte("}]")}}, true
	case ContentParts:
		at := p.ContentSpan.Start + 1
		if p.first > 0 {
			at = p.first
		}
		if p.parts > 0 {
			parts = append(slices.Clone(parts), ',')
		}
		return []Edit{{Start: at, End: at, Text: parts}}, true
	}
	return nil, false
}

// LastUser is the index of the last message of the user, -1 when there is none.
func (r *Request) LastUser() int {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role == roleUser {
			return i
		}
	}
	return -1
}

// The roles of a Message.
const (
	roleSystem    = "system"
	roleDeveloper = "developer"
	roleUser      = "user"
	roleAssistant = "assistant"
	roleTool      = "tool"
)

// CutControl removes the control member, and everything else that spoke to the gateway
// alone.
func (r *Request) CutControl() []Edit {
	edits := r.members.cuts()
	for _, in := range []struct {
		name     string
		elements members
	}{{"input", r.input}, {"tools", r.tools}, {"include", r.include}} {
		if i, ok := r.named[in.name]; ok && !r.members[i].cut {
			edits = append(edits, in.elements.cuts()...)
		}
	}
	return edits
}

// InsertInstructions puts text in front of everything the client tells the model.
func (r *Request) InsertInstructions(text string) Edit { return r.Protocol.instruct(r, text) }

// InsertContext puts text at the start of the last message of the user: in front of its
// string, or as a text part before the others. It is false when there is no such message
// or its content is nothing an API defines.
func (r *Request) InsertContext(text string) (Edit, bool) {
	i := r.LastUser()
	if i < 0 {
		return Edit{}, false
	}
	return r.Messages[i].prepend(text)
}

// CanHoldResults reports whether the protocol has search results as parts of a message,
// which the model cites natively.
func (r *Request) CanHoldResults() bool { return r.Protocol == Messages }

// InsertResults puts parts, which are JSON parted by commas, where InsertContext would put
// text.
func (r *Request) InsertResults(parts []byte) ([]Edit, bool) {
	i := r.LastUser()
	if i < 0 {
		return nil, false
	}
	return r.Messages[i].prependParts(parts)
}

// SetModel replaces the model's name. It is the zero Edit where the body has none.
func (r *Request) SetModel(name string) Edit {
	if r.modelSpan.IsZero() {
		return Edit{}
	}
	return Edit{Start: r.modelSpan.Start, End: r.modelSpan.End, Text: AppendString(nil, name)}
}

// SetEffort asks the model to think this much before it answers. It is the zero Edit where
// the client says so itself, or where nothing is left that a model could answer.
func (r *Request) SetEffort(effort Effort) Edit {
	if r.reasoning.given || r.members.allCut() {
		return Edit{}
	}
	return r.Protocol.reason(r, effort)
}

// AskUsage asks for usage at the end of a stream. It is the zero Edit where it comes
// anyway.
func (r *Request) AskUsage() Edit {
	if !r.Stream || r.IncludeUsage {
		return Edit{}
	}
	return r.Protocol.askUsage(r)
}

// parse walks the body; member reads the value of one member, or reports false to have
// it passed over.
func (r *Request) parse(body []byte, read func(w *walker, name []byte) bool) error {
	if err := checkUTF8(body); err != nil {
		return err
	}
	w := walk(body, strict)
	defer w.release()
	r.body, r.N = body, 1
	r.members = make(members, 0, 12)
	w.root(&r.root, func(name []byte) {
		m := member{start: w.nameStart}
		switch string(name) {
		case "model":
			r.Model, r.modelSpan = w.optionalString("model")
		case controlKey:
			r.note(controlKey)
			span := w.value()
			if w.err == nil {
				r.Control, m.cut = w.raw(span), true
			}
		default:
			if !read(w, name) {
				w.value()
			}
		}
		m.end = w.offset()
		r.members = append(r.members, m)
	})
	r.cutSearch()
	return w.err
}

// note remembers where the member being read will be.
func (r *Request) note(name string) {
	if r.named == nil {
		r.named = map[string]int{}
	}
	r.named[name] = len(r.members)
}

// readMessages reads the array of messages; read returns false for a message that is not
// one.
func (r *Request) readMessages(w *walker, param string, read func(m *Message, i int) bool) {
	if w.kind() == '[' {
		r.Messages = make([]Message, 0, 16)
	}
	span, _, ok := w.array(func(i int) {
		m := Message{textPlace: textPlace{body: w.body}}
		if read(&m, i) {
			r.Messages = append(r.Messages, m)
		}
	})
	if !ok {
		w.shape(param, "must be an array")
	}
	r.conversation = span
}

// part is an element of a content array.
type part struct {
	kind    string // its type
	text    Span   // of its text member, if that is a string
	at      int    // where it starts
	cached  bool   // it ends a prefix for the provider's cache
	thought bool   // Gemini: the text is the model's thinking
	result  bool   // Gemini: a tool's answer
}

// read reads content that may be an array of parts, a string or null; each says which
// parts are text.
func (p *textPlace) read(w *walker, isText func(part) bool) {
	switch w.kind() {
	case 'n':
		p.Kind, p.ContentSpan = ContentNull, w.value()
	case '"':
		p.Kind, p.ContentSpan = ContentString, w.value()
	case '[':
		p.Kind = ContentParts
		p.ContentSpan, p.parts, _ = w.array(func(int) {
			part := readPart(w)
			if isText(part) && !part.text.IsZero() {
				p.texts = append(p.texts, part.text)
			}
		})
	default:
		p.Kind, p.ContentSpan = ContentOther, w.value()
	}
}

// partTypes are those that need no memory of their own.
var partTypes = []string{
	"text", "image_url", "input_audio", "file", "input_text", "output_text", "input_image", "input_file", "refusal",
	"image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "search_result",
}

func readPart(w *walker) (p part) {
	o, _ := w.object(func(name []byte) {
		switch string(name) {
		case "type":
			p.kind, _, _ = w.known(partTypes...)
		case "text":
			p.text = w.stringSpan()
		case "cache_control":
			p.cached = w.filled()
		case "thought":
			p.thought = w.filled()
		case "functionResponse", "function_response":
			p.result = w.filled()
		default:
			w.value()
		}
	})
	p.at = o.open - 1
	return p
}

// role reads a message's role, which must be a string.
func (w *walker) role(param string, i int) string {
	role, _, isString := w.known(roleUser, roleAssistant, roleSystem, roleTool, roleDeveloper, "function", "model")
	if !isString {
		w.shape(fmt.Sprintf("%s[%d].role", param, i), "must be a string")
	}
	switch role {
	case "function":
		return roleTool
	case "model":
		return roleAssistant
	}
	return role
}

// optionalString takes null for absent.
func (w *walker) optionalString(param string) (string, Span) {
	null := w.kind() == 'n'
	s, span, ok := w.str()
	if !ok && !null {
		w.shape(param, "must be a string")
	}
	if !ok {
		return "", Span{}
	}
	return s, span
}

// flag reads a boolean that may be null.
func (w *walker) flag(param string) bool {
	null := w.kind() == 'n'
	b, ok := w.boolean()
	if !ok && !null {
		w.shape(param, "must be true or false")
	}
	return b
}

// stringSpan consumes the next value and returns its place if it is a string.
func (w *walker) stringSpan() Span {
	if w.kind() == '"' {
		return w.value()
	}
	w.value()
	return Span{}
}
