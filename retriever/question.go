package retriever

import "strings"

// Turn is one message of a conversation as far as retrieval cares: what a person or the
// model said. Tool results, images and system text are not turns.
type Turn struct {
	User bool
	Text string
}

// Question is what to search for after a conversation.
type Question struct {
	Text      string       // "" when the last turn asks nothing: a greeting, thanks, no text
	Asked     string       // the last user turn as it is
	Completed []Completion // what Text has from earlier turns, in the order of Text
}

// Completion is a phrase of an earlier turn that a question was completed with, and why.
type Completion struct {
	Text string `json:"text"`          // "lung cancer"
	For  string `json:"for,omitempty"` // the word it stands for, "its"; "" where it was added because the question names no topic
	Turn int    `json:"turn"`          // index of the turn that says it
}

const (
	// turns further back are not looked at; topics older than that have passed
	turnsBack = 24
	// a question of more words brings its own context: a pasted mail, a whole problem
	longestFollowUp = 50
)

// Ask finds the question in a conversation: the last user turn, completed with what the
// conversation is about where it leans on that. It leans when a pronoun points back
// ("What are its symptoms?"), when it starts as a follow-up ("And contractors?"), and when
// it is short and has hardly a topic of its own ("What are the key findings?"). A question
// that names its topic stays as it is. Deterministic.
//
// In English and Chinese the phrase takes the pronoun's place; in other languages, which
// inflect, it is added at the end. Of the model's turns only names count, and only for
// pronouns: the model's words drift.
func Ask(turns []Turn) Question {
	last := lastUser(turns)
	if last < 0 {
		return Question{}
	}
	asked := strings.TrimSpace(turns[last].Text)
	q := Question{Asked: asked, Text: asked}
	from := max(last-turnsBack, 0)
	tongue := tongueOf(turns[from : last+1])
	question := tongue.read(asked)
	if question.isSmallTalk() {
		q.Text = ""
		return q
	}
	if len(question.words) > longestFollowUp {
		return q
	}
	if question.standsAlone() {
		return q
	}
	t := topics{tongue: tongue}
	for i := from; i < last; i++ {
		t.hear(i, turns[i])
	}
	c := t.complete(question)
	q.Text, q.Completed = c.text, c.completions()
	return q
}

func lastUser(turns []Turn) int {
	for i := len(turns) - 1; i >= 0; i-- {
		if turns[i].User {
			return i
		}
	}
	return -1
}
