package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"ragway/ingest"
)

// readJSON writes a value as indented lines "name: value". The members of the outermost
// array or object are a block each.
func readJSON(ctx context.Context, d *document) error {
	return jsonText(ctx, d, d.decoded())
}

// readJSONL writes each line as readJSON writes a file. A broken line fails the document
// unless it is the last, which a writer may have been about to finish.
func readJSONL(ctx context.Context, d *document) error {
	lines := strings.Split(strings.TrimSpace(cleanCode(d.decoded())), "\n")
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		err := jsonRecord(ctx, d, l)
		if err != nil && (i == 0 || i < len(lines)-1) {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return nil
}

func jsonRecord(ctx context.Context, d *document, line string) error {
	p := newJSONPrinter(ctx, d, line)
	if err := p.value(0, ""); err != nil {
		return err
	}
	d.w.block(ingest.Block{Kind: ingest.Paragraph}, p.b.String())
	return nil
}

func jsonText(ctx context.Context, d *document, text string) error {
	p := newJSONPrinter(ctx, d, text)
	p.flush = func() {
		d.w.block(ingest.Block{Kind: ingest.Paragraph}, p.b.String())
		p.b.Reset()
	}
	if err := p.value(0, ""); err != nil {
		return err
	}
	p.flush()
	if _, err := p.in.Token(); err != io.EOF {
		return ingest.Failf(ingest.Corrupt, "more after the value; is it JSON lines?")
	}
	return nil
}

// A jsonPrinter walks a value token by token, so that its order is kept.
type jsonPrinter struct {
	ctx   context.Context
	in    *json.Decoder
	b     strings.Builder
	depth int
	flush func() // after each member of the outermost value; may be nil
}

func newJSONPrinter(ctx context.Context, d *document, text string) *jsonPrinter {
	p := &jsonPrinter{ctx: ctx, in: json.NewDecoder(strings.NewReader(text)), depth: d.o.MaxDepth}
	p.in.UseNumber()
	return p
}

// value prints the next value after its label, which ends a line already begun.
func (p *jsonPrinter) value(depth int, label string) error {
	if depth > p.depth {
		return ingest.Failf(ingest.TooDeep, "nested more than %d levels", p.depth)
	}
	t, err := p.in.Token()
	if err != nil {
		return p.broken(err)
	}
	if open, ok := t.(json.Delim); ok {
		return p.members(depth, label, open)
	}
	p.print(depth-1, label, scalar(t))
	return nil
}

func (p *jsonPrinter) members(depth int, label string, open json.Delim) error {
	if label != "" {
		p.print(depth-1, label, "")
	}
	for p.in.More() {
		if p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		name := "-"
		if open == '{' {
			t, err := p.in.Token()
			if err != nil {
				return p.broken(err)
			}
			name = inline(t.(string)) + ":"
		}
		if err := p.value(depth+1, name); err != nil {
			return err
		}
		if depth == 0 && p.flush != nil {
			p.flush()
		}
	}
	_, err := p.in.Token()
	return p.broken(err)
}

func (p *jsonPrinter) print(indent int, label, value string) {
	// Deep nesting is told by a bounded indent: at full depth it would be most of the text.
	p.b.WriteString(strings.Repeat("  ", max(0, min(indent, 16))))
	p.b.WriteString(label)
	if label != "" && value != "" {
		p.b.WriteByte(' ')
	}
	p.b.WriteString(value)
	p.b.WriteByte('\n')
}

func (p *jsonPrinter) broken(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ingest.Failf(ingest.Corrupt, "the value ends before it is complete")
	}
	return ingest.Failf(ingest.Corrupt, "byte %d: %w", p.in.InputOffset(), err)
}

func scalar(t json.Token) string {
	switch v := t.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	return fmt.Sprint(t)
}
