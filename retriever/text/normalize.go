package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normalize makes s ready to be cut into words: bytes that are not UTF-8 part words, what
// only formats a text is dropped, and the rest is NFKC.
//
// Normalising costs more than all else that is done to a text. Only what may change by it
// is, with the ASCII byte before: no such byte is ever changed by what comes before it.
func normalize(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, " ")
	}
	var b strings.Builder
	done, start := 0, 0 // of what b lacks; of what is to be normalised with a rune found
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			start = i
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if isNormal(r) {
			i += n
			continue
		}
		if isWidePunctuation(r) {
			b.WriteString(s[done:i])
			b.WriteByte(byte(r - 0xFEE0))
			i += n
			done, start = i, i
			continue
		}
		for i < len(s) && s[i] >= utf8.RuneSelf {
			i++
		}
		b.WriteString(s[done:start])
		b.WriteString(norm.NFKC.String(clean(s[start:i])))
		done, start = i, i
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// isNormal reports whether r is one of the common letters and signs that normalize leaves
// as they are, unless a mark follows.
func isNormal(r rune) bool {
	switch {
	case r < 0xC0:
		return false
	case r < 0x100, 0x0391 <= r && r < 0x03CF, 0x0400 <= r && r < 0x0480, 0x0620 <= r && r < 0x0640, 0x0641 <= r && r < 0x064B:
		return true
	case 0x2013 <= r && r < 0x2015, 0x2018 <= r && r < 0x201E:
		return true
	}
	return 0x3001 <= r && r < 0x3012 || 0x3041 <= r && r < 0x3097 || 0x30A1 <= r && r < 0x30FD || 0x4E00 <= r && r < 0xA000 || 0xAC00 <= r && r < 0xD7A4
}

// isWidePunctuation reports whether r is one of the signs that every other clause of
// Chinese ends with, or the like; its NFKC is the ASCII sign.
func isWidePunctuation(r rune) bool {
	return 0xFF01 <= r && r < 0xFF10 || 0xFF1A <= r && r < 0xFF21
}

// clean does what NFKC does not, or would do wrongly for words: it would make Windows™
// WindowsTM, 12½ 121/2 and a footnote's word¹ word1.
func clean(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if !mayBeReplaced[s[i]] {
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if as, ok := replacement(r, s[:i]); ok {
			if done == 0 {
				b.Grow(len(s) + 16)
			}
			b.WriteString(s[done:i])
			b.WriteString(as)
			done = i + n
		}
		i += n - 1
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// mayBeReplaced are the first bytes of the runes that replacement knows: letters of most
// scripts are passed over.
var mayBeReplaced = [256]bool{0xC2: true, 0xCD: true, 0xD6: true, 0xD8: true, 0xDB: true, 0xDC: true,
	0xE0: true, 0xE1: true, 0xE2: true, 0xEF: true, 0xF0: true, 0xF3: true}

// replacement is what stands for r behind the text before.
func replacement(r rune, before string) (as string, ok bool) {
	switch {
	case r == zeroWidthJoiner:
		last, _ := utf8.DecodeLastRuneInString(strings.TrimSuffix(before, "\ufe0f"))
		return "", !isEmoji(last)
	case isFormat(r):
		return "", true
	case r == '™', r == '℠':
		return " ", true
	case r == '№':
		return "no ", true
	case r == '‐', r == '‑', r == '־': // hyphens, the Hebrew one too
		return "-", true
	case isRaised(r):
		return " " + string(r), true
	}
	return "", false
}

const zeroWidthJoiner = '\u200d'

// isFormat reports whether r has no letter of its own: soft hyphens, zero-width signs and
// direction marks, and the selectors of one glyph or another.
func isFormat(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == '\u034f' || 0xFE00 <= r && r <= 0xFE0F || 0xE0100 <= r && r <= 0xE01EF
}

// isRaised reports whether r is a fraction, or a raised number: a footnote or an exponent,
// neither of which belongs to the word before. Lowered ones do: CO₂.
func isRaised(r rune) bool {
	return r < 0x2190 && !('₀' <= r && r <= '₉') && unicode.Is(unicode.No, r)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
