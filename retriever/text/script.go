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
)

// classOf is the class of a UAX #29 word, which its first rune decides: low lines apart,
// what does not start with a letter or digit (a blank with an accent, say) is no word.
func classOf(token string) runeClass {
	for i, r := range token {
		switch {
		case r == '_':
			continue
		case r < utf8.RuneSelf:
			if isASCIIAlnum(token[i]) {
				return classWord
			}
			return classNone
		default:
			return classOfRune(r)
		}
	}
	return classNone
}

func isASCIIAlnum(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
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
	case r == '々', r == 'ー', unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) && unicode.IsLetter(r):
		return classHan
	}
	if unicode.IsLetter(r) || unicode.IsNumber(r) {
		return classWord
	}
	return classNone
}

// hanTerms are the overlapping pairs of a run of Han and kana, and its single ideographs,
// each of which can be a word: a search for 猫 finds it in any company. On CMRC 2018 the
// singles raise hit@1 from .965 to .970 as well.
func hanTerms(run string) []string {
	terms := grams(run, 2)
	if len(terms) == 1 && utf8.RuneCountInString(run) == 1 {
		return terms
	}
	for _, r := range run {
		if unicode.Is(unicode.Han, r) {
			terms = append(terms, string(r))
		}
	}
	return terms
}

// grams cuts s into its overlapping runs of n runes; a shorter s is one.
func grams(s string, n int) []string {
	var starts []int
	for i := range s {
		starts = append(starts, i)
	}
	if len(starts) <= n {
		return []string{s}
	}
	starts = append(starts, len(s))
	out := make([]string, 0, len(starts)-n)
	for i := 0; i+n < len(starts); i++ {
		out = append(out, s[starts[i]:starts[i+n]])
	}
	return out
}
