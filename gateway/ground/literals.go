package ground

import (
	"bytes"
	"strings"
)

// Literals is a set of markers, e.g. [7] or 【7】. The zero value is empty.
type Literals struct {
	bits [forms][2]uint64 // of the numbers 0 to maxPlain
}

// Scan adds every marker that stands in text, each number of a list on its own.
func (l *Literals) Scan(text string) {
	if !strings.ContainsAny(text, "[【［") { // a long text is not copied for nothing
		return
	}
	b := []byte(text)
	for {
		i := bytes.IndexAny(b, "[【［")
		if i < 0 {
			return
		}
		b = b[i:]
		m, what := parseMarker(b)
		if what != match {
			b = b[1:]
			continue
		}
		for _, it := range m.numbers() {
			if it.number <= maxPlain {
				l.bits[m.form][it.number/64] |= 1 << (it.number % 64)
			}
		}
		b = b[m.size:]
	}
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
