package ground

import "strconv"

// Style says how valid markers go out.
type Style string

const (
	Annotations Style = "annotations" // as they came
	Links       Style = "links"       // [1] becomes [[1]](url), each number its own
	Footnotes   Style = "footnotes"   // [1] becomes [^1], and Flush appends the definitions
	None        Style = "none"        // not at all
	Documents   Style = "documents"   // [1] becomes [doc1], counted from the first source, as Azure OpenAI has it
)

// Source is what a number stands for. Both may be empty.
type Source struct{ URL, Title string }

// cite puts out a marker in the style asked for.
func (c *Citer) cite(p placed) {
	switch c.style {
	case Links:
		c.linked(p)
	case Footnotes:
		c.footnoted(p)
	case None:
		c.hidden(p)
	case Documents:
		c.numbered(p)
	default:
		c.plain(p)
	}
}

// shows reports whether anything of a marker goes out.
func (c *Citer) shows(p placed) bool { return p.valid > 0 && c.style != None }

// plain keeps the marker, with those of its numbers that exist.
func (c *Citer) plain(p placed) {
	text, start := c.buf[p.at:p.end()], c.place()
	if p.valid == p.n {
		c.emit(text)
	} else {
		c.emit(text[:p.open])
		for i, it := range p.existing(c) {
			if i > 0 {
				c.emit([]byte(", "))
			}
			c.emit(text[it.start:it.end])
		}
		c.emit(text[p.close:])
	}
	for _, it := range p.existing(c) {
		c.add(it.number, start, c.place())
	}
}

// linked puts out a link for each number, and a bare marker where there is nothing to link.
func (c *Citer) linked(p placed) {
	c.notImage()
	for _, it := range p.existing(c) {
		start, n := c.place(), strconv.Itoa(it.number)
		if target := linkTarget(c.source(it.number).URL); target != "" {
			c.emit([]byte("[[" + n + "]](" + target + ")"))
		} else {
			c.emit([]byte("[" + n + "]"))
		}
		c.add(it.number, start, c.place())
	}
}

// numbered puts out a marker for each number, counted from the first source.
func (c *Citer) numbered(p placed) {
	for _, it := range p.existing(c) {
		start := c.place()
		c.emit([]byte("[doc" + strconv.Itoa(it.number-c.first+1) + "]"))
		c.add(it.number, start, c.place())
	}
}

// footnoted puts out a reference for each number, or for the first one of the same source.
func (c *Citer) footnoted(p placed) {
	c.notImage()
	refs := map[int][2]place{} // of this marker
	for _, it := range p.existing(c) {
		n := c.notes.number(it.number, c.source(it.number))
		if _, there := refs[n]; !there {
			start := c.place()
			c.emit([]byte("[^" + strconv.Itoa(n) + "]"))
			refs[n] = [2]place{start, c.place()}
		}
		c.add(it.number, refs[n][0], refs[n][1])
	}
}

// hidden notes what is cited and puts out nothing.
func (c *Citer) hidden(p placed) {
	for _, it := range p.existing(c) {
		c.add(it.number, c.place(), c.place())
	}
}

// notImage parts an exclamation mark from a link, with which it would be an image.
func (c *Citer) notImage() {
	if c.last == '!' {
		c.emit([]byte{' '})
	}
}

func (c *Citer) source(number int) Source {
	if c.lookup == nil {
		return Source{}
	}
	return c.lookup(number)
}

// place is one in the text put out.
type place struct{ chars, bytes int }

func (c *Citer) place() place { return place{c.chars, c.bytes} }

func (c *Citer) add(number int, start, end place) {
	if len(c.citations) < maxCitations {
		c.citations = append(c.citations, Citation{Source: number, Start: start.chars, End: end.chars, ByteStart: start.bytes, ByteEnd: end.bytes})
	}
}

// footnotes are the definitions, behind the text and behind the code it may end in.
func (c *Citer) footnotes() {
	definitions := c.notes.definitions()
	if definitions == "" {
		return
	}
	if fence := c.code.unclosed(); fence != "" {
		if c.breaks == 0 {
			c.emit([]byte{'\n'})
		}
		c.emit([]byte(fence))
	}
	for c.breaks < 2 {
		c.emit([]byte{'\n'})
	}
	c.emit([]byte(definitions))
}
