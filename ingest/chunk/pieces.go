package chunk

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"ragway/ingest"
	"ragway/retriever/text"
)

// span is a stretch of the text in bytes and in runes.
type span struct{ from, to, rfrom, rto int }

// piece is a span that fits into a chunk.
type piece struct {
	span
	tokens int
	apart  bool // begins after so much white space that no chunk may reach across it
}

const (
	// Tokenizers merge byte pairs within a word, in time quadratic in its length, so
	// words of a length no language has are cut before they are counted.
	longWord = 512
	// No tokenizer puts this many runes of real text in a token on average: beyond it a
	// text is over the limit without counting.
	maxRunesPerToken = 16
	// White space longer than this many bytes is left out instead of counted.
	wideGap = 64
)

// pieces returns s as one piece if it fits, else cut at lines (where the kind has them),
// sentences, and by halves at words, until each fits.
func (c *cutter) pieces(s span, kind ingest.BlockKind) []piece {
	switch kind {
	case ingest.Table, ingest.Code, ingest.List:
		return c.finer(nil, s, lineCut, sentenceCut)
	}
	return c.finer(nil, s, sentenceCut)
}

func (c *cutter) finer(out []piece, s span, cuts ...func(string) []string) []piece {
	s, apart := c.withoutGap(s)
	body := c.text[s.from:s.to]
	if body == "" {
		return out
	}
	if s.rto-s.rfrom <= c.limit*maxRunesPerToken && !hasLongWord(body) {
		n := c.count(body)
		if n+wordSlack > c.limit && n <= c.limit && indented(body) {
			n = max(n, c.count(strings.TrimSpace(body)))
		}
		if n <= c.limit || s.rto-s.rfrom == 1 {
			return append(out, piece{s, n, apart})
		}
	}
	parts := []string(nil)
	if len(cuts) > 0 {
		parts, cuts = cuts[0](body), cuts[1:]
	} else {
		mid := middle(body)
		parts = []string{body[:mid], body[mid:]}
	}
	first, from, rfrom := len(out), s.from, s.rfrom
	for _, part := range parts {
		p := span{from, from + len(part), rfrom, rfrom + utf8.RuneCountInString(part)}
		out = c.finer(out, p, cuts...)
		from, rfrom = p.to, p.rto
	}
	if apart && first < len(out) {
		out[first].apart = true
	}
	return out
}

// withoutGap drops wide white space from the front of s, and all of it from a blank s.
func (c *cutter) withoutGap(s span) (span, bool) {
	n := leading(c.text[s.from:s.to])
	if n <= wideGap && n < s.to-s.from {
		return s, false
	}
	s.rfrom += utf8.RuneCountInString(c.text[s.from : s.from+n])
	s.from += n
	return s, n > wideGap
}

func hasLongWord(s string) bool {
	run := 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			run = 0
		} else if run++; run > longWord {
			return true
		}
	}
	return false
}

// lineCut cuts before each line end, which becomes the beginning of the next piece.
func lineCut(s string) []string {
	var out []string
	start := 0
	for i := leading(s); i < len(s); {
		n := strings.IndexByte(s[i:], '\n')
		if n < 0 {
			break
		}
		end := i + n
		i = end + leading(s[end:])
		out = append(out, s[start:end])
		start = end
	}
	return append(out, s[start:])
}

// sentenceCut cuts after each sentence; the white space between goes to the next piece.
func sentenceCut(s string) []string {
	var out []string
	start := 0
	for _, r := range text.Sentences(s) {
		out = append(out, s[start:r.End])
		start = r.End
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}

// middle is a place near the middle of s to cut it: before white space if there is any
// in the middle half, else between signs of a script that writes no blanks, else between
// any two runes, the second not a mark on the first. Both parts are non-empty if s has
// two runes or more.
func middle(s string) int {
	half := len(s) / 2
	for !utf8.RuneStart(s[half]) {
		half--
	}
	if half == 0 {
		_, half = utf8.DecodeRuneInString(s)
	}
	low, high := len(s)/4, len(s)-len(s)/4
	for _, fits := range []func(before, at rune) bool{atBlank, betweenSigns, notAtMark} {
		for i := half; i < high; i++ {
			if utf8.RuneStart(s[i]) && cuttable(s, i, fits) {
				return i
			}
		}
		for i := half - 1; i > low; i-- {
			if utf8.RuneStart(s[i]) && cuttable(s, i, fits) {
				return i
			}
		}
	}
	return half
}

func cuttable(s string, i int, fits func(before, at rune) bool) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	at, _ := utf8.DecodeRuneInString(s[i:])
	return fits(before, at)
}

func atBlank(before, at rune) bool { return unicode.IsSpace(at) && !unicode.IsSpace(before) }

func betweenSigns(before, at rune) bool { return unspaced(before) && unspaced(at) }

func notAtMark(_, at rune) bool { return !unicode.Is(unicode.M, at) }

// unspaced reports whether the script of r writes no blanks between words.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func leading(s string) int { return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace)) }

func runes(s string) int { return utf8.RuneCountInString(s) }

func blank(s string) bool { return strings.TrimSpace(s) == "" }
