package extract

import (
	"context"
	"encoding/xml"
	"errors"
	"regexp"
	"strings"

	"ragway/ingest"
)

// readXML reads markup of any vocabulary: articles (JATS, DocBook, DITA, patents), feeds
// (RSS, Atom) and data. What an element is, its name says; a name that says nothing holds
// others or, as a leaf, a value that is written after its name.
//
// Entities of a document type are not known, let alone loaded: one that is used makes the
// document corrupt. HTML's names for single signs are.
func readXML(ctx context.Context, d *document) error {
	text := withoutDeclaration(decode(d.Data, xmlEncoding(d.Data)))
	x := &xmlText{xmlWalker: xmlWalker{ctx: ctx, depth: d.o.MaxDepth, entities: xml.HTMLEntity}, w: d.w}
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "html":
			return func() error { return errIsHTML }
		case "svg", "stylesheet", "plist":
			return func() error {
				return ingest.Failf(ingest.Unsupported, "<%s> is markup for programs", t.Name.Local)
			}
		}
		return x.element(t, 0)
	}
	err := x.walk([]byte(text), h)
	switch {
	case errors.Is(err, errIsHTML):
		return readHTML(ctx, d)
	case err != nil:
		return err
	}
	x.flush()
	return nil
}

var xmlDeclaration = regexp.MustCompile(`^\s*<\?xml[^>]*\?>`)

// withoutDeclaration drops what says how the text was encoded before it was decoded.
func withoutDeclaration(s string) string {
	return xmlDeclaration.ReplaceAllString(strings.TrimPrefix(s, "\uFEFF"), "")
}

// xmlKind is what elements of a name are.
type xmlKind int

const (
	xmlOther   xmlKind = iota
	xmlHeading         // of the section around it
	xmlProse           // a paragraph, whatever is in it
	xmlItem            // of a list
	xmlSection         // has a heading of its own
	xmlTable
	xmlCode
	xmlHidden // no text for people
)

var xmlKinds = kinds(map[xmlKind]string{
	xmlHeading: "title article-title invention-title heading head subtitle",
	xmlProse: "p para simpara formalpara abstract-p summary description content claim-text " +
		"ref bibl biblioentry citation mixed-citation element-citation nplcit patcit term-def shortdesc",
	xmlItem:    "li listitem list-item item-p step",
	xmlSection: "sec section chapter part appendix sect1 sect2 sect3 sect4 sect5 topic concept task reference entry item abstract boxed-text",
	xmlTable:   "table informaltable tgroup simpletable",
	xmlCode:    "programlisting codeblock screen preformat literallayout",
	xmlHidden:  "script style graphic inline-graphic tex-math object-id",
})

func kinds(names map[xmlKind]string) map[string]xmlKind {
	out := map[string]xmlKind{}
	for k, list := range names {
		for _, name := range strings.Fields(list) {
			out[name] = k
		}
	}
	return out
}

var errIsHTML = errors.New("a web page")

// xmlText is a document while it is written.
type xmlText struct {
	xmlWalker
	w      *writer
	values strings.Builder // lines "name: value" of leaves in a row
	inList bool
}

// maxValues is about how long a block of values gets, in bytes.
const maxValues = 2000

// element says how an element in so many sections is read.
func (x *xmlText) element(t xml.StartElement, sections int) func() error {
	name := t.Name.Local
	switch xmlKinds[name] {
	case xmlHidden:
		return nil
	case xmlHeading:
		return x.written(func(text string) { x.heading(text, sections+1) })
	case xmlProse:
		return x.written(func(text string) { x.block(ingest.Paragraph, plainMarkup(text)) })
	case xmlItem:
		return x.written(x.item)
	case xmlCode:
		return x.written(func(text string) { x.block(ingest.Code, fence(cleanCode(text), "")) })
	case xmlTable:
		return x.table
	case xmlSection:
		sections++
	}
	return func() error { return x.inside(name, sections) }
}

