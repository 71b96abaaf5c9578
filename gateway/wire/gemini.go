package wire

import (
	"fmt"
	"strings"
)

// Gemini is Google's generateContent and streamGenerateContent. Members may be spelt in
// camel case or with underscores; what is inserted is spelt as the client spells it.
var Gemini Protocol = gemini{}

type gemini struct{}

// Name implements Protocol.
func (gemini) Name() string { return "gemini" }

// geminiTextPart opens a text part.
const geminiTextPart = `{"text":`

// ParseRequest implements Protocol.
func (p gemini) ParseRequest(body []byte) (*Request, error) {
	r := &Request{Protocol: p}
	r.system.name = "systemInstruction"
	err := r.parse(body, func(w *walker, name []byte) bool { return p.member(r, w, name) })
	switch {
	case err != nil:
		return nil, err
	case r.conversation.IsZero():
		return nil, &ShapeError{Param: "contents", Message: "is required"}
	}
	return r, nil
}

// member reads one member of the request.
func (p gemini) member(r *Request, w *walker, name []byte) bool {
	switch string(name) {
	case "contents":
		r.readMessages(w, "contents", func(m *Message, i int) bool { return p.content(m, w, i) })
	case "systemInstruction", "system_instruction":
		p.system(r, w, string(name))
	case "generationConfig", "generation_config":
		p.config(r, w)
	default:
		if strings.Contains(string(name), "_") && r.system.Kind == ContentAbsent {
			r.system.name = "system_instruction"
		}
		return false
	}
	return true
}

// system reads a content, of which the place for text is its parts.
func (gemini) system(r *Request, w *walker, name string) {
	place := textPlace{body: w.body, name: "parts", open: geminiTextPart}
	o, ok := w.object(func(member []byte) {
		if string(member) == "parts" {
			place.read(w, isProse)
		} else {
			w.value()
		}
	})
	if place.owner = o; !ok {
		place = textPlace{name: name, ContentSpan: w.last} // null, or what no API defines
		if string(w.raw(w.last)) != "null" {
			place.Kind = ContentOther
		}
	}
	r.system = place
}

func isProse(p part) bool { return !p.text.IsZero() && !p.thought }

// config reads what the answer is to be like.
func (gemini) config(r *Request, w *walker) {
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "responseMimeType", "response_mime_type":
			kind, _, isString := w.known("text/plain", "application/json", "text/x.enum")
			r.JSONOutput = r.JSONOutput || isString && kind != "" && kind != "text/plain"
		case "responseSchema", "response_schema", "responseJsonSchema", "response_json_schema":
			r.JSONOutput = w.filled() || r.JSONOutput
		case "candidateCount", "candidate_count":
			if n, ok := w.number(); ok && n >= 1 && n <= maxChoices {
				r.N = int(n)
			}
		case "maxOutputTokens", "max_output_tokens":
			r.MaxOutput = readCount(w)
		case "thinkingConfig", "thinking_config":
			r.reasoning.given = w.filled()
			r.reasoning.span = w.last
		default:
			w.value()
		}
	})
	if r.reasoning.owner = o; !ok {
		r.optionsSpan = w.last
	}
}

// content reads one message. A tool's answers come in the user's role or in one of their
// own; a message of nothing else is the tool's.
func (gemini) content(m *Message, w *walker, i int) bool {
	m.Role, m.name, m.open = roleUser, "parts", geminiTextPart
	results, behind := false, false
	o, ok := w.object(func(name []byte) {
		switch string(name) {
		case "role":
			m.Role = w.role("contents", i)
		case "parts":
			m.read(w, func(p part) bool {
				results = results || p.result
				if isProse(p) && behind {
					m.first, behind = p.at, false
				}
				behind = behind || p.result
				return isProse(p)
			})
		default:
			w.value()
		}
	})
	if !ok {
		w.shape(fmt.Sprintf("contents[%d]", i), "must be an object")
		return false
	}
	if m.Role == roleUser && results && len(m.texts) == 0 {
		m.Role = roleTool
	}
	m.owner, m.Span = o, Span{o.open - 1, o.end}
	return true
}

// instruct puts a part in front of the system instruction's.
func (gemini) instruct(r *Request, text string) Edit {
	if r.system.owner.isZero() && r.system.Kind != ContentOther {
		content := append(AppendString([]byte(`{"parts":[`+geminiTextPart), text), "}]}"...)
		return r.root.put(r.system.name, r.system.ContentSpan, content)
	}
	if r.system.Kind == ContentNull || r.system.Kind == ContentAbsent {
		list := append(AppendString([]byte(`[`+geminiTextPart), text), "}]"...)
		return r.system.owner.put("parts", r.system.ContentSpan, list)
	}
	e, _ := r.system.prepend(text) // what is no text is left alone
	return e
}

// reason sets the level of thinking in generationConfig.
func (gemini) reason(r *Request, effort Effort) Edit {
	config := append(AppendString([]byte(`{"thinkingLevel":`), strings.ToUpper(string(effort))), '}')
	if r.reasoning.owner.isZero() {
		return r.root.put("generationConfig", r.optionsSpan, append(append([]byte(`{"thinkingConfig":`), config...), '}'))
	}
	return r.reasoning.owner.put("thinkingConfig", r.reasoning.span, config)
}

// askUsage changes nothing: usage comes in every stream.
func (gemini) askUsage(*Request) Edit { return Edit{} }
