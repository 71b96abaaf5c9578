package retriever

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a turn where it stands.
type token struct {
	lexeme
	text, lower string
	start, end  int    // bytes of the turn; an ending lies behind end
	ending      string // "'s" and the like, in lower case
	sentence    int    // number of its sentence in the turn
	first       bool   // of its sentence
	parted      bool   // by more than blanks from the word before
}

func (t token) is(c class) bool { return t.class&c != 0 }

// capital reports whether the word is written as names are; numbers go with them.
func (t token) capital() bool {
	r, _ := utf8.DecodeRuneInString(t.text)
	return unicode.IsUpper(r) || unicode.IsNumber(r)
}

// acronym reports whether the word is written in capitals: US is not us.
func (t token) acronym() bool {
	return len(t.text) > 1 && strings.ToUpper(t.text) == t.text && strings.ToLower(t.text) != t.text
}

// tokens are the words of s.
func (l *tongue) tokens(s string) []token {
	var out []token
	next := token{first: true}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isWord(r) {
			if strings.ContainsRune(".?!\n。？！؟", r) && len(out) > 0 && !next.first {
				next.sentence++
				next.first = true
			}
			next.parted = next.parted || !unicode.IsSpace(r)
			i += size
			continue
		}
		t := next
		t.start, t.end = i, l.wordEnd(s, i)
		i = t.end
		t.text = s[t.start:t.end]
		if at := strings.IndexAny(t.text, "'’"); at > 0 {
			t.ending = strings.ToLower(t.text[at:])
			t.end = t.start + at
			t.text = t.text[:at]
		}
		t.lower = strings.ToLower(t.text)
		t.lexeme = l.lexicon[t.lower]
		if r, _ := utf8.DecodeRuneInString(t.text); t.kind != noKind && !l.substitutes && unicode.IsUpper(r) && !t.first {
			t.kind = noKind // German Sie and Ihr are the person spoken to
		}
		out = append(out, t)
		next = token{sentence: t.sentence}
	}
	return out
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// wordEnd is where the word ends that starts at i. Signs between letters belong to it.
func (l *tongue) wordEnd(s string, i int) int {
	if l.unspaced {
		return l.runEnd(s, i)
	}
	inner := "-_.&/"
	if l.apostrophe {
		inner += "'’"
	}
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isWord(r) {
			after, _ := utf8.DecodeRuneInString(s[i+size:])
			if !strings.ContainsRune(inner, r) || !isWord(after) {
				break
			}
		}
		i += size
	}
	return i
}

// runEnd is where the longest word of the lexicon ends that starts at i or, where none
// does, the letters of one script before the next that is one. Hiragana are endings and
// particles, a word each run.
func (l *tongue) runEnd(s string, i int) int {
	if n := l.known(s[i:]); n > 0 {
		return i + n
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	script := scriptOf(r)
	for i += size; i < len(s) && l.known(s[i:]) == 0; i += size {
		r, size = utf8.DecodeRuneInString(s[i:])
		if !isWord(r) || scriptOf(r) != script {
			break
		}
	}
	return i
}

// known is the length of the longest word of the lexicon that s begins with, in bytes.
func (l *tongue) known(s string) int {
	r, _ := utf8.DecodeRuneInString(s)
	if r < 0x2E80 { // Latin words have blanks around them here, too
		return 0
	}
	for n := min(l.longest, len(s)); n > 0; n-- {
		if _, ok := l.lexicon[s[:n]]; ok {
			return n
		}
	}
	return 0
}

func scriptOf(r rune) int {
	switch {
	case unicode.Is(unicode.Hiragana, r):
		return 1
	case unicode.In(r, unicode.Han, unicode.Katakana) || r == 'ー':
		return 2
	}
	return 0
}
