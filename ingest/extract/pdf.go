package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/klippa-app/go-pdfium"
	pdfiumerrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"ragway/ingest"
)

// readPDF takes the text layer, page by page.
func readPDF(ctx context.Context, d *document) error {
	return d.pdf.with(ctx, func(p pdfium.Pdfium) error { return pdfText(ctx, d, p) })
}

func pdfText(ctx context.Context, d *document, p pdfium.Pdfium) error {
	// Through a reader: a copy of the whole file would have to fit the engine's memory.
	opened, err := p.OpenDocument(&requests.OpenDocument{
		FileReader: bytes.NewReader(d.Data), FileReaderSize: int64(len(d.Data)),
	})
	switch {
	case errors.Is(err, pdfiumerrors.ErrPassword), errors.Is(err, pdfiumerrors.ErrSecurity):
		return ingest.Failf(ingest.Encrypted, "the document needs a password")
	case err != nil:
		return ingest.Failf(ingest.Corrupt, "open: %w", err)
	}
	doc := opened.Document
	pdfInfo(d.w, p, doc)
	count, err := p.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: doc})
	if err != nil {
		return fmt.Errorf("count pages: %w", err)
	}
	d.w.out.Pages = count.PageCount
	if count.PageCount == 0 {
		return ingest.Failf(ingest.Corrupt, "no pages can be read")
	}
	return pdfPages(ctx, d, p, doc)
}

// pdfPages forgives pages that cannot be read, unless there is nothing else. What was
// read before a page killed the engine is kept as well.
func pdfPages(ctx context.Context, d *document, p pdfium.Pdfium, doc references.FPDF_DOCUMENT) error {
	pages := make([]string, d.w.out.Pages)
	var broken error
	for i, size := 0, 0; i < len(pages) && size <= d.o.MaxRunes; i++ {
		text, err := pageText(p, doc, i)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			broken = fmt.Errorf("page %d: %w", i+1, firstLine(err))
		}
		pages[i] = text
		size += len(text) / 4
	}
	withoutFrames(pages)
	mendHyphens(pages)
	for i, text := range pages {
		d.w.page(i+1, text)
	}
	if d.w.runes == 0 {
		return broken
	}
	return nil
}

func (w *writer) page(number int, text string) {
	b := ingest.Block{Kind: ingest.Paragraph, Page: number}
	for i, paragraph := range reflow(text) {
		if i == 0 {
			w.block(b, paragraph)
		} else {
			w.line(b, paragraph)
		}
	}
}

// firstLine cuts the WebAssembly stack off a trap.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}

func pageText(p pdfium.Pdfium, doc references.FPDF_DOCUMENT, index int) (_ string, err error) {
	page, err := p.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: doc, Index: index})
	if err != nil {
		return "", err
	}
	defer func() {
		_, cerr := p.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page})
		err = errors.Join(err, cerr)
	}()
	text, err := p.FPDFText_LoadPage(&requests.FPDFText_LoadPage{
		Page: requests.Page{ByReference: &page.Page},
	})
	if err != nil {
		return "", err
	}
	defer func() {
		_, cerr := p.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage})
		err = errors.Join(err, cerr)
	}()
	chars, err := p.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text.TextPage})
	if err != nil || chars.Count == 0 {
		return "", err
	}
	got, err := p.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: text.TextPage, Count: chars.Count})
	if err != nil {
		return "", err
	}
	return got.Text, nil
}

// pdfInfo records the information dictionary.
func pdfInfo(w *writer, p pdfium.Pdfium, doc references.FPDF_DOCUMENT) {
	got, err := p.GetMetaData(&requests.GetMetaData{Document: doc, Tags: &[]string{"Title", "Author", "Subject", "Keywords", "CreationDate"}})
	if err != nil {
		return
	}
	for _, t := range got.Tags {
		switch t.Tag {
		case "Title":
			w.title(t.Value)
		case "CreationDate":
			w.set("date", pdfDate(t.Value))
		default:
			w.set(strings.ToLower(t.Tag), t.Value)
		}
	}
}

// pdfDate makes "D:20240131…" a date.
func pdfDate(s string) string {
	s = strings.TrimPrefix(s, "D:")
	if len(s) < 8 || strings.Trim(s[:8], "0123456789") != "" {
		return ""
	}
	return s[:4] + "-" + s[4:6] + "-" + s[6:8]
}
