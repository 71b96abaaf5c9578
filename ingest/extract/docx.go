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
	if err := p.coreProperties(d.w); err != nil {
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
