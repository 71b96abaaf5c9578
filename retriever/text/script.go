package text

import (
	"unicode"
	"unicode/utf8"
)

// runeClass says how a run of text is cut into terms.
type runeClass uint8

const (
	classNone    runeClass = iota // punctuation, symbols, white space: no term
	classWord                     // letters and digits of scripts that put spaces between words
	classHan                      // Han and kana: overlapping pairs, and each ideograph
	classHangul                   // overlapping pairs within a word
	classComplex                  // Thai, Lao, Khmer, Burmese: overlapping triples
	classEmoji                    // a term of its own
)

// classOf is the class of a UAX #29 word, which its first rune decides: low lines apart,
// what does not start with a letter or digit (a blank with an accent, say) is no word.
// Hangul is in words too, because UAX #29 does not part it from Latin letters and digits.
func classOf(token string) runeClass {
	for i, r := range token {
		switch {
		case r == '_':
			continue
		case r < utf8.RuneSelf:
			if isASCIILetter(token[i]) || isDigit(token[i]) {
				return classWord
			}
			return classNone
		default:
			if class := classOfRune(r); class != classHangul {
				return class
			}
			return classWord
		}
	}
	return classNone
}

func classOfRune(r rune) runeClass {
	switch {
	case r < 0x0E00:
	case r < 0x0F00, 0x1000 <= r && r < 0x10A0, 0x1780 <= r && r < 0x1800, // Thai and Lao, Burmese, Khmer
		0xA9E0 <= r && r < 0xAA00, 0xAA60 <= r && r < 0xAA80: // Burmese extensions
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			return classComplex
		}
	case 0xAC00 <= r && r < 0xD7FC, 0x1100 <= r && r < 0x1200:
		return classHangul
	case isEmoji(r):
		return classEmoji
	case r == '々', r == 'ー', r == '〇', unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && unicode.IsLetter(r):
		return classHan
	}
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return classWord
	}
	return classNone
}

// isGrammed reports whether part, a run in one script, is cut into grams.
func isGrammed(part string) bool {
	r, _ := utf8.DecodeRuneInString(part)
	return r >= utf8.RuneSelf && classOfRune(r) != classWord
}

// writing tells the scripts apart that words mix; every other is one with the first that
// it stands beside.
func writing(r rune) runeClass {
	const latin, greek, cyrillic, hebrew, arabic = 101, 102, 103, 104, 105
	switch {
	case !unicode.IsLetter(r):
		return classNone
	case r < 0x0370, 0x1E00 <= r && r < 0x1F00:
		return latin
	case r < 0x0400, 0x1F00 <= r && r < 0x2000:
		return greek
	case r < 0x0530:
		return cyrillic
	case 0x0590 <= r && r < 0x0600:
		return hebrew
	case 0x0600 <= r && r < 0x0780:
		return arabic
	}
	return classOfRune(r)
}

// splitScripts cuts w where the script changes: CPU는 into CPU and 는, TNFα into TNF and α.
// Digits stay with what they stand beside, unless that is cut into grams; marks with the
// letter before.
func splitScripts(w string) []string {
	var parts []string
	start, now := 0, classNone
	for i, r := range w {
		next := writing(r)
		if next == classNone {
			if now < classHan || now > classComplex || !unicode.IsNumber(r) {
				continue
			}
		} else if next == now || now == classNone && (next < classHan || next > classComplex) {
			now = next
			continue
		}
		if i > start {
			parts = append(parts, w[start:i])
		}
		start, now = i, next
	}
	return append(parts, w[start:])
}
