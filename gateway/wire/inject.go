package wire

import "slices"

// CutControl removes the control member with the comma that parts it from a neighbour, and
// with the white space on that side, so that one member a line stays one member a line.
// It is the zero Edit when there is no control.
func (c *Chat) CutControl() Edit {
	switch at := c.control; {
	case c.Control == nil:
		return Edit{}
	case at.after > 0:
		return Edit{Start: at.name, End: at.after}
	case at.before > 0:
		return Edit{Start: at.before, End: at.value.End}
	default:
		return Edit{Start: at.name, End: at.value.End}
	}
}

// InsertInstructions puts text in front of everything the client tells the model: at the
// start of the first message if that is a system or developer message, else as a message
// of its own before it.
func (c *Chat) InsertInstructions(text string) Edit {
	if len(c.Messages) > 0 && isInstruction(c.Messages[0]) {
		if e, ok := c.Messages[0].prepend(text); ok {
			return e
		}
	}
	return c.newInstruction(text)
}

// newInstruction has the role developer if the client uses that one: some models take
// either but not both.
func (c *Chat) newInstruction(text string) Edit {
	role := "system"
	if slices.ContainsFunc(c.Messages, func(m Message) bool { return m.Role == "developer" }) {
		role = "developer"
	}
	out := append(make([]byte, 0, len(text)+64), `{"role":"`...)
	out = append(append(out, role...), `","content":`...)
	out = append(AppendString(out, text), '}')
	if len(c.Messages) > 0 {
		out = append(out, ',')
	}
	at := c.messages.Start + 1
	return Edit{Start: at, End: at, Text: out}
}

// InsertContext puts text at the start of the last user message: in front of its string,
// or as a text part before the others. It is false when there is no user message or its
// content is nothing an API defines.
func (c *Chat) InsertContext(text string) (Edit, bool) {
	i := c.LastUser()
	if i < 0 {
		return Edit{}, false
	}
	return c.Messages[i].prepend(text)
}

func isInstruction(m Message) bool { return m.Role == "system" || m.Role == "developer" }

// prepend puts text at the start of the message's content.
func (m Message) prepend(text string) (Edit, bool) {
	switch at := m.ContentSpan.Start + 1; m.Kind {
	case ContentString:
		out := appendInner(make([]byte, 0, len(text)+len(text)/16+8), text)
		out = append(out, `\n\n`...)
		return Edit{Start: at, End: at, Text: out}, true
	case ContentParts:
		out := append(make([]byte, 0, len(text)+len(text)/16+32), `{"type":"text","text":`...)
		out = append(AppendString(out, text), '}')
		if m.parts > 0 {
			out = append(out, ',')
		}
		return Edit{Start: at, End: at, Text: out}, true
	case ContentNull, ContentAbsent:
		return m.put("content", m.ContentSpan, AppendString(nil, text)), true
	}
	return Edit{}, false
}
