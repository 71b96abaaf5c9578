package wire

import (
	"bytes"
	"fmt"
	"strings"
)

// Responses is OpenAI's Responses API.
var Responses Protocol = responses{}

type responses struct{}

// Name implements Protocol.
func (responses) Name() string { return "responses" }

// responsesTextPart opens a text part of the input.
const responsesTextPart = `{"type":"input_text","text":`

// ParseRequest implements Protocol. Input may be missing: a stored prompt has its own.
func (p responses) ParseRequest(body []byte) (*Request, error) {
	r := &Request{Protocol: p, system: textPlace{body: body, name: "instructions", open: responsesTextPart}}
	if err := r.parse(body, func(w *walker, name []byte) bool { return p.member(r, w, name) }); err != nil {
		return nil, err
	}
	r.system.owner = r.root
	return r, nil
}

// member reads one member of the request.
func (p responses) member(r *Request, w *walker, name []byte) bool {
	switch string(name) {
	case "input":
		p.input(r, w)
	case "instructions":
		r.system.read(w, func(part) bool { return false })
		if r.system.Kind == ContentParts { // items, which are for nobody to write into
			r.system.Kind = ContentOther
		}
	case "stream":
		r.Stream = w.flag("stream")
	case "max_output_tokens":
		r.MaxOutput = readCount(w)
	case "user", "safety_identifier":
		r.readUser(w)
	case "text":
		p.text(r, w)
	case "reasoning":
		p.reasoning(r, w)
	case "tools":
		r.readTools(w)
	case "include":
		p.include(r, w)
	case "tool_choice", "parallel_tool_calls":
		r.note(string(name))
		w.value()
	default:
		return false
	}
	return true
}

// input reads a string, which is a message of the user, or an array of items.
func (p responses) input(r *Request, w *walker) {
	if w.kind() == '"' {
		span := w.value()
		r.Messages = []Message{{Role: roleUser, Span: span, textPlace: textPlace{
			Kind: ContentString, ContentSpan: span, body: w.body, name: "input", open: responsesTextPart,
		}}}
		r.conversation = span
		return
	}
	if w.kind() == 'n' {
		w.value()
		return
	}
	r.note("input")
	r.readMessages(w, "input", func(m *Message, i int) bool { return p.item(r, m, w, i) })
}

// item reads one item. What is no message is the model's or a tool's; a search that was run
// here is nobody's, and is cut out.
func (responses) item(r *Request, m *Message, w *walker, i int) bool {
	m.name, m.open = "content", responsesTextPart
	kind, isResult, ours := "message", false, false
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "type":
			kind, _, _ = w.known("message", "function_call", "function_call_output", "reasoning", "item_reference")
		case "role":
			m.Role = w.role("input", i)
		case "id":
			ours = bytes.HasPrefix(w.raw(w.value()), []byte(`"`+SearchIDPrefix))
		case "content", "output":
			isResult = isResult || string(name) == "output"
			m.read(w, func(p part) bool { return p.kind == "input_text" || p.kind == "output_text" || p.kind == "text" })
		default:
			w.value()
		}
	})
	if !ok {
		w.shape(fmt.Sprintf("input[%d]", i), "must be an object")
		return false
	}
	m.owner, m.Span = o, Span{o.open - 1, o.end}
	r.input = append(r.input, member{start: m.Span.Start, end: m.Span.End, cut: ours})
	switch {
	case isResult || strings.HasSuffix(kind, "_output"):
		m.Role = roleTool
	case kind != "message":
		m.Role, m.textPlace = roleAssistant, textPlace{}
	}
	return !ours
}

func (responses) text(r *Request, w *walker) {
	w.object(func(name []byte) {
		if string(name) == "format" {
			chat{}.format(r, w)
		} else {
			w.value()
		}
	})
}

func (responses) reasoning(r *Request, w *walker) {
	o, ok := w.object(func(name []byte) {
		if string(name) == "effort" {
			r.reasoning.given = w.filled()
			r.reasoning.span = w.last
		} else {
			w.value()
		}
	})
	if r.reasoning.owner = o; !ok {
		r.optionsSpan = w.last
	}
}

// include asks for more in the answer. What belongs to a search that is run here is not for
// the model server.
func (responses) include(r *Request, w *walker) {
	r.note("include")
	w.array(func(int) {
		s, span, _ := w.str()
		isSearch := strings.HasPrefix(s, "file_search_call.")
		r.include = append(r.include, member{start: span.Start, end: span.End, cut: isSearch})
	})
}

// instruct puts text in front of the instructions, which hold for this request alone.
func (responses) instruct(r *Request, text string) Edit {
	e, ok := r.system.prepend(text)
	r.instructed = ok
	return e
}

// reason sets reasoning.effort.
func (responses) reason(r *Request, effort Effort) Edit {
	value := AppendString(nil, string(effort))
	if r.reasoning.owner.isZero() {
		return r.root.put("reasoning", r.optionsSpan, append(append([]byte(`{"effort":`), value...), '}'))
	}
	return r.reasoning.owner.put("effort", r.reasoning.span, value)
}

// askUsage changes nothing: usage comes in every stream.
func (responses) askUsage(*Request) Edit { return Edit{} }
