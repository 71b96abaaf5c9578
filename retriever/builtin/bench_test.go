package builtin

import (
	"context"
	"strings"
	"testing"

	"ragway/retriever"
)

const benchText = `Alterations of the architecture of cerebral white matter in the developing human brain can
affect cortical development and result in functional disabilities. A line scan diffusion-weighted magnetic resonance
imaging (MRI) sequence with diffusion tensor analysis was applied to measure the apparent diffusion coefficient, to
calculate relative anisotropy, and to delineate three-dimensional fiber architecture in cerebral white matter in
preterm (n = 17) and full-term infants (n = 7).`

func BenchmarkEmbed(b *testing.B) {
	e := newEmbedder(b)
	texts := []string{strings.Repeat(benchText+" ", 3)}
	b.SetBytes(int64(len(texts[0])))
	for b.Loop() {
		if _, err := e.Embed(context.Background(), retriever.DocumentText, texts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTokenize(b *testing.B) {
	t := newEmbedder(b).table
	text := strings.Repeat(benchText+" ", 3)
	b.SetBytes(int64(len(text)))
	var rows []int32
	for b.Loop() {
		tok := tokenizer{table: t, rows: rows[:0]}
		tok.run(text)
		rows = tok.rows
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := parse(file); err != nil {
			b.Fatal(err)
		}
	}
}
