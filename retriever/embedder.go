package retriever

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// Vector is an embedding of unit length.
type Vector []float32

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

// Fingerprint identifies an embedding space. Two spaces never mix, even at one dimension.
type Fingerprint struct {
	Model          string `json:"model"` // names starting "static-" are token tables, see DefaultFusion
	Dimension      int    `json:"dimension"`
	QueryPrefix    string `json:"query_prefix,omitempty"`
	DocumentPrefix string `json:"document_prefix,omitempty"`
	Probe          Vector `json:"probe,omitempty"` // the embedding of ProbeText as a document
}

// ProbeText is embedded when a collection is created and again when it is opened: a
// model changed behind an unchanged name shows as another vector.
const ProbeText = "The quick brown fox jumps over the lazy dog near the river bank in 1984."

// ProbeCosine is the least cosine of two probes of one space. Quantised and batched
// servers wobble below 0.001; another model is far off.
const ProbeCosine = 0.99

// IsZero reports whether f names no space at all: a collection without vectors.
func (f Fingerprint) IsZero() bool { return f.Model == "" && f.Dimension == 0 }

// Key names the space in a cache: a hash of everything but the probe.
func (f Fingerprint) Key() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s,%d,%d:%s,%d:%s", len(f.Model), f.Model, f.Dimension,
		len(f.QueryPrefix), f.QueryPrefix, len(f.DocumentPrefix), f.DocumentPrefix))
	return hex.EncodeToString(sum[:16])
}

// String is short enough for a terminal, e.g. "all-MiniLM-L6-v2 (384)".
func (f Fingerprint) String() string {
	if f.IsZero() {
		return "none"
	}
	return fmt.Sprintf("%s (%d)", f.Model, f.Dimension)
}

// Matches returns nil when g is the same space as f, else ErrFingerprint with both and
// what differs. An unknown dimension or a missing probe, the state of an embedder that
// has not answered yet, counts as no difference.
func (f Fingerprint) Matches(g Fingerprint) error {
	var why string
	switch {
	case f.Model != g.Model:
		why = "model"
	case f.Dimension != g.Dimension && f.Dimension != 0 && g.Dimension != 0:
		why = "dimension"
	case f.QueryPrefix != g.QueryPrefix || f.DocumentPrefix != g.DocumentPrefix:
		why = "prefix"
	case f.Probe != nil && g.Probe != nil && Dot(f.Probe, g.Probe) < ProbeCosine:
		why = fmt.Sprintf("weights: probe cosine %.3f", Dot(f.Probe, g.Probe))
	default:
		return nil
	}
	return fmt.Errorf("%s and %s differ in %s: %w", f, g, why, ErrFingerprint)
}

// Probe asks e for the embedding of ProbeText and returns its complete fingerprint.
func Probe(ctx context.Context, e Embedder) (Fingerprint, error) {
	vectors, err := e.Embed(ctx, DocumentText, []string{ProbeText})
	if err != nil {
		return e.Fingerprint(), fmt.Errorf("probe embedder: %w", err)
	}
	f := e.Fingerprint()
	f.Probe = vectors[0]
	f.Dimension = len(vectors[0])
	return f, nil
}

// Dot is the cosine of two unit vectors; of vectors of different length, that of the
// shorter one's dimensions.
func Dot(a, b Vector) float32 {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= n; i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < n; i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// Normalize scales v to unit length in place. It is ErrBadVector when v has a NaN or Inf
// or no length.
func Normalize(v Vector) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) || sum == 0 {
		return fmt.Errorf("vector of squared length %v: %w", sum, ErrBadVector)
	}
	inv := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= inv
	}
	return nil
}

// Check is ErrBadVector unless v has the dimension and unit length (within 1e-3).
func (v Vector) Check(dimension int) error {
	if len(v) != dimension {
		return fmt.Errorf("dimension %d, want %d: %w", len(v), dimension, ErrBadVector)
	}
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if !(math.Abs(sum-1) < 2e-3) { // also false for NaN
		return fmt.Errorf("length %.4f, want 1: %w", math.Sqrt(sum), ErrBadVector)
	}
	return nil
}

// IsStatic reports whether f is a static token table, whose cosines deserve less weight
// than a real model's.
func (f Fingerprint) IsStatic() bool { return strings.HasPrefix(f.Model, "static-") }
