package text

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// joiners are the signs that, single and without blanks, join words to a compound: those
// of ISO-27001, AB-1234/5, AT&T, 10:30, a path, a host name or a mail address.
const joiners = "-/.:\\@&+~"

// compound extends the word that it stands on over what belongs to the same compound, and
// the signs of C++, C# and their like. It returns the end of the whole and whether the
// iterator, moved past it, stands on another token.
func compound(s string, it *words.Iterator[string]) (end int, ok bool) {
	start, end := it.Start(), it.End()
	part, next := start, end
	for ok = it.Next(); ok && it.Start() == next; ok = it.Next() {
		switch v := it.Value(); {
		case next > end:
			if classOf(v) != classWord || it.End()-start > maxTermBytes {
				return end, ok
			}
			part, end, next = it.Start(), it.End(), it.End()
		case v[0] == ' ':
			return end, ok
		case hasSign(s[part:end], s[end:]) > 0:
			for n := hasSign(s[part:end], s[end:]); n > 1; n -= len(it.Value()) {
				it.Next()
			}
			end, next = it.End(), it.End()
		case len(v) == 1 && strings.IndexByte(joiners, v[0]) >= 0:
			next = it.End()
		default:
			return end, ok
		}
	}
	return end, ok
}

// hasSign is the length of the sign in rest that belongs to the name before it: C++, F#.
func hasSign(name, rest string) int {
	if len(name) == 0 || len(name) > 2 || rest == "" || !isASCIILetter(name[0]) || !isASCIILetter(name[len(name)-1]) {
		return 0
	}
	switch {
	case strings.HasPrefix(rest, "++"):
		return 2
	case rest[0] == '#':
		return 1
	}
	return 0
}

func isASCIILetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// dotted reports whether the word at start is one with its dot: .NET, .gitignore.
func dotted(s string, start int) bool {
	if start == 0 || s[start-1] != '.' || start == len(s) || !isASCIILetter(s[start]) {
		return false
	}
	return start == 1 || strings.IndexByte(" \t\r\n\"'([{*,", s[start-2]) >= 0
}

// maxGroups bounds the groups of a number written with blanks between its thousands, so
// that a table's row of numbers is not taken for one.
const maxGroups = 4

// spaced is the end of a number that starts at start and has blanks between its
// thousands, as in 1 234 567,89; 0 if there is none.
func spaced(s string, start, end int) int {
	if end-start > 3 || s[start] == '0' || !allDigits(s[start:end]) || start > 1 && isBlank(s[start-1]) && isDigit(s[start-2]) {
		return 0
	}
	groups := 1
	for end+4 <= len(s) && isBlank(s[end]) && allDigits(s[end+1:end+4]) {
		end, groups = end+4, groups+1
		if groups > maxGroups {
			return 0
		}
	}
	rest := s[end:]
	switch {
	case groups < 2, rest != "" && isDigit(rest[0]), len(rest) > 1 && isBlank(rest[0]) && isDigit(rest[1]):
		return 0
	case len(rest) > 1 && (rest[0] == ',' || rest[0] == '.') && isDigit(rest[1]):
		digits := len(rest) - len(strings.TrimLeft(rest[1:], "0123456789"))
		end += min(digits, maxFraction)
		rest = s[end:]
	}
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && classOfRune(r) == classWord {
		return 0
	}
	return end
}

const maxFraction = 1 + 8 // the sign and the digits that matter

func isBlank(c byte) bool { return c == ' ' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}