// inside reads an element that holds others, or a value.
func (x *xmlText) inside(name string, sections int) error {
	if err := x.ctx.Err(); err != nil {
		return err
	}
	var own strings.Builder
	leaf := true
	err := x.content(handler{
		child: func(t xml.StartElement) func() error {
			leaf = false
			return x.element(t, sections)
		},
		text: write(&own),
	})
	x.value(name, own.String(), leaf)
	if sections == 0 && x.at <= 2 { // a record, or a part of the document
		x.flush()
	}
	return err
}

// value writes what stands in an element by itself.
func (x *xmlText) value(name, text string, leaf bool) {
	if text = inline(text); text == "" {
		return
	}
	if leaf {
		text = name + ": " + text
	}
	x.values.WriteString(text + "\n")
	if x.values.Len() > maxValues {
		x.flush()
	}
}

func (x *xmlText) flush() {
	x.w.block(ingest.Block{Kind: ingest.Paragraph}, x.values.String())
	x.values.Reset()
}

// written reads all text of an element and hands it to put.
func (x *xmlText) written(put func(string)) func() error {
	return func() error {
		text, err := x.flat()
		put(text)
		return err
	}
}

// flat is the text in the open element. Elements that are blocks elsewhere are parted by
// a blank here.
func (x *xmlText) flat() (string, error) {
	var b strings.Builder
	var h handler
	h.text = write(&b)
	h.child = func(t xml.StartElement) func() error {
		switch xmlKinds[t.Name.Local] {
		case xmlHidden:
			return nil
		case xmlOther:
			if strings.HasSuffix(t.Name.Local, "name") || strings.HasSuffix(t.Name.Local, "-names") || t.Name.Local == "break" || t.Name.Local == "br" {
				b.WriteByte(' ')
			}
		default:
			b.WriteByte(' ')
		}
		return x.descend(h)
	}
	err := x.content(h)
	return b.String(), err
}

func (x *xmlText) block(kind ingest.BlockKind, text string) {
	x.flush()
	x.w.block(ingest.Block{Kind: kind}, text)
	x.inList = false
}

func (x *xmlText) heading(text string, level int) {
	if text = inline(text); text == "" {
		return
	}
	x.w.title(text)
	x.flush()
	level = min(level, 6)
	x.w.block(ingest.Block{Kind: ingest.Heading, Level: level}, strings.Repeat("#", level)+" "+text)
	x.inList = false
}

func (x *xmlText) item(text string) {
	x.flush()
	put := x.w.block
	if x.inList {
		put = x.w.line
	}
	if text = inline(text); text != "" {
		put(ingest.Block{Kind: ingest.List}, "- "+text)
		x.inList = true
	}
}

// table reads rows, HTML's and CALS's, wherever they are in it.
func (x *xmlText) table() error {
	x.flush()
	t := table{}
	var cells []string
	var row, body handler
	row.child = func(e xml.StartElement) func() error {
		switch e.Name.Local {
		case "td", "th", "entry", "stentry":
			return func() error {
				text, err := x.flat()
				cells = append(cells, text)
				return err
			}
		}
		return x.descend(row)
	}
	body.child = func(e xml.StartElement) func() error {
		switch e.Name.Local {
		case "tr", "row", "strow", "sthead":
			return func() error {
				cells = nil
				err := x.content(row)
				t.add(cells)
				return err
			}
		case "title", "caption":
			return x.written(func(text string) { x.block(ingest.Paragraph, inline(text)) })
		}
		return x.descend(body)
	}
	err := x.content(body)
	t.write(x.w, 0)
	x.inList = false
	return err
}

// plainMarkup is the text of HTML that a feed carries as a string.
func plainMarkup(s string) string {
	if t := strings.TrimSpace(s); strings.HasPrefix(t, "<") && strings.HasSuffix(t, ">") {
		s = textOfHTML(t)
	}
	return s
}
