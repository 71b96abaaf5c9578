package local

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// rotation is a fixed orthogonal transform that spreads whatever a vector says in a few
// dimensions over all of them, so that every sign carries alike. Without it, sign bits
// fail on embeddings whose dimensions are ordered by variance, and on shortened ones.
//
// It alternates random signs with fast Walsh-Hadamard transforms of the first and of the
// last 2^k dimensions, which together cover a length that is no power of two.
type rotation struct {
	size  int         // 2^k, the largest that fits
	scale float32     // 1/√size, which keeps lengths
	signs [][]float32 // of each round, ±1
}

// rotationRounds mix each dimension with every other, twice over.
const rotationRounds = 4

// newRotation is always the same for a dimension: codes outlive the process.
func newRotation(dimension int) *rotation {
	r := &rotation{size: 1 << (bits.Len(uint(dimension)) - 1)}
	r.scale = float32(1 / math.Sqrt(float64(r.size)))
	rng := rand.New(rand.NewPCG(0x7261677761790001, uint64(dimension)))
	for range rotationRounds {
		signs := make([]float32, dimension)
		for i := range signs {
			signs[i] = float32(1 - 2*int(rng.Uint64()>>63))
		}
		r.signs = append(r.signs, signs)
	}
	return r
}

// apply rotates v in place.
func (r *rotation) apply(v []float32) {
	for round, signs := range r.signs {
		for i := range v {
			v[i] *= signs[i]
		}
		part := v[:r.size]
		if round&1 == 1 {
			part = v[len(v)-r.size:]
		}
		hadamard(part)
		for i := range part {
			part[i] *= r.scale
		}
	}
}

// hadamard is the Walsh-Hadamard transform in place; len(v) is a power of two.
func hadamard(v []float32) {
	for width := 1; width < len(v); width *= 2 {
		for from := 0; from < len(v); from += 2 * width {
			a, b := v[from:from+width], v[from+width:from+2*width]
			for i, x := range a {
				y := b[i]
				a[i], b[i] = x+y, x-y
			}
		}
	}
}
