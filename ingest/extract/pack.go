package extract

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"

	"ragway/ingest"
)

// A pack is a zip package whose parts are read within bounds.
type pack struct {
	files map[string]*zip.File
	left  int // bytes that may still be inflated, over all parts
	limit int
}

func openPackage(d *document) (*pack, error) {
	z, err := openZip(bytes.NewReader(d.Data), int64(len(d.Data)), d.o.MaxParts)
	if err != nil {
		return nil, err
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
