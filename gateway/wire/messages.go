package wire

import "fmt"

// Messages is Anthropic's Messages API.
var Messages Protocol = messages{}

type messages struct{}

// Name implements Protocol.
func (messages) Name() string { return "messages" }

// ParseRequest implements Protocol.
func (p messages) ParseRequest(body []byte) (*Request, error) {
	r := &Request{Protocol: p, system: textPlace{body: body, name: "system", open: chatTextPart}}
	err := r.parse(body, func(w *walker, name []byte) bool { return p.member(r, w, name) })
	switch {
	case err != nil:
		return nil, err
	case r.conversation.IsZero():
		return nil, &ShapeError{Param: "messages", Message: "is required"}
	}
	r.system.owner = r.root
	return r, nil
}

// member reads one member of the request.
func (p messages) member(r *Request, w *walker, name []byte) bool {
	switch string(name) {
	case "messages":
		r.readMessages(w, "messages", func(m *Message, i int) bool { return p.message(m, w, i) })
	case "system":
		r.system.read(w, func(p part) bool { return p.kind == "text" })
	case "stream":
		r.Stream = w.flag("stream")
	case "max_tokens":
		r.MaxOutput = readCount(w)
	case "metadata":
		w.object(func(name []byte) {
			if string(name) == "user_id" {
				r.readUser(w)
			} else {
				w.value()
			}
		})
	case "output_format": // the name of output_config.format before it was one
		r.JSONOutput = w.filled() || r.JSONOutput
	case "output_config":
		p.outputConfig(r, w)
	default:
		return false
	}
	return true
}

// outputConfig reads the member that holds both the effort and the format of an answer.
func (messages) outputConfig(r *Request, w *walker) {
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "effort":
			r.reasoning.given = w.filled()
			r.reasoning.span = w.last
		case "format":
			r.JSONOutput = w.filled() || r.JSONOutput
		default:
			w.value()
		}
	})
	if r.reasoning.owner = o; !ok {
		r.optionsSpan = w.last
	}
}

// message reads one message. Results of tools come in the user's role; a message of
// nothing else is the tools', so that the question stays where it is through a tool loop.
//
// Context goes in front of the message's text, but behind results, which must come first,
// and behind what the client has marked for the provider's cache while text follows: in
// the next turn the message is sent without the context, and what stands before it is
// found in the cache again.
func (messages) message(m *Message, w *walker, i int) bool {
	m.name, m.open = "content", chatTextPart
	results, behind := false, false
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "role":
			m.Role = w.role("messages", i)
		case "content":
			m.read(w, func(p part) bool {
				isText := p.kind == "text"
				results = results || p.kind == "tool_result"
				if isText && behind {
					m.first, behind = p.at, false
				}
				behind = behind || p.cached || p.kind == "tool_result"
				return isText
			})
		default:
			w.value()
		}
	})
	if !ok {
		w.shape(fmt.Sprintf("messages[%d]", i), "must be an object")
		return false
	}
	if m.Role == roleUser && results && len(m.texts) == 0 {
		m.Role = roleTool
	}
	m.owner, m.Span = o, Span{o.open - 1, o.end}
	return true
}

// instruct puts text in front of the system prompt: what the client has marked for the
// provider's cache there stays a prefix that does not change.
func (messages) instruct(r *Request, text string) Edit {
	e, _ := r.system.prepend(text) // a system prompt that is no text is left alone
	return e
}

// reason sets output_config.effort, which asks for thinking and tool calls to match; the
// token budgets that it replaces are refused by newer models.
func (messages) reason(r *Request, effort Effort) Edit {
	value := AppendString(nil, string(effort))
	if r.reasoning.owner.isZero() {
		return r.root.put("output_config", r.optionsSpan, append(append([]byte(`{"effort":`), value...), '}'))
	}
	return r.reasoning.owner.put("effort", r.reasoning.span, value)
}

// askUsage changes nothing: usage comes in every stream.
func (messages) askUsage(*Request) Edit { return Edit{} }
