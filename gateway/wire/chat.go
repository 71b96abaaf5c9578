package wire

import (
	"fmt"
	"slices"
)

// Chat is OpenAI's chat completions.
var Chat Protocol = chat{}

type chat struct{}

// Name implements Protocol.
func (chat) Name() string { return "chat" }

// maxChoices bounds n, of which OpenAI allows 128. More is the model server's to refuse.
const maxChoices = 1 << 10

// ParseRequest implements Protocol.
func (p chat) ParseRequest(body []byte) (*Request, error) {
	r := &Request{Protocol: p}
	err := r.parse(body, func(w *walker, name []byte) bool { return p.member(r, w, name) })
	switch {
	case err != nil:
		return nil, err
	case r.conversation.IsZero():
		return nil, &ShapeError{Param: "messages", Message: "is required"}
	}
	return r, nil
}

// member reads one member of the request.
func (p chat) member(r *Request, w *walker, name []byte) bool {
	switch string(name) {
	case "messages":
		r.readMessages(w, "messages", func(m *Message, i int) bool { return p.message(m, w, i) })
	case "stream":
		r.Stream = w.flag("stream")
	case "stream_options":
		p.streamOptions(r, w)
	case "n":
		if n, ok := w.number(); ok && n >= 1 && n <= maxChoices {
			r.N = int(n)
		}
	case "max_tokens", "max_completion_tokens":
		r.MaxOutput = readCount(w)
	case "user", "safety_identifier":
		r.readUser(w)
	case "reasoning_effort":
		r.reasoning = reasoningPlace{given: w.filled(), span: w.last}
	case "response_format":
		p.format(r, w)
	case "tools":
		r.readTools(w)
	case string(VectorStoreIDs):
		r.readVectorStores(w)
	case string(DataSources):
		r.readDataSources(w)
	case "tool_choice", "parallel_tool_calls":
		r.note(string(name))
		w.value()
	case "guided_json", "guided_regex", "guided_choice", "guided_grammar", "structured_outputs", "json_schema", "grammar", "format":
		r.JSONOutput = w.filled() || r.JSONOutput // vLLM's, llama.cpp's and Ollama's names for it
	default:
		return false
	}
	return true
}

func (r *Request) readUser(w *walker) {
	if s, _, ok := w.str(); ok {
		r.User = s
	}
}

func (chat) streamOptions(r *Request, w *walker) {
	o, ok := w.object(func(name []byte) {
		if string(name) == "include_usage" {
			r.IncludeUsage = w.flag("stream_options.include_usage")
			r.usageSpan = w.last
		} else {
			w.value()
		}
	})
	if r.options = o; !ok {
		r.optionsSpan = w.last
	}
}

// format takes every type but text for data: besides json_object and json_schema, servers
// know regex, grammar and structural_tag.
func (chat) format(r *Request, w *walker) {
	w.object(func(name []byte) {
		if string(name) != "type" {
			w.value()
			return
		}
		kind, _, ok := w.known("text", "json_object", "json_schema")
		r.JSONOutput = r.JSONOutput || ok && kind != "text"
	})
}

// chatTextPart opens a text part.
const chatTextPart = `{"type":"text","text":`

func (chat) message(m *Message, w *walker, i int) bool {
	m.name, m.open = "content", chatTextPart
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "role":
			m.Role = w.role("messages", i)
		case "content":
			m.read(w, func(p part) bool { return p.kind == "text" })
		default:
			w.value()
		}
	})
	if !ok {
		w.shape(fmt.Sprintf("messages[%d]", i), "must be an object")
		return false
	}
	m.owner, m.Span = o, Span{o.open - 1, o.end}
	return true
}

// instruct puts text at the start of the first message if that is a system or developer
// message, else into a message of its own before it.
func (p chat) instruct(r *Request, text string) Edit {
	if len(r.Messages) > 0 && isInstruction(r.Messages[0]) {
		if e, ok := r.Messages[0].prepend(text); ok {
			return e
		}
	}
	return p.newInstruction(r, text)
}

// newInstruction has the role developer if the client uses that one: some models take
// either but not both.
func (chat) newInstruction(r *Request, text string) Edit {
	role := roleSystem
	if slices.ContainsFunc(r.Messages, func(m Message) bool { return m.Role == roleDeveloper }) {
		role = roleDeveloper
	}
	out := append(make([]byte, 0, len(text)+64), `{"role":"`...)
	out = append(append(out, role...), `","content":`...)
	out = append(AppendString(out, text), '}')
	if len(r.Messages) > 0 {
		out = append(out, ',')
	}
	at := r.conversation.Start + 1
	return Edit{Start: at, End: at, Text: out}
}

func isInstruction(m Message) bool { return m.Role == roleSystem || m.Role == roleDeveloper }

// reason sets reasoning_effort.
func (chat) reason(r *Request, effort Effort) Edit {
	return r.root.put("reasoning_effort", r.reasoning.span, AppendString(nil, string(effort)))
}

// askUsage sets stream_options.include_usage.
func (chat) askUsage(r *Request) Edit {
	if r.options.isZero() {
		return r.root.put("stream_options", r.optionsSpan, []byte(`{"include_usage":true}`))
	}
	return r.options.put("include_usage", r.usageSpan, []byte("true"))
}
