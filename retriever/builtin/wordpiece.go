package builtin

import (
	"unicode"
	"unicode/utf8"
)

const (
	maxWordRunes = 100              // longer words are unknown
	maxWord      = maxWordRunes * 4 // bytes
)

// tokenizer cuts one text into rows. It is made for a text and not used again.
type tokenizer struct {
	*table
	rows    []int32
	word    [maxWord]byte
	n       int // bytes of word in use
	runes   int // of the word, those beyond maxWordRunes counted too
	letter  bool
	letters int // words with a letter
	known   int // those of them that have pieces
}

// run cuts text. It reports false when fewer than half of the words that hold a letter
// are known: the text is in a script beyond the table.
func (t *tokenizer) run(text string) bool {
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(text[i:])
			t.other(r)
			i += n
			continue
		}
		i++
		switch ascii[c] {
		case letterClass:
			t.letter = true
			t.add(c | 0x20)
		case digitClass:
			t.add(c)
		case spaceClass:
			t.flush()
		case punctClass:
			t.flush()
			t.add(c)
			t.flush()
		}
	}
	t.flush()
	return 2*t.known >= t.letters
}

func (t *tokenizer) add(c byte) {
	if t.runes++; t.runes <= maxWordRunes {
		t.word[t.n] = c
		t.n++
	}
}

// other takes a rune beyond ASCII, as FORMAT.md orders the steps.
func (t *tokenizer) other(r rune) {
	switch {
	case isSpace(r):
		t.flush()
	case r == utf8.RuneError || !isAssigned(r):
	case isIdeograph(r):
		t.flush()
		t.folded(r)
		t.flush()
	default:
		if to, ok := t.fold[r]; ok {
			for _, f := range to {
				t.folded(f)
			}
			return
		}
		t.folded(unicode.ToLower(r))
	}
}

func (t *tokenizer) folded(r rune) {
	switch {
	case r == ' ':
		t.flush()
	case unicode.Is(unicode.Mn, r):
	case isPunct(r):
		t.flush()
		t.addRune(r)
		t.flush()
	default:
		t.letter = t.letter || unicode.IsLetter(r)
		t.addRune(r)
	}
}

func (t *tokenizer) addRune(r rune) {
	if t.runes++; t.runes <= maxWordRunes {
		t.n += utf8.EncodeRune(t.word[t.n:t.n+utf8.UTFMax], r)
	}
}

// flush ends the word.
func (t *tokenizer) flush() {
	if t.runes == 0 {
		return
	}
	ok := false
	if t.runes <= maxWordRunes {
		t.rows, ok = t.cut(t.rows, t.word[:t.n])
	}
	if !ok {
		t.rows = append(t.rows, t.unknown)
	}
	if t.letter {
		t.letters++
		if ok {
			t.known++
		}
	}
	t.n, t.runes, t.letter = 0, 0, false
}

const (
	dropClass = iota
	spaceClass
	punctClass
	digitClass
	letterClass
)

// ascii classifies the first 128 code points; what is left at 0 is a control and dropped.
var ascii = func() (class [utf8.RuneSelf]uint8) {
	for c := range class {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			class[c] = letterClass
		case '0' <= c && c <= '9':
			class[c] = digitClass
		case c > ' ' && c < 0x7F:
			class[c] = punctClass
		case c == ' ' || '\t' <= c && c <= '\r':
			class[c] = spaceClass
		}
	}
	return class
}()

func isPunct(r rune) bool {
	return r < utf8.RuneSelf && ascii[r] == punctClass || unicode.Is(unicode.P, r)
}

// isSpace is Unicode's White_Space beyond ASCII.
func isSpace(r rune) bool {
	switch {
	case r == 0x85, r == 0xA0, r == 0x1680, 0x2000 <= r && r <= 0x200A, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}

// isAssigned is the complement of category C (control, format, private use, unassigned).
func isAssigned(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M, unicode.P, unicode.N, unicode.S, unicode.Z)
}

func isIdeograph(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4DBF, 0x4E00 <= r && r <= 0x9FFF, 0xF900 <= r && r <= 0xFAFF,
		0x20000 <= r && r <= 0x2A6DF, 0x2A700 <= r && r <= 0x2B73F, 0x2B740 <= r && r <= 0x2B81F,
		0x2B920 <= r && r <= 0x2CEAF, 0x2F800 <= r && r <= 0x2FA1F:
		return true
	}
	return false
}
