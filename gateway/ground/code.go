package ground

import "strings"

// code follows Markdown code through a text byte by byte: fenced blocks, and code spans
// within a line. A span that is not closed ends with its line, so that a lone backtick
// does not silence the rest of an answer.
type code struct {
	mode  codeMode
	char  byte // ` or ~
	size  int  // of the opening run
	run   int  // of char, so far
	lead  bool // the opening run is the first thing on its line
	close closing
}

type codeMode uint8

const (
	prose   codeMode = iota
	opening          // within the opening run
	span             // within a code span
	info             // on the line of a fence's opening
	body             // within a fenced block
)

// closing is how far a line of a fenced block may be the one that closes it.
type closing uint8

const (
	lineStart closing = iota // blanks and quote marks only
	inRun                    // in a run of the fence's character
	afterRun                 // a run long enough, then blanks
	ordinary
)

// start begins code at a run of char.
func (k *code) start(char byte, lead bool) { *k = code{mode: opening, char: char, lead: lead} }

// skip consumes code and returns how many bytes it took. It is prose from there on unless
// all of b was taken.
func (k *code) skip(b []byte) int {
	for i, c := range b {
		switch k.mode {
		case opening:
			k.open(c)
		case span, info:
			k.inLine(c)
		case body:
			k.inBody(c)
		}
		if k.mode == prose {
			if c == '\n' { // it belongs to the code it ends
				return i + 1
			}
			return i
		}
	}
	return len(b)
}

// open counts the run and decides at its end what it opens.
func (k *code) open(c byte) {
	if c == k.char {
		k.size++
		return
	}
	switch {
	case k.lead && k.size >= 3:
		k.mode = info
	case k.char == '`':
		k.mode = span
	default:
		k.mode = prose // ~~struck~~
		return
	}
	k.inLine(c)
}

func (k *code) inLine(c byte) {
	switch {
	case c == '`' && k.char == '`':
		k.run++
	case k.run == k.size:
		k.mode = prose // closed by the run just before
	case c == '\n' && k.mode == info:
		k.mode, k.close, k.run = body, lineStart, 0
	case c == '\n':
		k.mode = prose
	default:
		k.run = 0
	}
}

func (k *code) inBody(c byte) {
	blank := c == ' ' || c == '\t' || c == '\r'
	switch {
	case c == '\n':
		if k.run >= k.size && k.close != ordinary {
			k.mode = prose
		}
		k.close, k.run = lineStart, 0
	case k.close == lineStart && (blank || c == '>'):
	case c == k.char && (k.close == lineStart || k.close == inRun):
		k.close = inRun
		k.run++
	case blank && (k.close == inRun || k.close == afterRun):
		k.close = afterRun
	default:
		k.close = ordinary
	}
}

// unclosed is what closes the fenced block that the text ends in, "" outside of one.
func (k *code) unclosed() string {
	switch {
	case k.mode == opening && k.lead && k.size >= 3:
	case k.mode == info && (k.char != '`' || k.run != k.size):
	case k.mode == body && (k.run < k.size || k.close == ordinary || k.close == lineStart):
	default:
		return ""
	}
	return strings.Repeat(string(k.char), k.size)
}
