package extract

import (
	"encoding/xml"
	"strconv"
	"strings"

	"ragway/ingest"
)

// docx walks WordprocessingML token by token; nothing is kept but the paragraph at hand.
// Elements are told by their local names: the transitional and the strict form of the
// format use the same ones in different namespaces.
type docx struct {
	xmlWalker
	p      *pack
	w      *writer
	styles map[string]style
	lists  *numbering

	code   []string // lines of a code block not written yet
	inList bool     // the block before was an item
	boxes  []string // text boxes anchored in the paragraph at hand
	first  string   // heading that names the document where its properties do not
}

func (x *docx) walkPart(data []byte) error {
	err := x.walk(data, x.flow())
	x.flushCode()
	return err
}

// flow handles what stands where paragraphs stand.
func (x *docx) flow() handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "p":
			return x.paragraph
		case "tbl":
			return x.table
		case "document", "body", "sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag", "AlternateContent", "Choice",
			"footnotes", "endnotes":
			return x.descend(h)
		case "footnote", "endnote":
			return x.note(t)
		}
		return nil
	}
	return h
}

// note reads one footnote; those of a type are rules and separators.
func (x *docx) note(t xml.StartElement) func() error {
	if xmlAttr(t, "type") != "" && xmlAttr(t, "type") != "normal" {
		return nil
	}
	return func() error {
		text, err := x.gathered()
		if text != "" {
			x.w.block(ingest.Block{Kind: ingest.Paragraph}, "[^"+xmlAttr(t, "id")+"]: "+text)
		}
		return err
	}
}

// para is a paragraph while it is read.
type para struct {
	text   strings.Builder
	style  style
	num    string
	indent int
	level  int // by its own outline level
}

func (x *docx) readPara() (*para, error) {
	p := &para{indent: -1}
	err := x.content(x.inlines(p))
	return p, err
}

func (x *docx) paragraph() error {
	if err := x.ctx.Err(); err != nil {
		return err
	}
	p, err := x.readPara()
	if err != nil {
		return err
	}
	x.writePara(p)
	boxes := x.boxes
	x.boxes = nil
	for _, b := range boxes {
		x.w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, b)
	}
	if x.w.full {
		return ingest.Failf(ingest.TooLarge, "more than %d characters of text", x.w.o.MaxRunes)
	}
	return nil
}

func (x *docx) writePara(p *para) {
	text := p.text.String()
	if p.style.code {
		x.code = append(x.code, text)
		return
	}
	x.flushCode()
	if strings.TrimSpace(text) == "" {
		return
	}
	level := max(p.level, p.style.level)
	switch {
	case p.style.title || level > 0:
		if p.style.title {
			level = 1
		}
		if x.first == "" && (level == 1 || x.w.runes == 0) {
			x.first = text
		}
		x.w.block(ingest.Block{Kind: ingest.Heading, Level: level}, strings.Repeat("#", min(level, 6))+" "+inline(text))
		x.inList = false
	case p.list() != "":
		put := x.w.block
		if x.inList {
			put = x.w.line
		}
		put(ingest.Block{Kind: ingest.List}, x.lists.mark(p.list(), p.listLevel())+inline(text))
		x.inList = true
	default:
		x.w.block(ingest.Block{Kind: ingest.Paragraph}, text)
		x.inList = false
	}
}

// list is the id of the list the paragraph is in, its own before its style's; "0" takes
// it out of one.
func (p *para) list() string {
	num := p.num
	if num == "" {
		num = p.style.num
	}
	if num == "0" {
		return ""
	}
	return num
}

func (p *para) listLevel() int {
	if p.indent >= 0 {
		return p.indent
	}
	return p.style.indent
}

func (x *docx) flushCode() {
	if len(x.code) > 0 {
		x.w.block(ingest.Block{Kind: ingest.Code}, fence(strings.Join(x.code, "\n"), ""))
		x.code, x.inList = nil, false
	}
}

// table reads rows and cells; the first row is its header.
func (x *docx) table() error {
	x.flushCode()
	t, err := x.readTable()
	t.write(x.w, 0)
	x.inList = false
	return err
}

func (x *docx) readTable() (*table, error) {
	t := &table{}
	var cells []string
	var row, body handler
	row.child = func(e xml.StartElement) func() error {
		switch e.Name.Local {
		case "tc":
			return func() error {
				text, span, err := x.cell()
				cells = append(cells, text)
				for ; span > 1; span-- {
					cells = append(cells, "")
				}
				return err
			}
		case "sdt", "sdtContent", "customXml", "ins":
			return x.descend(row)
		}
		return nil
	}
	body.child = func(e xml.StartElement) func() error {
		switch e.Name.Local {
		case "tr":
			return func() error {
				cells = nil
				err := x.content(row)
				t.add(cells)
				return err
			}
		case "sdt", "sdtContent", "customXml", "ins":
			return x.descend(body)
		}
		return nil
	}
	err := x.content(body)
	return t, err
}

// maxSpan bounds the columns a cell may claim to cover.
const maxSpan = 64

func (x *docx) cell() (text string, span int, err error) {
	span = 1
	var parts []string
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "gridSpan":
			if n, err := strconv.Atoi(xmlAttr(t, "val")); err == nil {
				span = max(1, min(n, maxSpan))
			}
		case "tcPr", "sdt", "sdtContent", "customXml", "ins", "moveTo":
			return x.descend(h)
		default:
			return x.part(t, &parts)
		}
		return nil
	}
	err = x.content(h)
	return strings.Join(parts, " "), span, err
}

// gathered is the text of paragraphs and tables up to the end of the open element, on
// lines of their own.
func (x *docx) gathered() (string, error) {
	var parts []string
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "sdt", "sdtContent", "customXml", "ins", "moveTo", "AlternateContent", "Choice":
			return x.descend(h)
		}
		return x.part(t, &parts)
	}
	err := x.content(h)
	return strings.Join(parts, "\n"), err
}

// part reads a paragraph, or a table inside a cell, into parts.
func (x *docx) part(t xml.StartElement, parts *[]string) func() error {
	switch t.Name.Local {
	case "p":
		return func() error {
			p, err := x.readPara()
			if s := inline(p.text.String()); s != "" {
				if p.list() != "" {
					s = strings.TrimLeft(x.lists.mark(p.list(), p.listLevel()), " ") + s
				}
				*parts = append(*parts, s)
			}
			return err
		}
	case "tbl":
		return func() error {
			inner, err := x.readTable()
			for _, r := range inner.rows {
				*parts = append(*parts, strings.Trim(r, "| "))
			}
			return err
		}
	}
	return nil
}
