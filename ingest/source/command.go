package source

import (
	"fmt"
	"strings"
)

// splitCommand cuts a command at white space, outside of quotes. Nothing else has a
// meaning: no shell runs, so there are no variables, no globs, no backslashes.
func splitCommand(s string) (argv []string, err error) {
	var word strings.Builder
	quote, inWord := rune(0), false
	for _, c := range s {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case strings.ContainsRune(" \t\n\r", c):
			if inWord {
				argv = append(argv, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteRune(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c quote is never closed", quote)
	}
	if inWord {
		argv = append(argv, word.String())
	}
	return argv, nil
}
