package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// terminalEscape is a colour or cursor command, as build logs are full of.
var terminalEscape = regexp.MustCompile("\x1b(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|[@-Z\\\\-_])")

// cleanText normalises running text: "\n" line ends, no trailing blanks, at most one
// empty line in a row, none at the ends, no control signs, valid UTF-8.
func cleanText(s string) string { return strings.TrimLeftFunc(normalise(s, 1), unicode.IsSpace) }

// cleanCode does the same but keeps empty lines.
func cleanCode(s string) string { return normalise(s, -1) }

// inline is cleanText on one line.
func inline(s string) string { return strings.Join(strings.Fields(cleanText(s)), " ") }

func normalise(s string, maxEmpty int) string {
	if strings.IndexByte(s, '\x1b') >= 0 {
		s = terminalEscape.ReplaceAllString(s, "")
	}
	var b strings.Builder
	b.Grow(len(s))
	newlines, blanks := 0, []byte(nil) // pending white space; written once something follows
	wrote := false
	flush := func() {
		if wrote && newlines > 0 {
			if maxEmpty >= 0 {
				newlines = min(newlines, maxEmpty+1)
			}
			for range newlines {
				b.WriteByte('\n')
			}
		}
		newlines = 0
		b.Write(blanks)
		blanks = blanks[:0]
		wrote = true
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				n = 2
			}
			newlines, blanks = newlines+1, blanks[:0]
		case r == '\n' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			newlines, blanks = newlines+1, blanks[:0]
		case unicode.IsSpace(r):
			blanks = append(blanks, plainBlank(r, s[i:i+n])...)
		case dropped(r):
		default:
			flush()
			if r == utf8.RuneError {
				b.WriteRune(utf8.RuneError)
			} else {
				b.WriteString(s[i : i+n])
			}
		}
		i += n
	}
	return b.String()
}

// plainBlank makes a no-break space a space: nobody types one in a question.
func plainBlank(r rune, as string) string {
	if r == '\u00A0' || r == '\u202F' || r == '\u2007' {
		return " "
	}
	return as
}

// dropped reports whether r is not text: control signs, soft hyphens, byte order marks,
// and the bidirectional controls that make a text read other than it is stored. Joiners
// stay, Persian and emoji need them.
func dropped(r rune) bool {
	switch {
	case r == '\t' || r == '\n':
		return false
	case unicode.Is(unicode.Cc, r):
		return true
	case r == '\u00AD', r == '\uFEFF', r == '\u200B', r == '\u2060':
		return true
	case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
		return true
	case r&0xFFFE == 0xFFFE: // noncharacters
		return true
	}
	return false
}
