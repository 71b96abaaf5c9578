package extract

import (
	"slices"
	"strings"
	"unicode/utf8"

	"ragway/ingest"
)

// A sheetWriter writes the rows of a spreadsheet: what empty rows part are tables of their
// own, and rows of a single cell above one are its caption.
type sheetWriter struct {
	w    *writer
	name string // of the sheet; "" writes no heading
	said bool   // the heading is written
	rows [][]string
	size int // runes in rows
}

// row takes the next row; empty ones end a table.
func (s *sheetWriter) row(cells []string) error {
	last := len(cells)
	for last > 0 && strings.TrimSpace(cells[last-1]) == "" {
		last--
	}
	if last == 0 {
		s.flush()
		return nil
	}
	for _, c := range cells[:last] {
		s.size += utf8.RuneCountInString(c)
	}
	if s.size+s.w.runes > s.w.o.MaxRunes || s.w.full {
		return ingest.Failf(ingest.TooLarge, "more than %d characters of text", s.w.o.MaxRunes)
	}
	s.rows = append(s.rows, slices.Clone(cells[:last]))
	return nil
}

func (s *sheetWriter) heading() {
	if !s.said && s.name != "" {
		s.w.block(ingest.Block{Kind: ingest.Heading, Level: 1}, "# "+inline(s.name))
	}
	s.said = true
}

// flush writes what has been gathered since the last empty row.
func (s *sheetWriter) flush() {
	rows := s.rows
	s.rows, s.size = nil, 0
	if len(rows) == 0 {
		return
	}
	s.heading()
	rows = withoutEmptyColumns(rows)
	for len(rows) > 0 && filled(rows[0]) == 1 {
		s.w.block(ingest.Block{Kind: ingest.Paragraph}, strings.TrimSpace(strings.Join(rows[0], "")))
		rows = rows[1:]
	}
	t := &table{}
	for _, r := range withoutEmptyColumns(rows) {
		t.add(r)
	}
	t.write(s.w, 0)
}

func filled(row []string) (n int) {
	for _, c := range row {
		if strings.TrimSpace(c) != "" {
			n++
		}
	}
	return n
}

// withoutEmptyColumns also gives all rows the same length.
func withoutEmptyColumns(rows [][]string) [][]string {
	var used []bool
	for _, r := range rows {
		for len(used) < len(r) {
			used = append(used, false)
		}
		for i, c := range r {
			used[i] = used[i] || strings.TrimSpace(c) != ""
		}
	}
	out := make([][]string, len(rows))
	for n, r := range rows {
		for i, keep := range used {
			if keep {
				out[n] = append(out[n], at(r, i))
			}
		}
	}
	return out
}
