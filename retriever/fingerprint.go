package retriever

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

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

// IsStatic reports whether f is a static token table, whose cosines deserve less weight
// than a real model's.
func (f Fingerprint) IsStatic() bool { return strings.HasPrefix(f.Model, "static-") }

// Key names the space in a cache: a hash of everything but the probe.
func (f Fingerprint) Key() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s,%d,%d:%s,%d:%s", len(f.Model), f.Model, f.Dimension,
		len(f.QueryPrefix), f.QueryPrefix, len(f.DocumentPrefix), f.DocumentPrefix))
	return hex.EncodeToString(sum[:16])
}

// String is short enough for a terminal, e.g. "all-MiniLM-L6-v2 (384)".
func (f Fingerprint) String() string {
	switch {
	case f.IsZero():
		return "none"
	case f.Dimension == 0:
		return f.Model
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

// SpaceMismatch says that vectors of an embedder do not fit a collection. It wraps
// ErrFingerprint.
type SpaceMismatch struct {
	Collection string
	Offered    Fingerprint // what the embedder makes
	Err        error       // of Fingerprint.Matches
}

func (e *SpaceMismatch) Error() string { return fmt.Sprintf("collection %s: %v", e.Collection, e.Err) }

func (e *SpaceMismatch) Unwrap() error { return e.Err }

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
