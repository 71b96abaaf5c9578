package retrievertest

import (
	"context"
	"hash/fnv"
	"math"
	"strings"
	"sync/atomic"
	"unicode"

	"ragway/retriever"
)

// BagOfWords is a deterministic Embedder without a model: each word has a direction
// drawn from its hash, a text is the normalised sum of its words. Texts that share words
// are near each other; a text without words has no embedding.
type BagOfWords struct {
	dimension int
	texts     atomic.Int64
	calls     atomic.Int64
}

// NewEmbedder returns a BagOfWords of the dimension.
func NewEmbedder(dimension int) *BagOfWords { return &BagOfWords{dimension: dimension} }

// Texts is how many texts were embedded so far, Calls in how many calls.
func (e *BagOfWords) Texts() int { return int(e.texts.Load()) }
func (e *BagOfWords) Calls() int { return int(e.calls.Load()) }

func (e *BagOfWords) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: "test-bag-of-words", Dimension: e.dimension}
}

func (e *BagOfWords) Embed(ctx context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	e.calls.Add(1)
	out := make([]retriever.Vector, 0, len(texts))
	for _, s := range texts {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		e.texts.Add(1)
		out = append(out, e.Vector(s))
	}
	return out, nil
}

// Vector is the embedding of one text.
func (e *BagOfWords) Vector(s string) retriever.Vector {
	v := make(retriever.Vector, e.dimension)
	for _, w := range strings.FieldsFunc(strings.ToLower(s), notLetterOrDigit) {
		h := fnv.New64a()
		h.Write([]byte(w))
		addDirection(v, h.Sum64())
	}
	if retriever.Normalize(v) != nil {
		return nil
	}
	return v
}

func notLetterOrDigit(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// addDirection adds to v a pseudo-random direction that depends on seed alone.
func addDirection(v retriever.Vector, seed uint64) {
	for i := range v {
		seed += 0x9e3779b97f4a7c15 // splitmix64
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		v[i] += float32(z>>40)/(1<<23) - 1
	}
}

// embedFunc is an Embedder with the fingerprint of another.
type embedFunc struct {
	retriever.Embedder
	embed func(ctx context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error)
}

func (f embedFunc) Embed(ctx context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	return f.embed(ctx, kind, texts)
}

// altered passes each finished batch of e through alter.
func altered(e retriever.Embedder, alter func([]retriever.Vector) []retriever.Vector) retriever.Embedder {
	return embedFunc{e, func(ctx context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error) {
		vectors, err := e.Embed(ctx, kind, texts)
		return alter(vectors), err
	}}
}

// WrongCount returns one vector too few and no error.
func WrongCount(e retriever.Embedder) retriever.Embedder {
	return altered(e, func(v []retriever.Vector) []retriever.Vector { return v[:max(0, len(v)-1)] })
}

// WrongDimension returns vectors one element too long.
func WrongDimension(e retriever.Embedder) retriever.Embedder {
	return altered(e, func(vectors []retriever.Vector) []retriever.Vector {
		out := make([]retriever.Vector, len(vectors))
		for i, v := range vectors {
			out[i] = append(append(retriever.Vector{}, v...), 0)
		}
		return out
	})
}

// NaN returns vectors whose first element is not a number.
func NaN(e retriever.Embedder) retriever.Embedder {
	return altered(e, func(vectors []retriever.Vector) []retriever.Vector {
		for _, v := range vectors {
			if len(v) > 0 {
				v[0] = float32(math.NaN())
			}
		}
		return vectors
	})
}

// FailAfter embeds n texts in all, then fails with err, returning the finished prefix.
func FailAfter(e retriever.Embedder, n int, err error) retriever.Embedder {
	var done atomic.Int64
	return embedFunc{e, func(ctx context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error) {
		last := int(done.Add(int64(len(texts))))
		if over := last - n; over > 0 {
			vectors, embedErr := e.Embed(ctx, kind, texts[:max(0, len(texts)-over)])
			if embedErr != nil {
				return vectors, embedErr
			}
			return vectors, err
		}
		return e.Embed(ctx, kind, texts)
	}}
}

// Stuck never answers: it waits until its context is cancelled.
func Stuck(e retriever.Embedder) retriever.Embedder {
	return embedFunc{e, func(ctx context.Context, _ retriever.TextKind, _ []string) ([]retriever.Vector, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

var _ retriever.Embedder = (*BagOfWords)(nil)
