package source

import (
	"bytes"
	"fmt"
	"strings"
)

// table is how the rows of a CSV or TSV file are to be read.
type table struct {
	delimiter byte
	quotes    bool // quoted fields may hold delimiters and line ends; TSV has no such thing
	columns   []string
}

// newTable reads the header row. The delimiter is the one of , ; tab and | that it has
// most of.
func newTable(header []byte, tabs bool) *table {
	t := &table{delimiter: ',', quotes: !tabs}
	if tabs {
		t.delimiter = '\t'
	} else {
		most := 0
		for _, d := range []byte{',', ';', '\t', '|'} {
			if cells, _ := splitRow(header, d, true); len(cells)-1 > most {
				t.delimiter, most = d, len(cells)-1
			}
		}
	}
	cells, _ := splitRow(header, t.delimiter, t.quotes)
	seen := map[string]int{}
	for i, c := range cells {
		c = strings.TrimSpace(c)
		if c == "" {
			c = fmt.Sprintf("column_%d", i+1)
		}
		if seen[c]++; seen[c] > 1 {
			c = fmt.Sprintf("%s_%d", c, seen[c])
		}
		t.columns = append(t.columns, c)
	}
	return t
}

// fields names the cells of a row, empty ones left out. Special columns are known in any
// case: spreadsheets write "ID" and "Title".
func (t *table) fields(row []byte) ([]field, error) {
	cells, _ := splitRow(row, t.delimiter, t.quotes)
	out := make([]field, 0, len(cells))
	for i, c := range cells {
		if strings.TrimSpace(c) == "" {
			continue
		}
		name := fmt.Sprintf("column_%d", i+1)
		if i < len(t.columns) {
			name = t.columns[i]
		}
		if lower := strings.ToLower(name); special[lower] {
			name = lower
		}
		out = append(out, field{name, c})
	}
	return out, nil
}

// open reports whether a row that starts outside or inside quotes ends inside them.
func (t *table) open(text []byte, inside bool) bool {
	if !t.quotes {
		return false
	}
	start := !inside
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inside && c == '"' && i+1 < len(text) && text[i+1] == '"':
			i++
		case inside && c == '"':
			inside = false
		case inside:
		case start && c == '"':
			inside = true
		}
		start = !inside && c == t.delimiter
	}
	return inside
}

// splitRow cuts a row into cells. A cell that starts with a quote ends at the next single
// one; what stands between that and the delimiter is kept as it is. Without quotes, only
// a cell that is quoted at both ends is unquoted.
func splitRow(row []byte, delimiter byte, quotes bool) (cells []string, open bool) {
	for {
		cell, rest, more := bytes.Cut(row, []byte{delimiter})
		if quotes && len(row) > 0 && row[0] == '"' {
			var s string
			s, rest, more, open = quoted(row[1:], delimiter)
			cells = append(cells, s)
		} else {
			s := string(cell)
			if len(s) >= 2 && !quotes && s[0] == '"' && s[len(s)-1] == '"' {
				s = strings.ReplaceAll(s[1:len(s)-1], `""`, `"`)
			}
			cells = append(cells, s)
		}
		if !more {
			return cells, open
		}
		row = rest
	}
}

// quoted reads a cell after its opening quote.
func quoted(row []byte, delimiter byte) (cell string, rest []byte, more, open bool) {
	var b strings.Builder
	for {
		i := bytes.IndexByte(row, '"')
		if i < 0 {
			b.Write(row)
			return b.String(), nil, false, true
		}
		b.Write(row[:i])
		row = row[i+1:]
		if len(row) > 0 && row[0] == '"' {
			b.WriteByte('"')
			row = row[1:]
			continue
		}
		tail, rest, more := bytes.Cut(row, []byte{delimiter})
		b.Write(tail)
		return b.String(), rest, more, false
	}
}
