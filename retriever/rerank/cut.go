package rerank

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// cut is the beginning of s, at most most characters of it, ending with a whole word where
// its last quarter holds a space, and else with a whole character: one that combining marks
// and joiners belong to is kept with them or not at all.
func cut(s string, most int) string {
	end := offset(s, most)
	if end == len(s) {
		return s
	}
	next, _ := utf8.DecodeRuneInString(s[end:])
	if space := strings.LastIndexFunc(s[:end], unicode.IsSpace); !unicode.IsSpace(next) && space > end*3/4 {
		end = space
	}
	return strings.TrimRightFunc(s[:beforeMarks(s, end)], unicode.IsSpace)
}

// offset is where the character after the first n begins.
func offset(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// beforeMarks moves end back to where it parts no character from what belongs to it; not
// at all where that is more than 32 characters away, which no script needs.
func beforeMarks(s string, end int) int {
	at := end
	for range 32 {
		next, _ := utf8.DecodeRuneInString(s[at:])
		last, size := utf8.DecodeLastRuneInString(s[:at])
		if !unicode.Is(unicode.M, next) && next != joiner && last != joiner {
			return at
		}
		at -= size
	}
	return end
}

const joiner = '\u200d' // binds emoji to one
