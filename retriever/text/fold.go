package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// respell writes digits of every script as ASCII ones, and every apostrophe alike.
func respell(w string) string {
	if isASCII(w) {
		return w
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
		case r == '’', r == '‘', r == 'ʼ', r == 'ʻ', r == '׳':
			return '\''
		case r == '״':
			return '"'
		case r == '٫':
			return '.'
		case r == '٬':
			return ','
		case unicode.IsDigit(r):
			return digit(r)
		}
		return r
	}, w)
}

// digit is the ASCII digit for r, a decimal digit: Unicode keeps the ten of each script
// together, in order.
func digit(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}

// fold is s in small letters, spelled the one way of those that mean the same.
func (l *language) fold(s string) string {
	if l.lower == nil && isASCII(s) {
		return strings.ToLower(s)
	}
	if isCaseless(s) {
		return strings.Map(foldRune, s)
	}
	if l.lower != nil {
		s = l.lower(s)
	} else {
		s = cases.Fold().String(s)
	}
	if isASCII(s) {
		return s
	}
	s = strings.ReplaceAll(strings.Map(foldRune, norm.NFKC.String(s)), "i\u0307", "i")
	if l.plain {
		s = asciiLetters.Replace(stripMarks(s, isLatin))
	}
	if strings.ContainsFunc(s, isGreek) {
		s = stripMarks(s, isGreek) // capitals are written without them
	}
	return strings.ReplaceAll(s, "œ", "oe")
}

// isCaseless reports whether s is of scripts without capitals, Hebrew to Tibetan, or Han.
func isCaseless(s string) bool {
	for _, r := range s {
		if r < 0x0590 || 0x1000 <= r && r < 0x4E00 || 0xA000 <= r {
			return false
		}
	}
	return true
}

// asciiLetters are what those without them on the keyboard write for Latin letters that
// have no mark to strip.
var asciiLetters = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "ħ", "h", "ı", "i")

// foldRune spells alike what writers of a script take for the same, and drops the marks
// that only help to read it; -1 drops a rune.
func foldRune(r rune) rune {
	switch {
	case r < 0x0300 || 0x0900 <= r && r != zeroWidthJoiner:
		return r
	case r == 'ς':
		return 'σ'
	case r == 'ё':
		return 'е'
	case r == 'أ', r == 'إ', r == 'آ', r == 'ٱ':
		return 'ا'
	case r == 'ک':
		return 'ك'
	case r == 'ی':
		return 'ي'
	case r == zeroWidthJoiner, r == 'ـ', isReadingMark(r):
		return -1
	}
	return r
}

// isReadingMark reports whether r is a mark that is mostly left out: the stress of
// Cyrillic words, Hebrew points, Arabic vowels.
func isReadingMark(r rune) bool {
	return r == 0x0301 || r == 0x0300 ||
		0x0591 <= r && r <= 0x05C7 && r != 0x05BE && r != 0x05C0 && r != 0x05C3 && r != 0x05C6 ||
		0x0610 <= r && r <= 0x061A || 0x064B <= r && r <= 0x065F || r == 0x0670 || 0x06D6 <= r && r <= 0x06ED && unicode.Is(unicode.Mn, r)
}

func isLatin(r rune) bool { return unicode.Is(unicode.Latin, r) }

func isGreek(r rune) bool { return r >= 0x0370 && unicode.Is(unicode.Greek, r) }

// stripMarks removes the marks of the letters that of selects; those of other scripts
// belong to the letter (Indic vowels) and stay.
func stripMarks(s string, of func(rune) bool) string {
	var b strings.Builder
	strip := false
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if strip {
				continue
			}
		} else {
			strip = of(r)
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}
