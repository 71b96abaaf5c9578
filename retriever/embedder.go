package retriever

import "context"

// TextKind says which side of a search a text is on; some models embed them differently.
type TextKind int

const (
	DocumentText TextKind = iota
	QueryText
)

// An Embedder turns texts into unit vectors of one fixed dimension.
//
// Embed returns one vector per text, in order; nil where a text has no embedding, which
// every Store takes as lexical only. On failure it returns the vectors of the longest
// finished prefix together with the error, so that paid work is kept. It is safe for
// concurrent use and cuts the texts into whatever batches its backend likes.
//
// Fingerprint says which space the vectors are in, without its Probe; Dimension is 0
// while an embedder that learns it from its first answer has not had one.
type Embedder interface {
	Fingerprint() Fingerprint
	Embed(ctx context.Context, kind TextKind, texts []string) ([]Vector, error)
}
