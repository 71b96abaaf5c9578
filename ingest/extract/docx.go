package extract

import (
	"context"
	"fmt"

	"ragway/ingest"
)

// readDOCX reads the body of a word processor document with its foot- and endnotes.
// Headers and footers repeat on every page and say nothing; they and comments stay out.
func readDOCX(ctx context.Context, d *document) error {
	p, err := openPackage(d)
	if err != nil {
		return err
	}
	docx := &docx{xmlWalker: xmlWalker{ctx: ctx, depth: d.o.MaxDepth}, p: p, w: d.w}
	if err := docx.properties(); err != nil {
		return err
	}
	if docx.styles, err = readStyles(p); err != nil {
		return err
	}
	if docx.lists, err = readNumbering(p); err != nil {
		return err
	}
	main, err := p.part(mainPart(p))
	if err != nil {
		return err
	}
	if main == nil {
		return ingest.Failf(ingest.Corrupt, "the package has no document part")
	}
	if err := docx.walkPart(main); err != nil {
		return err
	}
	d.w.title(docx.first)
	return docx.notes()
}

// mainPart is word/document.xml, which a few programs number.
func mainPart(p *pack) string {
	for _, name := range []string{"word/document.xml", "word/document2.xml", "word/document22.xml"} {
		if p.files[name] != nil {
			return name
		}
	}
	return "word/document.xml"
}

func (x *docx) properties() error {
	var core struct {
		Title    string `xml:"title"`
		Author   string `xml:"creator"`
		Subject  string `xml:"subject"`
		Keywords string `xml:"keywords"`
		Modified string `xml:"modified"`
	}
	if err := x.p.unmarshal("docProps/core.xml", &core); err != nil {
		return err
	}
	x.w.title(core.Title)
	x.w.set("author", core.Author)
	x.w.set("subject", core.Subject)
	x.w.set("keywords", core.Keywords)
	x.w.set("date", core.Modified)
	return nil
}

// notes appends the foot- and endnotes that the text refers to, in their order.
func (x *docx) notes() error {
	for _, kind := range []string{"footnote", "endnote"} {
		data, err := x.p.part("word/" + kind + "s.xml")
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		if err := x.walkPart(data); err != nil {
			return fmt.Errorf("%ss: %w", kind, err)
		}
	}
	return nil
}
