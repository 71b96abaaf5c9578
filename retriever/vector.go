package retriever

import (
	"fmt"
	"math"
)

// Vector is an embedding of unit length.
type Vector []float32

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
