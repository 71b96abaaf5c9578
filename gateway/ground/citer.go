package ground

import "bytes"

// Citation is one source cited at one place.
type Citation struct {
	Source     int // its number
	Start, End int // of the marker, in characters (code points) of the text put out

	ByteStart, ByteEnd int // the same place, in bytes of UTF-8
}

// Options say what the markers of an answer can mean.
type Options struct {
	// Sources are the numbers that exist, each below 1,000.
	Sources []int
	// Literals are the markers that stand in the request or in the sources. One that
	// points to no source is then text and stays.
	Literals Literals
	// Style says how valid markers go out; default: Annotations.
	Style Style
	// Lookup tells what a number stands for, for Links and Footnotes.
	Lookup func(number int) Source
	// Disabled passes everything through, as for JSON output. A text that is JSON by how it
	// starts is passed through in any case.
	Disabled bool
}

// Counts says what became of the source numbers in an answer's markers.
type Counts struct {
	Valid   int // they are cited
	Invalid int // they point nowhere and were removed
}

// Citer finds the citation markers in one choice's text and takes out those that point
// nowhere. What it puts out depends on the text alone, not on the pieces it came in.
//
// A marker is a source number of up to two digits, or one that exists, in brackets: [1],
// [1, 2], [1-3], [[1]], [^1], [^1^], [doc1], [Source 1], [citation:1], 【1】, 【1†source】, ［1］,
// and what Links makes of one, [[1]](url), for models repeat it. It is text, and
// left alone, in Markdown code, as the label of a link or of a link's definition, behind a
// backslash, as the index of something that looks like code (x[1], row_ids[2]), as a range
// with an end that does not exist, and when it points nowhere but is one of the Literals.
//
// A removed marker takes with it the one blank before it, unless a word follows directly;
// at the start of a line it takes the blank after it. In a list of markers the comma goes
// too: "a [7], [1]." becomes "a [1].". Of [1, 7] only [1] stays. Under None valid markers
// are removed in the same way; their citations are empty places.
type Citer struct {
	literals Literals
	disabled bool
	sources  numbers
	first    int // the lowest of them
	style    Style
	lookup   func(int) Source
	notes    notes // of Footnotes

	json   outcome // whether the text is JSON; needMore while its start does not tell
	code   code
	buf    []byte // text from the look-back on
	at     int    // in buf: up to here it has been dealt with
	final  bool
	out    []byte // of the current call
	counts Counts

	chars, bytes int  // put out so far
	last         byte // of what was put out
	breaks       int  // line ends that it ends in

	citations []Citation
}

// maxCitations bounds what an answer of nothing but markers costs: each becomes some 200
// bytes of annotation. Further ones stay in the text and are counted.
const maxCitations = 4096

// lookBack is how much of the text before a place decides what stands there, in bytes.
const lookBack = 48

// before is the text looked back on from i. Its length does not depend on how much happens
// to be in the buffer.
func (c *Citer) before(i int) []byte { return c.buf[max(0, i-lookBack):i] }

// numbers is a set of numbers up to maxNumber.
type numbers [(maxNumber + 64) / 64]uint64

func (s *numbers) add(n int) {
	if 0 <= n && n <= maxNumber {
		s[n/64] |= 1 << (n % 64)
	}
}

func (s *numbers) has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

// NewCiter starts on a new text.
func NewCiter(opts Options) *Citer {
	c := &Citer{literals: opts.Literals, disabled: opts.Disabled, style: opts.Style, lookup: opts.Lookup, json: needMore}
	for i, n := range opts.Sources {
		c.sources.add(n)
		if i == 0 || n < c.first {
			c.first = n
		}
	}
	return c
}

// Feed takes the next piece of the text and returns what is ready to go out. It keeps back
// the end of what it has while that could be part of a marker.
func (c *Citer) Feed(delta string) string {
	if c.disabled {
		return delta
	}
	c.buf = append(c.buf, delta...)
	c.advance()
	if string(c.out) == delta {
		return delta
	}
	return string(c.out)
}

// Flush returns what was kept back. The text is then complete.
func (c *Citer) Flush() string {
	if c.disabled {
		return ""
	}
	c.final = true
	c.advance()
	c.footnotes()
	return string(c.out)
}

// Citations are those put out so far, in order, at most maxCitations. A marker of several sources is several
// citations of one place.
func (c *Citer) Citations() []Citation { return c.citations }

// Counts says what became of the markers so far.
func (c *Citer) Counts() Counts { return c.counts }

// Cite does a whole text at once.
func Cite(text string, opts Options) (out string, citations []Citation, counts Counts) {
	c := NewCiter(opts)
	out = c.Feed(text)
	out += c.Flush()
	return out, c.Citations(), c.Counts()
}

// advance deals with as much of the text as can be decided.
func (c *Citer) advance() {
	c.out = c.out[:0]
	if c.json == needMore {
		c.json = opensJSON(c.buf, c.final)
	}
	switch c.json {
	case needMore:
		return
	case match:
		c.pass(len(c.buf) - c.at)
	}
	for c.at < len(c.buf) && c.step() {
	}
	if drop := c.at - lookBack; drop > 0 {
		c.buf = c.buf[:copy(c.buf, c.buf[drop:])]
		c.at -= drop
	}
}

// step deals with the next piece of text and reports whether it could be decided.
func (c *Citer) step() bool {
	rest := c.buf[c.at:]
	if c.code.mode != prose {
		c.pass(c.code.skip(rest))
		return true
	}
	switch plain := plainLen(rest); {
	case plain > 0:
		c.pass(plain)
		return true
	case rest[0] == '`' || rest[0] == '~':
		c.code.start(rest[0], leadsLine(c.before(c.at)))
		return true
	}
	gap := 0
	if rest[0] == ' ' {
		gap = 1
	}
	switch opens(rest[gap:]) {
	case match:
		return c.markers(gap)
	case needMore:
		if !c.final {
			return false
		}
	}
	c.pass(1)
	return true
}

// plainLen is how far b holds nothing of interest.
func plainLen(b []byte) int {
	for i, c := range b {
		switch c {
		case ' ', '[', '`', '~', lenticularOpen[0], fullwidthOpen[0]:
			return i
		}
	}
	return len(b)
}

// pass puts out the next n bytes as they are.
func (c *Citer) pass(n int) {
	c.emit(c.buf[c.at : c.at+n])
	c.at += n
}

func (c *Citer) emit(b []byte) {
	if len(b) == 0 {
		return
	}
	c.out = append(c.out, b...)
	c.chars += charCount(b)
	c.bytes += len(b)
	c.last = b[len(b)-1]
	if c.last != '\n' {
		c.breaks = 0
		return
	}
	ends := len(b) - len(bytes.TrimRight(b, "\n"))
	if ends == len(b) {
		ends += c.breaks
	}
	c.breaks = ends
}
