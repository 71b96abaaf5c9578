package extract

import (
	"context"
	"encoding/xml"
	"strconv"
	"strings"

	"ragway/ingest"
)

// readODF reads texts, spreadsheets and presentations in the OpenDocument format, which
// differ in what stands in the body alone.
func readODF(ctx context.Context, d *document) error {
	p, err := openPackage(d)
	if err != nil {
		return err
	}
	if err := p.openDocumentSealed(); err != nil {
		return err
	}
	if err := p.openDocumentMeta(d.w); err != nil {
		return err
	}
	data, err := p.part("content.xml")
	if err != nil {
		return err
	}
	if data == nil {
		return ingest.Failf(ingest.Corrupt, "the package has no content part")
	}
	x := &odf{xmlWalker: xmlWalker{ctx: ctx, depth: d.o.MaxDepth}, w: d.w}
	if err := x.walk(data, x.flow()); err != nil {
		return err
	}
	d.w.title(x.first)
	d.w.out.Pages = x.page
	return nil
}

// openDocumentSealed reports a package whose content needs a password.
func (p *pack) openDocumentSealed() error {
	var manifest struct {
		Entries []struct {
			Path string    `xml:"full-path,attr"`
			Lock *struct{} `xml:"encryption-data"`
		} `xml:"file-entry"`
	}
	if err := p.unmarshal("META-INF/manifest.xml", &manifest); err != nil {
		return err
	}
	for _, e := range manifest.Entries {
		if e.Lock != nil && (e.Path == "content.xml" || e.Path == "encrypted-package") {
			return ingest.Failf(ingest.Encrypted, "the document needs a password")
		}
	}
	return nil
}

func (p *pack) openDocumentMeta(w *writer) error {
	var meta struct {
		Title    string   `xml:"meta>title"`
		Author   string   `xml:"meta>creator"`
		First    string   `xml:"meta>initial-creator"`
		Subject  string   `xml:"meta>subject"`
		About    string   `xml:"meta>description"`
		Language string   `xml:"meta>language"`
		Date     string   `xml:"meta>date"`
		Keywords []string `xml:"meta>keyword"`
	}
	if err := p.unmarshal("meta.xml", &meta); err != nil {
		return err
	}
	w.title(meta.Title)
	w.set("author", meta.Author)
	w.set("author", meta.First)
	w.set("subject", meta.Subject)
	w.set("description", meta.About)
	w.set("lang", meta.Language)
	w.set("keywords", strings.Join(meta.Keywords, ", "))
	w.set("date", meta.Date)
	return nil
}

// odf walks the content of an OpenDocument file.
type odf struct {
	xmlWalker
	w     *writer
	first string // what names the document where its properties do not
	page  int    // slides so far; 0 in texts and spreadsheets
	sheet bool   // tables are the sheets of a spreadsheet
	list  int    // lists open
	put   func(ingest.Block, string)
}

// flow handles what stands where paragraphs stand. What was deleted and is kept to undo
// that is in tracked-changes.
func (x *odf) flow() handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "h":
			level, _ := strconv.Atoi(xmlAttr(t, "outline-level"))
			return x.heading(min(max(level, 1), 6))
		case "p":
			return x.paragraph
		case "list":
			return x.listItems
		case "table":
			return x.tableIn(t)
		case "page":
			return x.slide(h)
		case "notes":
			if x.page > 0 {
				return x.descend(h)
			}
		case "spreadsheet":
			x.sheet = true
			return x.descend(h)
		case "frame", "custom-shape":
			return x.placed(xmlAttr(t, "class"), h)
		case "document-content", "body", "text", "presentation", "drawing", "section", "index-body", "text-box",
			"g", "rect", "ellipse", "line", "connector", "numbered-paragraph":
			return x.descend(h)
		}
		return nil
	}
	return h
}

func (x *odf) slide(h handler) func() error {
	return func() error {
		x.page++
		return x.content(h)
	}
}

// placed reads what stands in a place of the layout: the title of a slide is its heading,
// and what repeats on each is left out.
func (x *odf) placed(class string, h handler) func() error {
	switch class {
	case "page-number", "footer", "header", "date-time":
		return nil
	case "title":
		return func() error {
			text, err := x.gathered()
			x.writeHeading(1, inline(text))
			return err
		}
	}
	return x.descend(h)
}

func (x *odf) writeHeading(level int, text string) {
	if text == "" {
		return
	}
	if x.first == "" {
		x.first = text
	}
	x.w.block(ingest.Block{Kind: ingest.Heading, Level: level, Page: x.page}, strings.Repeat("#", level)+" "+text)
}

