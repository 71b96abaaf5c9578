package upstream

import (
	"io"
	"strconv"
	"strings"
)

// String is the quote with its marker, which stands behind the sentence: for a quote of
// several lines, behind the sentence that introduces them.
func (q quote) String() string {
	marker := " [" + strconv.Itoa(q.n) + "]"
	switch {
	case q.kind == codeBlock:
		return "```\n" + q.text + "\n```\n" + strings.TrimSpace(marker)
	case q.code != "":
		return q.text + marker + "\n\n" + q.code
	}
	return q.text + marker
}

func readCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }
