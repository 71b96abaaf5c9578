package extract

import (
	"strings"

	"ragway/ingest"
)

// A table gathers rows of plain text and becomes a Markdown table.
type table struct {
	rows []string // as written
	cols int      // of the first row
	size int      // bytes
}

// add appends a row unless all its cells are empty.
func (t *table) add(cells []string) {
	var b strings.Builder
	b.WriteByte('|')
	empty := true
	for _, c := range cells {
		c = cell(c)
		empty = empty && c == ""
		b.WriteByte(' ')
		b.WriteString(c)
		if c != "" {
			b.WriteByte(' ')
		}
		b.WriteByte('|')
	}
	if empty {
		return
	}
	if len(t.rows) == 0 {
		t.cols = len(cells)
	}
	t.rows = append(t.rows, b.String())
	t.size += b.Len()
}

// cell is text on one line, with nothing in it that ends a cell.
func cell(s string) string { return strings.ReplaceAll(inline(s), "|", `\|`) }

// write appends the table as one block.
func (t *table) write(w *writer, page int) {
	if len(t.rows) == 0 {
		return
	}
	header := t.rows[0] + "\n|" + strings.Repeat(" --- |", t.cols)
	text := strings.Join(append([]string{header}, t.rows[1:]...), "\n")
	w.block(ingest.Block{Kind: ingest.Table, Header: header, Page: page}, text)
}
