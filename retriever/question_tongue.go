package retriever

import (
	"strings"
	"unicode"
)

// class is what a word does in a sentence, as far as finding phrases needs it.
type class uint32

const (
	function   class = 1 << iota // carries no topic and ends a phrase
	verb                         // ends a phrase, too, unless it is written as a name
	light                        // may stand in a phrase and is none by itself: "types", "history"
	article                      // stands before a phrase without parting it from what is before
	be                           // a form of "be"
	auxiliary                    // other verbs that a question begins with; its subject follows
	asking                       // what follows is asked for: "which", "how many"
	of                           // what is before belongs to what follows: "the history of toilets"
	place                        // what follows is where or when
	clause                       // begins a clause, in which a pronoun may mean what is before
	join                         // stands inside of names: "Mothers of Invention"
	opener                       // begins a follow-up: "and", "but"
	about                        // after the first word it makes a follow-up: "what about"
	introducer                   // names a topic, by what follows to the end of the sentence: "is", "about"
	leadIn                       // may stand before an introducer: "what is", "more about"
	reversed                     // the same behind the topic, as Chinese has it
	possessive                   // a pronoun that takes the place of a genitive
	determiner                   // a pronoun unless a noun follows: "this"
	head                         // stands for a noun that an adjective describes: "a smart one"
	small                        // small talk
)

// kind is what a pronoun stands for.
type kind int

const (
	noKind kind = iota
	thing
	person
	group
	somewhere
)

// lexeme is what a tongue knows of a word.
type lexeme struct {
	class class
	kind  kind
}

// tongue is how questions of one language lean on earlier ones: closed lists of words.
type tongue struct {
	lexicon     map[string]lexeme
	substitutes bool // a phrase may take a pronoun's place without being inflected
	unspaced    bool // words are not parted by blanks: those of the lexicon part the others
	names       bool // capital letters tell names
	apostrophe  bool // what follows an apostrophe is an ending, "Dali's"; else what is before is a word: "l'eau"
	longest     int  // bytes of the longest word in the lexicon
}

// wordList is a class and a kind with their words, parted by blanks.
type wordList struct {
	class class
	kind  kind
	words string
}

func (t tongue) with(lists ...wordList) *tongue {
	t.lexicon = map[string]lexeme{}
	for _, list := range append(lists, wordList{class: small, words: smallTalk}) {
		for _, w := range strings.Fields(list.words) {
			l := t.lexicon[w]
			l.class |= list.class
			if list.kind != noKind {
				l.kind = list.kind
			}
			t.lexicon[w] = l
			t.longest = max(t.longest, len(w))
		}
	}
	return &t
}

// tongueOf finds the language of a conversation by its script and, among those in Latin
// letters, by which one's closed lists have most of the words that people said. English
// where that is not clear.
func tongueOf(turns []Turn) *tongue {
	var han, kana, arabic, cyrillic, other, letters int
	votes := make([]int, len(latin))
	for _, turn := range turns {
		if !turn.User {
			continue
		}
		text := cutRunes(turn.Text, 500)
		for _, r := range text {
			switch {
			case !unicode.IsLetter(r):
				continue
			case unicode.Is(unicode.Han, r):
				han++
			case unicode.In(r, unicode.Hiragana, unicode.Katakana):
				kana++
			case unicode.Is(unicode.Arabic, r):
				arabic++
			case unicode.Is(unicode.Cyrillic, r):
				cyrillic++
			case !unicode.Is(unicode.Latin, r):
				other++
			}
			letters++
		}
		for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !isWord(r) }) {
			for i, t := range latin {
				if t.lexicon[w].class&^small != 0 || t.lexicon[w].kind != noKind {
					votes[i]++
				}
			}
		}
	}
	switch {
	case kana*5 > han && kana > 0:
		return japanese
	case han*3 > letters:
		return chinese
	case arabic*2 > letters:
		return arabicTongue
	case cyrillic*2 > letters:
		return russian
	case other*2 > letters:
		return unknownTongue
	}
	best := 0
	for i, n := range votes {
		if n > votes[best] {
			best = i
		}
	}
	return latin[best]
}
