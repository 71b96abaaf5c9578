package extract

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"

	"ragway/ingest"
)

// An xmlWalker reads a part of a package token by token, each element through the handler
// of the one around it: nothing is kept but what handlers keep.
type xmlWalker struct {
	ctx   context.Context
	depth int // bound on elements open
	// entities are the names known besides XML's own five, each of a text without any.
	entities map[string]string

	dec *xml.Decoder
	at  int // elements open
}

// walk reads a whole part.
func (x *xmlWalker) walk(data []byte, h handler) error {
	x.dec = newDecoder(data)
	x.dec.Entity = x.entities
	err := x.content(h)
	if errors.Is(err, io.EOF) && x.at == 0 {
		return nil
	}
	return x.typed(err)
}

func (x *xmlWalker) typed(err error) error {
	var f *ingest.Failure
	if err == nil || errors.As(err, &f) || x.ctx.Err() != nil {
		return err
	}
	return ingest.Failf(ingest.Corrupt, "byte %d of a part: %w", x.dec.InputOffset(), err)
}

// content reads up to the end of the open element, giving each child and each run of
// text to the handler. A child that the handler does not consume is an error of ours, so
// handlers return what they do not know to skip or descend.
func (x *xmlWalker) content(h handler) error {
	for {
		t, err := x.dec.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := x.enter(t, h); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if h.text != nil {
				h.text(string(t))
			}
		}
	}
}

// A handler says what to do with the children of an element: nil means skip it.
type handler struct {
	child func(xml.StartElement) func() error
	text  func(string)
}

func (x *xmlWalker) enter(t xml.StartElement, h handler) error {
	if x.at++; x.at > x.depth {
		return ingest.Failf(ingest.TooDeep, "nested more than %d levels", x.depth)
	}
	defer func() { x.at-- }()
	if read := h.child(t); read != nil {
		return read()
	}
	return x.skip()
}

// skip reads past the open element, without recursion.
func (x *xmlWalker) skip() error {
	for open := 1; open > 0; {
		t, err := x.dec.Token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
	}
	return nil
}

// descend reads an element that only wraps others.
func (x *xmlWalker) descend(h handler) func() error { return func() error { return x.content(h) } }

func xmlAttr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
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
