package chunk

import (
	"ragway/ingest"
)

// Strategies of cutting, by the names that configurations use.
const (
	Auto     = "auto"     // by structure, then sentences
	Sentence = "sentence" // sentences gathered up to the bound, without regard to structure
	Fixed    = "fixed"    // windows of as many words as fit, as OpenAI's static strategy has them
)

// Strategies are all of them, the default first.
func Strategies() []string { return []string{Auto, Sentence, Fixed} }

// plain cuts the whole text as one run of units.
func (c *cutter) plain(blocks []ingest.Block, cut func(string) []string) {
	from, rfrom := 0, 0
	for _, part := range cut(c.text) {
		s := span{from, from + len(part), rfrom, rfrom + runes(part)}
		for _, p := range c.finer(nil, s) {
			c.units = append(c.units, unit{piece: p, kind: ingest.Paragraph})
		}
		from, rfrom = s.to, s.rto
	}
	c.markPages(blocks)
}

// markPages gives each unit the page of the block it begins in.
func (c *cutter) markPages(blocks []ingest.Block) {
	n := 0
	for i := range c.units {
		u := &c.units[i]
		begins := u.rfrom + runes(c.text[u.from:u.from+leading(c.text[u.from:u.to])])
		for n+1 < len(blocks) && blocks[n+1].Start <= begins {
			n++
		}
		if n < len(blocks) && blocks[n].Start <= begins {
			u.page = blocks[n].Page
		}
	}
}

// windows fills each passage up to the limit; the next one begins with as many of its last
// units as overlap tokens hold.
func (c *cutter) windows(overlap int) []passage {
	var out []passage
	for start := 0; start < len(c.units); {
		end, _ := c.fill(start, len(c.units), c.limit+1)
		for i := start + 1; i < end; i++ {
			if c.units[i].apart {
				end = i
			}
		}
		out = append(out, passage{start, end})
		if end == len(c.units) {
			break
		}
		start = c.back(start, end, overlap)
	}
	return out
}

// back is where the window after [start, end) begins: later than start.
func (c *cutter) back(start, end, overlap int) int {
	at, sum := end, 0
	for at-1 > start && !c.units[at].apart {
		if sum += c.units[at-1].tokens; sum > overlap {
			break
		}
		at--
	}
	return at
}

// wordCut cuts before the white space between words.
func wordCut(s string) []string {
	var out []string
	start := 0
	for i := range s {
		if i > start && cuttable(s, i, atBlank) {
			out = append(out, s[start:i])
			start = i
		}
	}
	return append(out, s[start:])
}
