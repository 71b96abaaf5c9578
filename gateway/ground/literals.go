package ground

import (
	"slices"
	"strings"
)

// Literals is a set of markers, e.g. [7] or 【7】. The zero value is empty.
type Literals struct {
	bits [forms][2]uint64 // of the numbers 0 to maxPlain
}

// openers are what a marker can begin with. Each is looked for on its own: IndexAny goes rune
// by rune, which in a long request took a millisecond.
var openers = [...]string{"[", "【", "［"}

// Scan adds every marker that stands in text, each number of a list on its own.
func (l *Literals) Scan(text string) {
	var next [len(openers)]int // where each stands next
	for i, opener := range openers {
		next[i] = indexFrom(text, opener, 0)
	}
	var b []byte // a long text is not copied for nothing
	for {
		at := slices.Min(next[:])
		if at == len(text) {
			return
		}
		if b == nil {
			b = []byte(text)
		}
		to := at + l.scanAt(b[at:])
		for i, opener := range openers {
			if next[i] < to {
				next[i] = indexFrom(text, opener, to)
			}
		}
	}
}

// indexFrom is where s stands in text at or after from, else the end of text.
func indexFrom(text, s string, from int) int {
	if i := strings.Index(text[from:], s); i >= 0 {
		return from + i
	}
	return len(text)
}

// scanAt adds the marker that b begins with, and returns how many bytes are done with.
func (l *Literals) scanAt(b []byte) int {
	m, what := parseMarker(b)
	if what != match {
		return 1
	}
	for _, it := range m.numbers() {
		if it.number <= maxPlain {
			l.bits[m.form][it.number/64] |= 1 << (it.number % 64)
		}
	}
	return m.size
}

func (l *Literals) has(s form, number int) bool {
	return number <= maxPlain && l.bits[s][number/64]&(1<<(number%64)) != 0
}

// MaxMarker is the highest source number up to 99 that text cites, 0 when it cites none.
// What a Citer takes for text does not count.
func MaxMarker(text string) int {
	c := NewCiter(Options{})
	for n := 1; n <= maxPlain; n++ {
		c.sources.add(n)
	}
	highest := 0
	for len(text) > 0 { // piece by piece: the citations of a long text are not kept
		n := min(len(text), maxCitations)
		c.Feed(text[:n])
		text = text[n:]
		if text == "" {
			c.Flush()
		}
		for _, cite := range c.citations {
			highest = max(highest, cite.Source)
		}
		c.citations = c.citations[:0]
	}
	return highest
}

// FirstNumber is where the numbers of new sources start when highest is the highest cited
// in earlier turns: the next one, but no more than 99.
func FirstNumber(highest int) int { return min(highest+1, maxPlain) }
