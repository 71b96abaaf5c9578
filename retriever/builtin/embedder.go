package builtin

import (
	"context"
	_ "embed"
	"fmt"
	"sync"
	"unsafe"

	"ragway/retriever"
)

// Dimension of the vectors.
const Dimension = 256

// Embedder embeds with the table in the binary. It is safe for concurrent use; a call works
// on one core.
type Embedder struct {
	table *table
}

var _ retriever.Embedder = (*Embedder)(nil)

//go:embed NOTICE.md
var notice string

// Notice says what the table was made of and under which licence it is offered. It goes
// wherever the table goes, and therefore is in the binary.
func (*Embedder) Notice() string { return notice }

// load parses the embedded file once a process.
var load = sync.OnceValues(func() (*table, error) { return parse(file) })

// New returns the embedder, or an error when the table in the binary is damaged.
func New() (*Embedder, error) {
	t, err := load()
	if err != nil {
		return nil, fmt.Errorf("built-in embedding table: %w", err)
	}
	return &Embedder{table: t}, nil
}

// Fingerprint names the table by the hash of its rows: vectors of two tables never mix.
func (e *Embedder) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: e.table.name + "@" + e.table.id[:12], Dimension: Dimension}
}

// Embed returns a vector for each text, nil where the table knows too little of it.
// Queries and documents are embedded alike. The only error is the context's.
func (e *Embedder) Embed(ctx context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	vectors := make([]retriever.Vector, 0, len(texts))
	var rows []int32
	for _, text := range texts {
		if err := ctx.Err(); err != nil {
			return vectors, err
		}
		var v retriever.Vector
		v, rows = e.table.embed(text, rows)
		vectors = append(vectors, v)
	}
	return vectors, nil
}

// embed uses rows as scratch space and returns it, grown.
func (t *table) embed(text string, rows []int32) (retriever.Vector, []int32) {
	tok := tokenizer{table: t, rows: rows[:0]}
	if !tok.run(text) {
		return nil, tok.rows
	}
	return t.sum(tok.rows), tok.rows
}

// unsafeBytes views a string's bytes, which nobody may change. It spares a copy of the
// embedded file.
func unsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
