package retriever

import (
	"slices"
	"strings"
)

// reading is a turn with its words and phrases.
type reading struct {
	tongue  *tongue
	text    string
	words   []token
	phrases []phrase
	topic   int          // index of the phrase that the turn does nothing but name, "What is X?"; -1 if it does more
	remarks map[int]bool // sentences that ask nothing, beside one that does: "That's interesting."
}

func (l *tongue) read(text string) reading {
	words := l.tokens(text)
	r := reading{tongue: l, text: text, words: words, phrases: l.phrases(text, words)}
	r.topic = r.introduces()
	r.remarks = r.findRemarks()
	return r
}

const longestSmallTalk = 6 // words

func (r reading) isSmallTalk() bool {
	if len(r.words) > longestSmallTalk {
		return false
	}
	for _, w := range r.words {
		if !w.is(small) {
			return false
		}
	}
	return true
}

func (r reading) introduces() int {
	for i, p := range r.phrases {
		if !r.endsSentence(p.to) {
			if p.from == 0 && r.onlyReversed(p.to+1) {
				return i
			}
			continue
		}
		k := p.from - 1
		for k >= 0 && r.words[k].is(article) && (r.words[k].lower != "the" || p.name) {
			k--
		}
		if k < 0 || r.words[k].sentence != p.sentence || !r.words[k].is(introducer) {
			continue
		}
		if r.words[k].first || r.words[k-1].is(leadIn) {
			return i
		}
	}
	return -1
}

func (r reading) endsSentence(i int) bool { return i+1 == len(r.words) || r.words[i+1].first }

// onlyReversed reports whether the words from i on are those that name the topic before them.
func (r reading) onlyReversed(i int) bool {
	for _, w := range r.words[i:] {
		if !w.is(reversed) {
			return false
		}
	}
	return true
}

func (r reading) findRemarks() map[int]bool {
	out := map[int]bool{}
	asks := false
	for i, w := range r.words {
		if !r.endsSentence(i) {
			continue
		}
		end := len(r.text)
		if i+1 < len(r.words) {
			end = r.words[i+1].start
		}
		if strings.ContainsAny(r.text[w.end:end], "?？؟") {
			asks = true
		} else {
			out[w.sentence] = true
		}
	}
	if !asks {
		return nil
	}
	return out
}

const (
	shortQuestion = 8 // words at most of one that leans without a pronoun; .868 on cast2019, .865 with 7 or 10
	ownTopic      = 1 // words that carry a topic, at most, of one that leans; with 2 and more, independent questions suffer
)

// leaning is how a question without a pronoun leans on what came before.
type leaning int

const (
	stands  leaning = iota
	onTopic         // "What are the key findings?"
	onFrame         // "And contractors?" asks what the last question asked
)

func (r reading) leans() leaning {
	w := r.words
	if len(w) > shortQuestion {
		if r.determined() {
			return onTopic
		}
		return stands
	}
	if w[0].is(opener) || len(w) > 1 && w[1].is(about) {
		return onFrame
	}
	if r.topic >= 0 {
		return stands
	}
	if r.determined() {
		return onTopic
	}
	own := 0
	for i := range w {
		if inside(w, i) && !w[i].is(light) {
			own++
		}
	}
	for _, p := range r.phrases {
		if p.name {
			return stands
		}
	}
	if own > ownTopic {
		return stands
	}
	return onTopic
}

// determined reports whether a phrase points back as "this contract" does. "That" may as
// well begin a clause.
func (r reading) determined() bool {
	for i, w := range r.words[:len(r.words)-1] {
		if w.is(determiner) && w.lower != "that" && !r.words[i+1].parted && inside(r.words, i+1) {
			return true
		}
	}
	return false
}

// pointer is what the word at i stands for, noKind if it is no pronoun or what it means
// is said in the same turn.
func (r reading) pointer(i int) kind {
	w := r.words[i]
	k := w.kind
	if w.is(determiner) && !r.alone(i) || r.remarks[w.sentence] {
		return noKind
	}
	if w.is(head) && (i == 0 || w.parted || !inside(r.words, i-1)) {
		return noKind
	}
	switch next := i + 1; {
	case k == noKind || r.saidBefore(i, k):
		return noKind
	case k == thing && r.expletive(i):
		return noKind
	case k == somewhere && !r.endsSentence(i) && !r.words[next].parted:
		return noKind // "are there any"
	case k == somewhere && i > 0 && r.words[i-1].is(be):
		return noKind
	}
	return k
}

// expletive reports whether "it" at i means nothing: "how long does it take to", "is it true that".
func (r reading) expletive(i int) bool {
	rest := r.words[i+1:]
	switch {
	case len(rest) > 0 && (rest[0].lower == "take" || rest[0].lower == "takes" || rest[0].lower == "cost"):
		return true
	case len(rest) > 1 && i > 0:
		return r.words[i-1].is(be) && rest[1].lower == "that"
	}
	return false
}

// alone reports whether the determiner at i has no noun.
func (r reading) alone(i int) bool {
	w := r.words[i]
	last := i+1 == len(r.words) || r.words[i+1].parted
	if w.lower != "that" {
		return last || w.ending != "" || r.words[i+1].is(function)
	}
	switch {
	case w.ending != "" && w.first && !strings.Contains(r.text, "?"): // "That's too basic."
		return false
	case last || w.ending != "":
		return true
	case r.words[i+1].is(auxiliary | be): // "is that allowed", not "the car that is"
		return i == 0 || w.parted || !inside(r.words, i-1)
	}
	return false
}

// saidBefore reports whether the pronoun at i means a phrase before it in the turn: one of
// another sentence or clause, or a name that "he" or "his" follows.
func (r reading) saidBefore(i int, k kind) bool {
	w := r.words[i]
	for _, p := range r.phrases {
		if p.to >= i || r.asked(p) || k == person && !p.name {
			continue
		}
		if p.sentence != w.sentence || k == person || w.is(possessive) {
			return true
		}
		between := r.words[p.to+1 : i]
		if w.parted || slices.ContainsFunc(between, func(b token) bool { return b.parted || b.is(clause) }) {
			return true
		}
	}
	return false
}

// asked reports whether the phrase is what the question asks for: "What foods cause it?"
func (r reading) asked(p phrase) bool {
	k := before(r.words, p.from)
	for k > 0 && r.words[k].is(light) && !r.words[k].first {
		k--
	}
	return k >= 0 && r.words[k].is(asking)
}
