package chunk

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"ragway/ingest"
)

// A unit is a piece of text that stays whole. It begins with the white space before its
// first word: a tokenizer takes a blank together with the word after it, so that counts
// of units add up.
type unit struct {
	piece
	kind   ingest.BlockKind
	level  int // of a heading
	page   int
	header string // of the table, where the unit is not its beginning
	path   []string
	depth  []int // levels of the headings in path
}

// A cutter turns one text into units.
type cutter struct {
	text  string
	limit int // tokens of a chunk without its overlap
	count func(string) int
	title string
	date  string

	units    []unit
	at, rune int // position reached, in bytes and runes
}

// cut makes units of the blocks and of any text between them.
func (c *cutter) cut(blocks []ingest.Block) error {
	page := 0
	for i, b := range blocks {
		if b.Start < c.rune || b.End < b.Start {
			return fmt.Errorf("chunk: block %d [%d:%d] overlaps the one before or ends before its start", i, b.Start, b.End)
		}
		gap, err := c.advance(b.Start)
		if err != nil {
			return fmt.Errorf("chunk: block %d: %w", i, err)
		}
		if !blank(c.text[gap.from:gap.to]) {
			c.add(gap, ingest.Block{Kind: ingest.Paragraph, Page: page})
			gap.from, gap.rfrom = gap.to, gap.rto
		}
		body, err := c.advance(b.End)
		if err != nil {
			return fmt.Errorf("chunk: block %d: %w", i, err)
		}
		c.add(span{gap.from, body.to, gap.rfrom, body.rto}, b)
		page = b.Page
	}
	rest := span{c.at, len(c.text), c.rune, c.rune + utf8.RuneCountInString(c.text[c.at:])}
	c.add(rest, ingest.Block{Kind: ingest.Paragraph, Page: page})
	return nil
}

// advance moves to the rune offset and returns what it passed.
func (c *cutter) advance(to int) (span, error) {
	s := span{from: c.at, rfrom: c.rune}
	for ; c.rune < to; c.rune++ {
		if c.at >= len(c.text) {
			return s, fmt.Errorf("offset %d is beyond the text's %d runes", to, c.rune)
		}
		_, size := utf8.DecodeRuneInString(c.text[c.at:])
		c.at += size
	}
	s.to, s.rto = c.at, c.rune
	return s, nil
}

// add appends the text of s as one unit, or as several where it is over the limit.
func (c *cutter) add(s span, b ingest.Block) {
	for i, p := range c.pieces(s, b.Kind) {
		u := unit{piece: p, kind: b.Kind, level: max(b.Level, 1), page: b.Page}
		if i > 0 {
			u.header = b.Header
			if b.Kind == ingest.Heading {
				u.kind = ingest.Paragraph
			}
		}
		c.units = append(c.units, u)
	}
}

// markHeadings gives each unit the path of headings above it; a heading's own ends with
// itself.
func (c *cutter) markHeadings() {
	var path []string
	var depth []int
	for i := range c.units {
		u := &c.units[i]
		if u.kind == ingest.Heading {
			n := len(depth)
			for n > 0 && depth[n-1] >= u.level {
				n--
			}
			// Clipped, so that appending never writes into a path already handed out.
			path = append(path[:n:n], headingText(c.text[u.from:u.to]))
			depth = append(depth[:n:n], u.level)
		}
		u.path, u.depth = path, depth
	}
}

// headingText is a heading without its Markdown marks, on one line.
func headingText(s string) string {
	s = strings.TrimLeft(strings.TrimSpace(s), "#")
	return strings.Join(strings.Fields(s), " ")
}
