package extract

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"

	"ragway/ingest"
)

// readCSV writes the rows as one Markdown table, the first row as its header.
func readCSV(ctx context.Context, d *document) error {
	text := strings.TrimPrefix(d.decoded(), "\uFEFF")
	comma := delimiter(text)
	if d.ext == ".tsv" && strings.Contains(text, "\t") {
		comma = '\t'
	}
	if rest, ok := strings.CutPrefix(text, "sep="); ok && len(rest) > 0 { // Excel's own hint
		comma = rune(rest[0])
		_, text, _ = strings.Cut(rest, "\n")
	}
	r := csv.NewReader(strings.NewReader(strings.ReplaceAll(text, "\r\n", "\n")))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = comma, true, -1, true
	t := table{}
	for {
		row, err := r.Read()
		switch {
		case err == io.EOF:
			t.write(d.w, 0)
			return nil
		case errors.Is(err, csv.ErrQuote), errors.Is(err, csv.ErrBareQuote):
			continue // ReuseRecord: what was read of the row is in it, but unsure
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		t.add(row)
		if t.size > 4*d.o.MaxRunes {
			return ingest.Failf(ingest.TooLarge, "more than %d characters of text", d.o.MaxRunes)
		}
	}
}

// delimiter is the sign of , ; tab | that cuts the first lines into most fields, and
// evenly; the comma if none does.
func delimiter(text string) rune {
	lines := strings.SplitN(text, "\n", 11)
	lines = lines[:min(len(lines), 10)]
	best, most := ',', 0
	for _, sep := range ",;\t|" {
		fewest := -1
		for _, l := range lines {
			if n := fieldsOutsideQuotes(l, sep); strings.TrimSpace(l) != "" && (fewest < 0 || n < fewest) {
				fewest = n
			}
		}
		if fewest > most {
			best, most = sep, fewest
		}
	}
	return best
}

func fieldsOutsideQuotes(line string, sep rune) int {
	n, quoted := 0, false
	for _, r := range line {
		switch r {
		case '"':
			quoted = !quoted
		case sep:
			if !quoted {
				n++
			}
		}
	}
	return n
}