func (x *odf) heading(level int) func() error {
	return func() error {
		text, after, err := x.inline()
		x.writeHeading(level, inline(text))
		x.after(after)
		return err
	}
}

func (x *odf) paragraph() error {
	if err := x.ctx.Err(); err != nil {
		return err
	}
	text, after, err := x.inline()
	if x.page > 0 && x.first == "" { // the first line on the first slide
		x.first = inline(text)
	}
	x.w.block(ingest.Block{Kind: ingest.Paragraph, Page: x.page}, text)
	x.after(after)
	return x.bounded(err)
}

func (x *odf) bounded(err error) error {
	if err == nil && x.w.full {
		return ingest.Failf(ingest.TooLarge, "more than %d characters of text", x.w.o.MaxRunes)
	}
	return err
}

// after writes what hangs on a paragraph: its footnotes and text boxes.
func (x *odf) after(texts []string) {
	for _, t := range texts {
		x.w.paragraphs(ingest.Block{Kind: ingest.Paragraph, Page: x.page}, t)
	}
}

// listItems writes each item on a line, those of inner lists too.
func (x *odf) listItems() error {
	if x.list == 0 {
		x.put = x.w.block
	}
	x.list++
	defer func() { x.list-- }()
	var item handler
	item.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "list-item", "list-header":
			return x.descend(item)
		case "list":
			return x.listItems
		case "h", "p":
			return func() error {
				text, after, err := x.inline()
				if text = inline(text); text != "" {
					x.put(ingest.Block{Kind: ingest.List, Page: x.page}, "- "+text)
					x.put = x.w.line
				}
				x.after(after)
				return x.bounded(err)
			}
		}
		return nil
	}
	return x.content(item)
}

// inline reads a paragraph up to its end, and apart from it what hangs on it.
func (x *odf) inline() (text string, after []string, err error) {
	var b strings.Builder
	var h handler
	h.text = func(s string) { b.WriteString(collapsed(s)) }
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "s", "tab", "line-break":
			b.WriteString(blankOf(t))
		case "note":
			return x.note(&b, &after)
		case "frame", "custom-shape", "text-box", "g":
			return func() error {
				boxed, err := x.gathered()
				if boxed != "" {
					after = append(after, boxed)
				}
				return err
			}
		case "annotation", "bookmark", "soft-page-break", "tracked-changes", "change", "change-start", "change-end", "ruby-text":
		default:
			return x.descend(h)
		}
		return nil
	}
	err = x.content(h)
	return b.String(), after, err
}

// blankOf is the white space that an element stands for.
func blankOf(t xml.StartElement) string {
	switch t.Name.Local {
	case "tab":
		return "\t"
	case "line-break":
		return "\n"
	}
	n, _ := strconv.Atoi(xmlAttr(t, "c"))
	return strings.Repeat(" ", min(max(n, 1), 64))
}

// collapsed is s with its white space as one blank, as the format has it: what counts is
// written as elements.
func collapsed(s string) string {
	words := strings.Join(strings.Fields(s), " ")
	if words == "" {
		return " "
	}
	if strings.TrimLeft(s, " \t\r\n") != s {
		words = " " + words
	}
	if strings.TrimRight(s, " \t\r\n") != s {
		words += " "
	}
	return words
}

// note puts a mark into the text and keeps the note for after the paragraph.
func (x *odf) note(b *strings.Builder, after *[]string) func() error {
	return func() error {
		mark, body := "", ""
		err := x.content(handler{child: func(t xml.StartElement) func() error {
			return func() (err error) {
				var s string
				s, err = x.gathered()
				if t.Name.Local == "note-citation" {
					mark = inline(s)
				} else {
					body = s
				}
				return err
			}
		}})
		b.WriteString("[^" + mark + "]")
		if body != "" {
			*after = append(*after, "[^"+mark+"]: "+body)
		}
		return err
	}
}

// gathered is all text up to the end of the open element, paragraphs on lines of their own.
func (x *odf) gathered() (string, error) {
	var b strings.Builder
	var h handler
	h.text = func(s string) { b.WriteString(collapsed(s)) }
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "p", "h", "list-item", "table-row":
			b.WriteByte('\n')
		case "s", "tab", "line-break":
			b.WriteString(blankOf(t))
		case "annotation", "desc", "title":
			return nil
		}
		return x.descend(h)
	}
	err := x.content(h)
	return strings.TrimSpace(b.String()), err
}
