package wire

import (
	"cmp"
	"fmt"
	"slices"
)

// Span is a half-open range of byte offsets into a body. The zero Span means absent.
type Span struct{ Start, End int }

// IsZero reports whether s stands for something absent.
func (s Span) IsZero() bool { return s == Span{} }

// Edit replaces body[Start:End] with Text: an insertion where Start == End, a cut where
// Text is empty. The zero Edit changes nothing.
type Edit struct {
	Start, End int
	Text       []byte
}

// Apply returns body with the edits made, in one new slice; body itself is left alone.
// Edits come in any order; insertions at one offset keep the order given. Edits that
// overlap or lie outside body are an error.
func Apply(body []byte, edits ...Edit) ([]byte, error) {
	byOffset := func(a, b Edit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) }
	if !slices.IsSortedFunc(edits, byOffset) {
		edits = slices.Clone(edits)
		slices.SortStableFunc(edits, byOffset)
	}
	size, last := len(body), 0
	for _, e := range edits {
		if e.Start < last || e.End < e.Start || e.End > len(body) {
			return nil, fmt.Errorf("edit of bytes %d to %d: overlaps another or lies outside the %d of the body", e.Start, e.End, len(body))
		}
		size += len(e.Text) - (e.End - e.Start)
		last = e.End
	}
	out, last := make([]byte, 0, size), 0
	for _, e := range edits {
		out = append(out, body[last:e.Start]...)
		out = append(out, e.Text...)
		last = e.End
	}
	return append(out, body[last:]...), nil
}
