package gateway

import (
	"strings"

	"ragway/gateway/ground"
	"ragway/gateway/wire"
	"ragway/retriever"
)

// understood is a request with the question it asks and the number its first source gets.
type understood struct {
	chatRequest
	question retriever.Question
	first    int // number of the first source
}

// understand finds the question in the conversation. Only what people and the model said
// counts: tool results and system text are never searched for.
func understand(r chatRequest) understood {
	u := understood{chatRequest: r, first: 1}
	if r.control.off {
		return u
	}
	turns := make([]retriever.Turn, 0, len(r.chat.Messages))
	highest, last := 0, r.chat.LastUser()
	for i, m := range r.chat.Messages {
		switch m.Role {
		case "user":
			turns = append(turns, retriever.Turn{User: true, Text: firstRunes(m.Text(), retriever.MaxQueryRunes)})
		case "assistant":
			text := m.Text()
			turns = append(turns, retriever.Turn{Text: firstRunes(text, retriever.MaxQueryRunes)})
			if i < last { // what follows the question is this turn's own tool loop
				highest = max(highest, ground.MaxMarker(text))
			}
		}
	}
	u.question = retriever.Ask(turns)
	u.first = ground.FirstNumber(highest)
	return u
}

// firstRunes is s cut to at most n runes, and lets go of the rest.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return strings.Clone(s[:i])
		}
		n--
	}
	return s
}

// literals are the markers that stand in the conversation already.
func literals(chat *wire.Chat, sources []Source) ground.Literals {
	var l ground.Literals
	for _, m := range chat.Messages {
		l.Scan(m.Text())
	}
	for _, src := range sources {
		l.Scan(src.Text)
	}
	return l
}
