package extract

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"ragway/ingest"
)

// notebook is a Jupyter notebook, formats 3 and 4.
type notebook struct {
	Cells      []notebookCell `json:"cells"`
	Worksheets []struct {
		Cells []notebookCell `json:"cells"`
	} `json:"worksheets"` // format 3
	Metadata struct {
		Title    string `json:"title"`
		Language struct {
			Name string `json:"name"`
		} `json:"language_info"`
		Kernel struct {
			Language string `json:"language"`
		} `json:"kernelspec"`
	} `json:"metadata"`
}

type notebookCell struct {
	Type    string           `json:"cell_type"`
	Level   int              `json:"level"` // of a heading, format 3
	Source  notebookText     `json:"source"`
	Input   notebookText     `json:"input"` // of code, format 3
	Outputs []notebookOutput `json:"outputs"`
}

type notebookOutput struct {
	Text notebookText               `json:"text"` // of a stream; in format 3 of a result
	Data map[string]json.RawMessage `json:"data"`
	Name string                     `json:"ename"`
	Says string                     `json:"evalue"`
}

// notebookText is a string, or a list of its lines with their ends.
type notebookText string

func (t *notebookText) UnmarshalJSON(b []byte) error {
	var lines []string
	if err := json.Unmarshal(b, &lines); err == nil {
		*t = notebookText(strings.Join(lines, ""))
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*t = notebookText(s)
	return err
}

// maxOutput bounds an output, in bytes: what a cell prints can be a log of megabytes that
// nobody reads.
const maxOutput = 4 << 10

// readNotebook takes the cells in order: prose as Markdown, code with what it printed.
// Pictures and markup among the outputs stay out; their plain form is there as well.
func readNotebook(ctx context.Context, d *document) error {
	var n notebook
	if err := json.Unmarshal([]byte(d.decoded()), &n); err != nil {
		return ingest.Failf(ingest.Corrupt, "%w", err)
	}
	cells := n.Cells
	for _, w := range n.Worksheets {
		cells = append(cells, w.Cells...)
	}
	if cells == nil {
		return ingest.Failf(ingest.Corrupt, "it has no cells")
	}
	d.w.title(n.Metadata.Title)
	language := cmp.Or(n.Metadata.Language.Name, n.Metadata.Kernel.Language)
	for _, c := range cells {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.write(ctx, d.w, language); err != nil {
			return err
		}
	}
	return nil
}

func (c *notebookCell) write(ctx context.Context, w *writer, language string) error {
	source := string(c.Source)
	switch c.Type {
	case "code":
		w.block(ingest.Block{Kind: ingest.Code}, fence(cleanCode(source+string(c.Input)), language))
		for _, o := range c.Outputs {
			w.block(ingest.Block{Kind: ingest.Code}, fence(bounded(cleanCode(o.plain())), ""))
		}
		return nil
	case "heading":
		source = strings.Repeat("#", min(max(c.Level, 1), 6)) + " " + inline(source)
	case "raw":
		w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, source)
		return nil
	}
	return writeMarkdown(ctx, w, normalise(source, -1))
}

// plain is an output as text.
func (o *notebookOutput) plain() string {
	if o.Name != "" {
		return fmt.Sprintf("%s: %s", o.Name, o.Says)
	}
	if o.Text != "" {
		return string(o.Text)
	}
	var t notebookText
	if raw := o.Data["text/plain"]; raw == nil || t.UnmarshalJSON(raw) != nil {
		return ""
	}
	return string(t)
}

// bounded cuts s at a line end within maxOutput.
func bounded(s string) string {
	if len(s) <= maxOutput {
		return s
	}
	s = strings.ToValidUTF8(s[:maxOutput], "")
	if i := strings.LastIndexByte(s, '\n'); i > 0 {
		s = s[:i]
	}
	return s + "\n…"
}
