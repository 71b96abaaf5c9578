package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"ragway/ingest"
)

// readDOCX reads the body of a word processor document with its foot- and endnotes.
// Headers and footers repeat on every page and say nothing; they and comments stay out.
func readDOCX(ctx context.Context, d *document) error {
	p, err := openPackage(d)
	if err != nil {
		return err
	}
	docx := &docx{ctx: ctx, p: p, w: d.w, depth: d.o.MaxDepth}
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

// A pack is a zip package whose parts are read within bounds.
type pack struct {
	files map[string]*zip.File
	left  int // bytes that may still be inflated, over all parts
	limit int
}

func openPackage(d *document) (*pack, error) {
	z, err := zip.NewReader(bytes.NewReader(d.Data), int64(len(d.Data)))
	if err != nil {
		return nil, ingest.Failf(ingest.Corrupt, "zip package: %w", err)
	}
	if len(z.File) > d.o.MaxParts {
		return nil, ingest.Failf(ingest.TooLarge, "%d entries in the package, the limit is %d", len(z.File), d.o.MaxParts)
	}
	p := &pack{files: map[string]*zip.File{}, left: 2 * d.o.MaxPart, limit: d.o.MaxPart}
	for _, f := range z.File {
		if p.files[f.Name] != nil {
			return nil, ingest.Failf(ingest.Corrupt, "the package has %s twice", f.Name)
		}
		p.files[f.Name] = f
	}
	return p, nil
}

// part returns the content of a part, nil if there is none. What the directory says of
// its size is not believed.
func (p *pack) part(name string) ([]byte, error) {
	f := p.files[name]
	if f == nil {
		return nil, nil
	}
	if f.Flags&1 != 0 {
		return nil, ingest.Failf(ingest.Encrypted, "%s needs a password", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, ingest.Failf(ingest.Corrupt, "%s: %w", name, err)
	}
	defer r.Close()
	limit := min(p.limit, p.left)
	if f.UncompressedSize64 > uint64(limit) {
		return nil, ingest.Failf(ingest.TooLarge, "%s inflates to more than %d bytes", name, limit)
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	switch {
	case len(data) > limit:
		return nil, ingest.Failf(ingest.TooLarge, "%s inflates to more than %d bytes", name, limit)
	case err != nil:
		return nil, ingest.Failf(ingest.Corrupt, "%s: %w", name, err)
	}
	p.left -= len(data)
	return data, nil
}

// unmarshal reads a small part into v; a part that is missing leaves v alone.
func (p *pack) unmarshal(name string, v any) error {
	data, err := p.part(name)
	if err != nil || data == nil {
		return err
	}
	dec := newDecoder(data)
	if err := dec.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return ingest.Failf(ingest.Corrupt, "%s: %w", name, err)
	}
	return nil
}

// newDecoder expands no entity but XML's own five: those of a document type are unknown
// to it, and an error.
func newDecoder(data []byte) *xml.Decoder {
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte{0xEF, 0xBB, 0xBF})))
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) {
		raw, err := io.ReadAll(in)
		return bytes.NewReader([]byte(decode(raw, ""))), err
	}
	return dec
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
