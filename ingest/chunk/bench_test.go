package chunk_test

import (
	"strings"
	"testing"

	"ragway/ingest/chunk"
)

// BenchmarkSplit reports MB/s of Split beside those of its token counter alone, over the
// same text: the ratio is what cutting costs.
func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat(prose("harbour", 120)+"\n\n", 200)
	var blocks []any
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		blocks = append(blocks, paragraph, p)
	}
	d := document(blocks...)
	line := document(paragraph, strings.ReplaceAll(text, "\n\n", " "))
	b.Run("count only", func(b *testing.B) {
		b.SetBytes(int64(len(d.Text)))
		for b.Loop() {
			o200k()(d.Text)
		}
	})
	s := splitter(b, chunk.Options{Count: o200k()})
	b.Run("paragraphs", func(b *testing.B) {
		b.SetBytes(int64(len(d.Text)))
		for b.Loop() {
			if _, err := s.Split(d, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one long line", func(b *testing.B) {
		b.SetBytes(int64(len(line.Text)))
		for b.Loop() {
			if _, err := s.Split(line, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}
