package extract

import (
	"encoding/xml"
	"strconv"

	"ragway/ingest"
)

// Bounds on what a cell or a row says of how often it repeats: to fill a sheet, empty ones
// repeat up to its last column and row.
const (
	maxRepeatedCells = 256
	maxRepeatedRows  = 1000
)

// tableIn reads a table of a text or a slide, or a sheet.
func (x *odf) tableIn(t xml.StartElement) func() error {
	return func() error {
		if !x.sheet {
			return x.plainTable()
		}
		s := &sheetWriter{w: x.w, name: xmlAttr(t, "name")}
		x.w.out.Sheets = append(x.w.out.Sheets, s.name)
		err := x.content(x.rows(s.row))
		s.flush()
		return err
	}
}

func (x *odf) plainTable() error {
	t := &table{}
	err := x.content(x.rows(func(cells []string) error {
		t.add(cells)
		if t.size > 4*x.w.o.MaxRunes {
			return ingest.Failf(ingest.TooLarge, "more than %d characters of text", x.w.o.MaxRunes)
		}
		return nil
	}))
	t.write(x.w, x.page)
	return err
}

// rows gives each row to take, those of groups and headers in their place.
func (x *odf) rows(take func([]string) error) handler {
	var h handler
	h.child = func(t xml.StartElement) func() error {
		switch t.Name.Local {
		case "table-row":
			return func() error {
				if err := x.ctx.Err(); err != nil {
					return err
				}
				cells, err := x.cells()
				if err != nil {
					return err
				}
				times := repeated(t, "number-rows-repeated", maxRepeatedRows)
				if filled(cells) == 0 {
					times = 1
				}
				for range times {
					if err := take(cells); err != nil {
						return err
					}
				}
				return nil
			}
		case "table-header-rows", "table-rows", "table-row-group":
			return x.descend(h)
		}
		return nil
	}
	return h
}

func (x *odf) cells() ([]string, error) {
	var cells []string
	err := x.content(handler{child: func(t xml.StartElement) func() error {
		if t.Name.Local != "table-cell" && t.Name.Local != "covered-table-cell" {
			return nil
		}
		return func() error {
			text, err := x.gathered()
			n := repeated(t, "number-columns-repeated", maxRepeatedCells)
			for range min(n, maxRepeatedCells*4-len(cells)) {
				cells = append(cells, text)
			}
			return err
		}
	}})
	return cells, err
}

func repeated(t xml.StartElement, name string, most int) int {
	n, err := strconv.Atoi(xmlAttr(t, name))
	if err != nil {
		return 1
	}
	return max(1, min(n, most))
}
