package chunk

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ragway/ingest"
	"ragway/retriever"
)

// chunk makes the chunk of a passage, beginning up to overlap tokens earlier.
func (c *cutter) chunk(p passage, overlap int) retriever.Chunk {
	first, last := c.units[p.from], c.units[p.to-1]
	s := span{first.from, last.to, first.rfrom, last.rto}
	tokens := c.tokens(p)
	if overlap > 0 && p.from > 0 && !first.apart && first.kind != ingest.Heading {
		back, n := c.tail(c.units[p.from-1], overlap)
		if c.count(strings.TrimSpace(c.text[back.from:s.to])) <= c.limit+overlap {
			s.from, s.rfrom = back.from, back.rfrom
			tokens += n
		}
	}
	s = c.trim(s)
	return retriever.Chunk{
		Text:     c.text[s.from:s.to],
		Headings: slices.Clone(first.path),
		Span:     retriever.Span{Start: s.rfrom, End: s.rto},
		Context:  c.context(first),
		Page:     first.page,
		Tokens:   tokens,
	}
}

// tail is the end of a unit, as many whole sentences as fit in limit tokens.
func (c *cutter) tail(u unit, limit int) (span, int) {
	t := span{u.to, u.to, u.rto, u.rto}
	if u.kind != ingest.Paragraph && u.kind != ingest.List {
		return t, 0
	}
	sum := 0
	for _, s := range slices.Backward(sentenceCut(c.text[u.from:u.to])) {
		n := 0
		if len(s) > limit*maxRunesPerToken*utf8.UTFMax || hasLongWord(s) {
			break
		}
		if n = c.count(s); sum+n > limit {
			break
		}
		sum += n
		t.from -= len(s)
		t.rfrom -= utf8.RuneCountInString(s)
	}
	return t, sum
}

// trim drops white space at both ends.
func (c *cutter) trim(s span) span {
	text := c.text[s.from:s.to]
	lead := leading(text)
	s.rfrom += utf8.RuneCountInString(text[:lead])
	s.from += lead
	trail := text[len(strings.TrimRightFunc(text, unicode.IsSpace)):]
	s.to -= len(trail)
	s.rto -= utf8.RuneCountInString(trail)
	return s
}

// Bounds of what a context repeats, in characters: it is embedded and indexed with every
// chunk, and a table may have a hundred thousand columns.
const (
	longestTitle  = 300
	longestPath   = 600
	longestHeader = 1000
)

// context is what a reader of the chunk alone would miss: the title, the date, the headings
// above its text, the header of a table that began earlier.
func (c *cutter) context(u unit) string {
	above := u.path
	if u.kind == ingest.Heading {
		above = above[:len(above)-1]
	}
	var lines []string
	if c.title != "" && !(len(u.path) > 0 && sameText(c.title, u.path[0])) {
		lines = append(lines, shorten(c.title, longestTitle, " "))
	}
	if c.date != "" {
		lines = append(lines, c.date)
	}
	if len(above) > 0 {
		lines = append(lines, shorten(strings.Join(above, " > "), longestPath, " "))
	}
	if u.header != "" {
		lines = append(lines, shorten(u.header, longestHeader, " |"))
	}
	return strings.Join(lines, "\n")
}

// shorten is the beginning of s, at most n characters, cut before a separator where there
// is one.
func shorten(s string, n int, separator string) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n >= 0 {
			continue
		}
		if at := strings.LastIndex(s[:i], separator); at > 0 {
			i = at
		}
		return strings.TrimSpace(s[:i])
	}
	return s
}

func sameText(a, b string) bool { return strings.EqualFold(a, b) }
