package ground

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// maxRun bounds how many markers in a row are looked at together.
const maxRun = 32

// placed is a marker with its place in buf.
type placed struct {
	marker
	gap, at int // where what parts it from the marker before it starts, and where it starts
	valid   int // numbers that exist
}

func (p placed) end() int { return p.at + p.size }

// markers deals with the markers from c.at on, of which a gap of so many bytes stands
// before the first: all that follow each other, because one that goes takes a comma or a
// blank of the others with it.
func (c *Citer) markers(gap int) bool {
	run, decided := c.run(gap)
	if !decided {
		return false
	}
	if len(run) == 0 { // the bracket is text
		c.pass(gap + max(1, c.textMarker(c.at+gap)))
		return true
	}
	last := run[len(run)-1]
	next := c.buf[last.end():]
	if !utf8.FullRune(next) && !c.final {
		return false
	}
	c.settle(run, next)
	return true
}

// textMarker is the size of the marker at i that has been found to be text, so that what
// is inside is not looked at again; 0 when there is none.
func (c *Citer) textMarker(i int) int {
	m, what := parseMarker(c.buf[i:])
	if what == match || what == needMore && m.form == linked {
		return m.size
	}
	return 0
}

// run collects markers that follow each other, with at most a comma and blanks between.
func (c *Citer) run(gap int) (run []placed, decided bool) {
	from, at := c.at, c.at+gap
	for len(run) < maxRun {
		m, what := parseMarker(c.buf[at:])
		if what == match {
			what = c.isMarker(&m, at, gap > 0 || len(run) > 0)
		}
		if what == needMore && !c.final {
			return nil, false
		}
		if what != match {
			return run, true
		}
		p := placed{marker: m, gap: from, at: at}
		for _, it := range m.numbers() {
			if c.exists(&m, it.number) {
				p.valid++
			}
		}
		run = append(run, p)
		from = p.end()
		n, what := separates(c.buf[from:])
		if what == needMore && !c.final {
			return nil, false
		}
		if what != match {
			return run, true
		}
		at = from + n
	}
	return run, true
}

// separates is the size of what stands between two markers, if a bracket follows it.
func separates(b []byte) (n int, what outcome) {
	blanks := func() {
		for end := n + 2; n < len(b) && n < end && b[n] == ' '; {
			n++
		}
	}
	blanks()
	if n < len(b) && (b[n] == ',' || b[n] == ';') {
		n++
		blanks()
	}
	return n, opens(b[n:])
}

func (c *Citer) exists(m *marker, number int) bool { return !m.foreign && c.sources.has(number) }

// isMarker tells a marker from a text that looks like one.
func (c *Citer) isMarker(m *marker, at int, parted bool) outcome {
	before, after := c.before(at), c.buf[at+m.size:]
	if len(after) == 0 && !c.final {
		return needMore
	}
	if len(after) > 0 && m.form != lenticular && m.form != linked {
		if after[0] == '(' || after[0] == ':' && leadsLine(before) {
			return noMatch
		}
	}
	if bytes.HasSuffix(before, []byte{'\\'}) {
		return noMatch
	}
	all, some, literal := true, false, true
	for _, it := range m.numbers() {
		exists := c.exists(m, it.number)
		all, some = all && exists, some || exists
		literal = literal && (exists || it.number > maxPlain || c.literals.has(m.form, it.number))
	}
	index := prosaic
	if (m.form == square || m.form == linked) && !parted {
		index = indexed(before)
	}
	switch {
	case index == indexLike, index == perhapsIndex && !all, m.ranged && !all, !some && literal:
		return noMatch
	}
	return match
}

// settle puts out the run without what points nowhere or is not to be seen.
func (c *Citer) settle(run []placed, next []byte) {
	gap := c.buf[run[0].gap:run[0].at]
	kept := false
	for i, p := range run {
		if i > 0 && c.shows(run[i-1]) {
			gap = c.buf[p.gap:p.at]
		}
		c.counts.Valid += p.valid
		c.counts.Invalid += p.n - p.valid
		if c.shows(p) {
			c.emit(gap)
			kept, gap = true, nil
		}
		if p.valid > 0 {
			c.cite(p)
		}
	}
	last := run[len(run)-1]
	c.at = last.end()
	if c.shows(last) {
		return
	}
	first := c.before(run[0].gap)
	switch {
	case !kept && len(gap) == 0 && startsLine(first) && len(next) > 0 && next[0] == ' ':
		c.at++
	case startsWord(next):
		c.emit(gap)
	}
}

func (p *placed) existing(c *Citer) []item {
	kept := make([]item, 0, p.n)
	for _, it := range p.numbers() {
		if c.exists(&p.marker, it.number) {
			kept = append(kept, it)
		}
	}
	return kept
}

// startsWord reports whether a blank before b matters: before a word, code, or an opening
// bracket.
func startsWord(b []byte) bool {
	r, _ := utf8.DecodeRune(b)
	return len(b) > 0 && (r == '`' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Ps, unicode.Pi, unicode.Sc))
}
