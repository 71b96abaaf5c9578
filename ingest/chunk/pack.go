package chunk

import (
	"strings"
	"unicode"

	"ragway/ingest"
)

// passage is a run of units that becomes one chunk, as indexes [from, to).
type passage struct{ from, to int }

// smallShare of the limit is what a passage should have at least: under it, a section
// merges with the next one even across a heading of its own level.
const smallShare = 4

// passages packs the units: sections are gathered, then those over the limit split.
func (c *cutter) passages() []passage {
	var out []passage
	for _, g := range c.gather(c.sections()) {
		out = c.split(out, g)
	}
	return out
}

// sections cuts the units before each heading, and where a wide gap forbids joining.
// A heading directly under another one belongs to it.
func (c *cutter) sections() []passage {
	var out []passage
	start := 0
	for i := 1; i < len(c.units); i++ {
		opens := c.units[i].kind == ingest.Heading && c.units[i-1].kind != ingest.Heading
		if opens || c.units[i].apart {
			out = append(out, passage{start, i})
			start = i
		}
	}
	if start < len(c.units) {
		out = append(out, passage{start, len(c.units)})
	}
	return out
}

// gather joins neighbouring sections: a subsection to its parent while both fit, and
// anything to a section that is too small to stand alone.
func (c *cutter) gather(sections []passage) []passage {
	var out []passage
	for _, s := range sections {
		if len(out) > 0 {
			last := &out[len(out)-1]
			if c.joins(*last, s) {
				last.to = s.to
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

func (c *cutter) joins(a, b passage) bool {
	first, next := c.units[a.from], c.units[b.from]
	if next.apart {
		return false
	}
	have, more := c.tokens(a), c.tokens(b)
	switch {
	case have < c.limit/smallShare:
		return true
	case have+more > c.limit:
		return false
	case more < c.limit/smallShare:
		return true
	}
	return first.kind != ingest.Heading || next.level > first.level
}

func (c *cutter) tokens(p passage) int {
	sum := 0
	for _, u := range c.units[p.from:p.to] {
		sum += u.tokens
	}
	return sum
}

// What fits into a chunk stays whole, and what has to be cut is cut into passages of about
// aimNum/aimDen of the limit: a section is a unit of thought, a cut of one is not, and the
// smaller it is the less else it carries. Of the marked text of data/spans, the first 2,000,
// 4,000 and 8,000 characters that are found hold .679 .861 .937 with cuts of up to 400
// tokens, .754 .891 .942 with five eighths of that, .729 .868 .948 with a half; nDCG@10 on
// SciFact is .706 .705 .700 by words and .722 .723 .723 with the built-in embedder.
const aimNum, aimDen = 5, 8

// split appends g, cut into passages of about equal size where it is over the limit, so
// that none is a leftover of a line.
func (c *cutter) split(out []passage, g passage) []passage {
	left, aim := c.tokens(g), c.limit
	if left > c.limit {
		aim = max(1, c.limit*aimNum/aimDen)
	}
	for start := g.from; start < g.to; {
		n := max(1, (left+aim-1)/aim) // units of no tokens may be left
		end, sum := c.fill(start, g.to, (left+n-1)/n)
		out = append(out, passage{start, end})
		left -= sum
		start = end
	}
	return out
}

// fill returns where a passage that begins at start ends, and its tokens. It stops at the
// unit end nearest to target, never over the limit, and not after a heading.
func (c *cutter) fill(start, stop, target int) (end, sum int) {
	for end = start; end < stop; end++ {
		t := c.units[end].tokens
		if end > start && (sum+t > c.limit || sum+t/2 >= target) {
			break
		}
		sum += t
	}
	if end < stop {
		for end > start+1 && c.units[end-1].kind == ingest.Heading {
			end--
			sum -= c.units[end].tokens
		}
	}
	for end > start+1 && c.over(start, end, sum) {
		end--
		sum -= c.units[end].tokens
	}
	return end, sum
}

// over reports whether units [start, end) are over the limit although their sum is not.
// Counts add up where a blank begins a unit, as it does between words. Elsewhere the text
// is counted again when the doubt at the cuts could matter: after a sign, a line end is one
// word with it, which can be more tokens than the two; a first word loses the blank before
// it; and a cut inside a word, or in a script without blanks, says nothing about the whole.
func (c *cutter) over(start, end, sum int) bool {
	first := c.units[start]
	doubt := 0
	if indented(c.text[first.from:first.to]) {
		doubt = max(wordSlack, c.limit/8)
	}
	for _, u := range c.units[start+1 : end] {
		switch {
		case !c.cleanCut(u.from):
			doubt = c.limit
		case c.lineEndsSign(u.from):
			doubt += wordSlack
		}
	}
	return doubt > 0 && sum+doubt > c.limit && c.count(strings.TrimSpace(c.text[first.from:c.units[end-1].to])) > c.limit
}

// indented reports whether s begins with white space that a tokenizer joins to the word
// after it: any but a line end.
func indented(s string) bool {
	n := leading(s)
	return n > 0 && s[n-1] != '\n'
}

// wordSlack is more tokens than a word gains by losing the blank before it, or by being one
// with the signs before it.
const wordSlack = 8

// cleanCut reports whether white space begins at this byte, where a tokenizer cuts unless
// the line ends there.
func (c *cutter) cleanCut(at int) bool { return at == 0 || cuttable(c.text, at, atBlank) }

// lineEndsSign reports whether a line ends at this byte after a sign that is no letter or
// digit.
func (c *cutter) lineEndsSign(at int) bool {
	return at > 0 && cuttable(c.text, at, func(before, at rune) bool {
		return (at == '\n' || at == '\r') && !unicode.IsLetter(before) && !unicode.IsNumber(before)
	})
}
