package local

import (
	"math"

	"ragway/retriever"
)

// Vectors are kept in fixed point, 16 bits a dimension and a scale a vector: half the
// memory of float32, and of a unit vector more exact than half floats, whose range of
// exponents it has no use for; a test holds the error of a cosine below 2⁻¹⁶. Sums of
// whole numbers do not depend on their order, so equal vectors score exactly alike. The
// full vectors are in the file.

const fixedOne = math.MaxInt16

// encodeFixed writes v in multiples of the scale that it returns.
func encodeFixed(out []int16, v retriever.Vector) (scale float32) {
	largest := 0.0
	for _, x := range v {
		largest = max(largest, math.Abs(float64(x)))
	}
	if largest == 0 {
		clear(out)
		return 0
	}
	for i, x := range v {
		out[i] = int16(math.Round(float64(x) / largest * fixedOne))
	}
	return float32(largest / fixedOne)
}

// fixedQuery is a query to compare with vectors in fixed point.
type fixedQuery struct {
	values []int64 // of 24 bits: 2¹⁵·2²⁴ leaves room for the sum of 2²⁴ products
	scale  float64
}

func newFixedQuery(v retriever.Vector) fixedQuery {
	const one = 1 << 24
	q := fixedQuery{values: make([]int64, len(v)), scale: 1.0 / one}
	for i, x := range v {
		q.values[i] = int64(math.Round(float64(x) * one))
	}
	return q
}

// product is the sum of products with d, which has the query's length. Four sums leave the
// processor fewer additions to wait for.
func (q fixedQuery) product(d []int16) int64 {
	var s0, s1, s2, s3 int64
	a := q.values
	for len(a) >= 8 && len(d) >= 8 {
		x, y := (*[8]int64)(a), (*[8]int16)(d)
		s0 += x[0]*int64(y[0]) + x[4]*int64(y[4])
		s1 += x[1]*int64(y[1]) + x[5]*int64(y[5])
		s2 += x[2]*int64(y[2]) + x[6]*int64(y[6])
		s3 += x[3]*int64(y[3]) + x[7]*int64(y[7])
		a, d = a[8:], d[8:]
	}
	for i := range min(len(a), len(d)) {
		s0 += a[i] * int64(d[i])
	}
	return s0 + s1 + s2 + s3
}
