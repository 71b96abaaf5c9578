package extract

import (
	"bytes"
	"context"
	"errors"

	"github.com/xuri/excelize/v2"

	"ragway/ingest"
)

// maxStrings bounds the part with the texts of all cells, of which the library keeps
// up to fifteen times its size: more than a million short ones.
const maxStrings = 24 << 20

// readXLSX reads the sheets of a workbook in their order, hidden ones too, with the values
// as they are shown. What a formula computed is what was stored for it.
func readXLSX(ctx context.Context, d *document) error {
	if err := checkWorkbook(d); err != nil {
		return err
	}
	f, err := excelize.OpenReader(bytes.NewReader(d.Data), excelize.Options{
		UnzipSizeLimit: int64(2 * d.o.MaxPart), UnzipXMLSizeLimit: int64(2 * d.o.MaxPart), // never to a temporary file
	})
	if err != nil {
		return ingest.Failf(ingest.Corrupt, "%w", err)
	}
	defer func() { _ = f.Close() }() // its files are all in memory
	if props, err := f.GetDocProps(); err == nil {
		d.w.title(props.Title)
		d.w.set("author", props.Creator)
		d.w.set("subject", props.Subject)
		d.w.set("keywords", props.Keywords)
		d.w.set("date", props.Modified)
	}
	for _, name := range f.GetSheetList() {
		d.w.out.Sheets = append(d.w.out.Sheets, name)
		if err := readSheet(ctx, d, f, name); err != nil {
			return err
		}
	}
	return nil
}

// checkWorkbook bounds the parts before the library takes them all.
func checkWorkbook(d *document) error {
	p, err := openPackage(d)
	if err != nil {
		return err
	}
	sum := uint64(0)
	for name, part := range p.files {
		most := uint64(d.o.MaxPart)
		if name == "xl/sharedStrings.xml" {
			most = min(most, maxStrings)
		}
		if part.Flags&1 != 0 {
			return ingest.Failf(ingest.Encrypted, "%s needs a password", name)
		}
		if sum += part.UncompressedSize64; part.UncompressedSize64 > most || sum > uint64(2*d.o.MaxPart) {
			return ingest.Failf(ingest.TooLarge, "%s inflates to more than %d bytes", name, most)
		}
	}
	return nil
}

func readSheet(ctx context.Context, d *document, f *excelize.File, name string) error {
	rows, err := f.Rows(name)
	if err != nil {
		if notASheet := (excelize.ErrSheetNotExist{}); errors.As(err, &notASheet) || f.SheetCount > 1 {
			return nil // a sheet that is a chart has no rows
		}
		return ingest.Failf(ingest.Corrupt, "sheet %s: %w", name, err)
	}
	defer func() { _ = rows.Close() }()
	s := &sheetWriter{w: d.w, name: name}
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		cells, err := rows.Columns()
		if err != nil {
			return ingest.Failf(ingest.Corrupt, "sheet %s: %w", name, err)
		}
		if err := s.row(cells); err != nil {
			return err
		}
	}
	s.flush()
	if err := rows.Error(); err != nil {
		return ingest.Failf(ingest.Corrupt, "sheet %s: %w", name, err)
	}
	return s.comments(f)
}

// comments follow the sheet they are on.
func (s *sheetWriter) comments(f *excelize.File) error {
	list, err := f.GetComments(s.name)
	if err != nil {
		return nil //nolint:nilerr // cells are worth having without
	}
	for _, c := range list {
		text := c.Text
		for _, run := range c.Paragraph {
			text += run.Text
		}
		if text = inline(text); text != "" {
			s.heading()
			s.w.block(ingest.Block{Kind: ingest.Paragraph}, c.Cell+": "+text)
		}
	}
	return nil
}
