package ground

import "bytes"

// index says whether a bracket is the index of what stands before it.
type index uint8

const (
	prosaic      index = iota
	perhapsIndex       // A[1] or myList[1]: a citation if there is such a source
	indexLike          // x[1], row_ids[1], $argv[1]
)

// indexed looks at the word that a bracket follows directly. Models do cite without a
// blank ("in Paris[1]."), so only what is hardly a word of prose counts as code.
func indexed(before []byte) index {
	if n := len(before); n > 0 && before[n-1] == ']' { // x[1][2]
		if open := bytes.LastIndexByte(before, '['); open >= 0 {
			return indexed(before[:open])
		}
	}
	start := len(before)
	for start > 0 && isIdentifier(before[start-1]) {
		start--
	}
	word := before[start:]
	switch {
	case len(word) == 0 || start > 0 && before[start-1] >= 0x80:
		return prosaic
	case bytes.IndexByte(word, '_') >= 0, start > 0 && before[start-1] == '$':
		return indexLike
	case len(word) == 1 && 'a' <= word[0] && word[0] <= 'z':
		return indexLike
	case len(word) == 1 && isLetter(word[0]), isCamel(word):
		return perhapsIndex
	}
	return prosaic
}

// isCamel reports whether word is like myList: iPhone and eBay are, too.
func isCamel(word []byte) bool {
	if word[0] < 'a' || word[0] > 'z' {
		return false
	}
	return bytes.ContainsFunc(word, func(r rune) bool { return 'A' <= r && r <= 'Z' })
}

func isIdentifier(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// startsLine reports whether before is the end of a line or nothing.
func startsLine(before []byte) bool {
	return len(before) == 0 || before[len(before)-1] == '\n'
}

// leadsLine reports whether only blanks, quote marks and list marks stand on the line yet.
func leadsLine(before []byte) bool {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	if len(line) == lookBack && len(line) == len(before) {
		return false // the line starts further back
	}
	return len(bytes.Trim(line, " \t>-*+.)0123456789")) == 0
}
