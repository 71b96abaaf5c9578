package extract

import (
	"context"
	"encoding/xml"

	"ragway/ingest"
)

// readPPTX reads the slides of a presentation in the order in which they are shown, with
// their speaker notes. Hidden slides are part of the file that people share, and stay.
func readPPTX(ctx context.Context, d *document) error {
	p, err := openPackage(d)
	if err != nil {
		return err
	}
	if err := p.coreProperties(d.w); err != nil {
		return err
	}
	slides, err := slidesOf(p)
	if err != nil {
		return err
	}
	d.w.out.Pages = len(slides)
	for i, name := range slides {
		if d.w.full || ctx.Err() != nil {
			return ctx.Err()
		}
		x := &pptx{xmlWalker: xmlWalker{ctx: ctx, depth: d.o.MaxDepth}, p: p, w: d.w, page: i + 1}
		if err := x.slide(name); err != nil {
			return err
		}
	}
	return nil
}

// slidesOf are the slides' parts. One that is named and absent is left out, unless all
// are.
func slidesOf(p *pack) ([]string, error) {
	const main = "ppt/presentation.xml"
	if p.files[main] == nil {
		return nil, ingest.Failf(ingest.Corrupt, "the package has no presentation part")
	}
	var show struct {
		Slides []struct {
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sldIdLst>sldId"`
	}
	if err := p.unmarshal(main, &show); err != nil {
		return nil, err
	}
	rels, err := p.relations(main)
	if err != nil {
		return nil, err
	}
	parts := map[string]string{}
	for _, r := range rels {
		if r.kind == "slide" && p.files[r.target] != nil {
			parts[r.id] = r.target
		}
	}
	var names []string
	for _, s := range show.Slides {
		for _, a := range s.Attrs { // "id" and "r:id" differ in their namespace alone
			if part := parts[a.Value]; a.Name.Space != "" && part != "" {
				names = append(names, part)
			}
		}
	}
	if len(show.Slides) > 0 && len(names) == 0 {
		return nil, ingest.Failf(ingest.Corrupt, "the slides are not in the package")
	}
	return names, nil
}

// pptx reads one slide. Elements are told by their local names, see docx.
type pptx struct {
	xmlWalker
	p    *pack
	w    *writer
	page int
	rels map[string]relation // of the slide
}

func (x *pptx) slide(name string) error {
	rels, err := x.p.relations(name)
	if err != nil {
		return err
	}
	x.rels = map[string]relation{}
	for _, r := range rels {
		x.rels[r.id] = r
	}
	data, err := x.p.part(name)
	if err != nil {
		return err
	}
	shapes, err := x.shapes(data)
	if err != nil {
		return err
	}
	for _, s := range inReadingOrder(shapes) {
		if err := x.writeShape(s); err != nil {
			return err
		}
	}
	for _, r := range rels {
		if r.kind == "notesSlide" {
			if err := x.notes(r.target); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *pptx) writeShape(s *shape) error {
	switch {
	case s.title():
		text := inline(s.text())
		if text == "" {
			return nil
		}
		x.w.title(text)
		x.w.block(ingest.Block{Kind: ingest.Heading, Level: 1, Page: x.page}, "# "+text)
	case s.table != nil:
		s.table.write(x.w, x.page)
	case s.chart != "":
		return x.chart(s.chart)
	case s.diagram != "":
		return x.diagram(s.diagram)
	default:
		x.writeParagraphs(s)
	}
	return nil
}

// writeParagraphs writes the items of a slide as a list: those that say so, and all of a
// placeholder that has several, whose marks come from the layout.
func (x *pptx) writeParagraphs(s *shape) {
	listed := s.placeholder == "body" && len(s.paras) > 1
	inList := false
	for _, p := range s.paras {
		text := inline(p.text)
		switch {
		case text == "":
			continue
		case !p.plain && (listed || p.marked || p.level > 0):
			put := x.w.block
			if inList {
				put = x.w.line
			}
			put(ingest.Block{Kind: ingest.List, Page: x.page}, "- "+text)
			inList = true
		default:
			x.w.block(ingest.Block{Kind: ingest.Paragraph, Page: x.page}, text)
			inList = false
		}
	}
}

// notes reads what the speaker is to say.
func (x *pptx) notes(name string) error {
	data, err := x.p.part(name)
	if err != nil || data == nil {
		return err
	}
	shapes, err := x.shapes(data)
	if err != nil {
		return err
	}
	for _, s := range shapes {
		if s.placeholder != "body" {
			continue
		}
		for _, p := range s.paras {
			x.w.block(ingest.Block{Kind: ingest.Paragraph, Page: x.page}, p.text)
		}
	}
	return nil
}

// diagram reads the texts of a SmartArt graphic, which are in a part of their own.
func (x *pptx) diagram(name string) error {
	data, err := x.p.part(name)
	if err != nil || data == nil {
		return err
	}
	var h handler
	put := x.w.block
	h.child = func(t xml.StartElement) func() error {
		if t.Name.Local != "t" {
			return x.descend(h)
		}
		return func() error {
			s := &shape{}
			err := x.content(x.textBody(s))
			if text := inline(s.text()); text != "" {
				put(ingest.Block{Kind: ingest.List, Page: x.page}, "- "+text)
				put = x.w.line
			}
			return err
		}
	}
	return x.walk(data, h)
}
