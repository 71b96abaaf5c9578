package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"ragway/ingest"
)

// mostRewinds is how many quotes that are never closed a file may have: each costs a look
// at what follows, up to the bound on a record.
const mostRewinds = 100

// rows reads a header and then one record a row. A quoted cell may hold line ends; when a
// quote is never closed, only its own line is lost, and reading goes on with the next.
func (r *reader) rows(ctx context.Context, tabs bool) (more bool, err error) {
	var t *table
	rewinds := 0
	for ctx.Err() == nil {
		l, err := r.lines.next()
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case errors.Is(err, errLongLine):
			if !r.failLine(l.number, r.tooLong(l.number)) {
				return false, nil
			}
			continue
		case err != nil:
			return true, err
		case len(bytes.TrimSpace(l.text)) == 0:
			continue
		case t == nil:
			t = newTable(l.text, tabs)
			r.fields = t.fields
			continue
		}
		row, closed, err := r.row(t, l)
		switch {
		case err != nil:
			return true, err
		case closed:
			if !r.record(row, place{l.number, l.offset, len(row)}) {
				return false, nil
			}
			continue
		case rewinds == mostRewinds:
			return true, fmt.Errorf("more than %d quotes that are never closed, the last on line %d", mostRewinds, l.number)
		}
		rewinds++
		if !r.failLine(l.number, ingest.Failf(ingest.Corrupt, "line %d: a quote is never closed", l.number)) {
			return false, nil
		}
	}
	return true, ctx.Err()
}

// row completes a row whose quotes are open at the end of its first line. When nothing
// closes them, the file is read on from the line after.
func (r *reader) row(t *table, first line) (row []byte, closed bool, err error) {
	row = first.text
	inside := t.open(row, false)
	if !inside {
		return row, true, nil
	}
	row = bytes.Clone(row)
	next := *r.lines
	for inside {
		before := r.lines.offset
		l, err := r.lines.next()
		if errors.Is(err, io.EOF) || errors.Is(err, errLongLine) || err == nil && r.lines.offset-first.offset > int64(r.most) {
			return nil, false, r.rewind(next)
		}
		if err != nil {
			return nil, false, err
		}
		// The line end as it stands in the file: the row is read again by its offset.
		if int64(len(row)) < before-first.offset {
			row = append(row, "\r\n"[2-min(2, before-first.offset-int64(len(row))):]...)
		}
		row = append(row, l.text...)
		inside = t.open(l.text, true)
	}
	return row, true, nil
}

func (r *reader) rewind(to lines) error {
	if _, err := r.file.Seek(to.offset, io.SeekStart); err != nil {
		return err
	}
	r.lines = newLines(r.file, r.most)
	r.lines.number, r.lines.offset = to.number, to.offset
	return nil
}
