package retriever

import (
	"strings"
	"unicode"
)

// Turn is one message of a conversation as far as retrieval cares: what a person or the
// model said. Tool results, images and system text are not turns.
type Turn struct {
	User bool
	Text string
}

// Question is what to search for after a conversation.
type Question struct {
	Text      string   // "" when the last turn asks nothing: a greeting, thanks, no text
	Asked     string   // the last user turn as it is
	Completed []string // terms taken over from earlier turns
}

const (
	// a question of this many words or fewer usually leans on what came before
	shortQuestion = 3
	// so many user turns back are looked at; topics older than that have usually passed
	turnsBack = 3
	// so many terms are taken over at most, those of the latest turns first
	takenOver = 6
)

// Ask finds the question in a conversation: the last user turn, completed with the
// salient terms of earlier ones when it depends on them, that is when it holds a pronoun
// that points back, starts as an elliptic follow-up, or is very short. Deterministic.
func Ask(turns []Turn) Question {
	last := -1
	for i, t := range turns {
		if t.User {
			last = i
		}
	}
	if last < 0 {
		return Question{}
	}
	asked := strings.TrimSpace(turns[last].Text)
	q := Question{Asked: asked, Text: asked}
	words := wordsOf(asked)
	if isSmallTalk(words) {
		q.Text = ""
		return q
	}
	if dependsOnEarlier(words) {
		q.Completed = salient(turns[:last], words)
		if len(q.Completed) > 0 {
			q.Text = asked + " " + strings.Join(q.Completed, " ")
		}
	}
	return q
}

// word is a word of a turn as written and in lower case.
type word struct{ text, lower string }

func wordsOf(s string) []word {
	var out []word
	for _, field := range strings.Fields(s) {
		w := strings.TrimFunc(field, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		if w != "" {
			w = strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s")
			out = append(out, word{text: w, lower: strings.ToLower(w)})
		}
	}
	return out
}

func isSmallTalk(words []word) bool {
	if len(words) == 0 || len(words) > shortQuestion {
		return len(words) == 0
	}
	for _, w := range words {
		if !smallTalk[w.lower] {
			return false
		}
	}
	return true
}

func dependsOnEarlier(words []word) bool {
	if len(words) <= shortQuestion || followUp[words[0].lower] {
		return true
	}
	for _, w := range words {
		if pointsBack[w.lower] {
			return true
		}
	}
	return false
}

// salient returns content words of the latest user turns that the question lacks, in the
// order of the conversation. A person's own earlier words are safer than the model's, which
// drift; so the model's turns are not used.
func salient(earlier []Turn, question []word) []string {
	have := map[string]bool{}
	for _, w := range question {
		have[w.lower] = true
	}
	var picked [][]string
	left, back := takenOver, turnsBack
	for i := len(earlier) - 1; i >= 0 && left > 0 && back > 0; i-- {
		if !earlier[i].User {
			continue
		}
		back--
		var terms []string
		for _, w := range wordsOf(earlier[i].Text) {
			if left == 0 {
				break
			}
			if have[w.lower] || functionWord[w.lower] || pointsBack[w.lower] || smallTalk[w.lower] {
				continue
			}
			have[w.lower] = true
			terms = append(terms, w.text)
			left--
		}
		picked = append(picked, terms)
	}
	var out []string
	for i := len(picked) - 1; i >= 0; i-- {
		out = append(out, picked[i]...)
	}
	return out
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// English for now: the words that point back, that open a follow-up, that make up small
// talk, and that carry no topic.
var (
	pointsBack = set(`it its it's they them their theirs he him his she her hers
		former latter`)
	followUp  = set(`and but or so also what's how's why ok okay then else`)
	smallTalk = set(`hi hello hey thanks thank you thx ok okay great cool bye goodbye please yes no good
		morning evening afternoon perfect nice welcome cheers there`)
	functionWord = set(`a an the is are was were be been being am do does did done doing have has had having
		will would shall should can could may might must to of in on at by for with about from into over under
		after before between during through as than and or but if because while so not no nor only just also too very
		what which who whom whose when where why how i me my mine we us our ours you your yours
		tell say explain describe give show know want need think much many more most some any all each every other
		up down out off again further here me please let lets let's it's i'm i'd i've don't doesn't didn't isn't aren't`)
)
