package builtin

import (
	"math"

	"ragway/retriever"
)

// Rows add up in integers, two dimensions to a uint64: a row's step (at most maxStep) times
// a nibble (at most 15) is below 2²⁴, so that a 32-bit lane holds flushAfter of them.
// Against adding floats this halves the time, and a step's rounding, 2⁻²¹ of the largest
// scale, is that of a float32.
const (
	maxStep    = 1<<20 - 1
	flushAfter = 256
)

// lanes spreads the two nibbles of a byte over the two lanes of a uint64.
var lanes = func() (out [256]uint64) {
	for b := range out {
		out[b] = uint64(b&15) | uint64(b>>4)<<32
	}
	return out
}()

// sum adds the rows up and scales the result to unit length; nil when there is no length.
func (t *table) sum(rows []int32) retriever.Vector {
	var total [Dimension]int64
	var bias int64
	for len(rows) > 0 {
		n := min(len(rows), flushAfter)
		bias += t.addTo(&total, rows[:n])
		rows = rows[n:]
	}
	var length float64
	for i := range total {
		total[i] -= bias
		length += float64(total[i]) * float64(total[i])
	}
	if length == 0 {
		return nil
	}
	inverse := 1 / math.Sqrt(length)
	v := make(retriever.Vector, Dimension)
	for i := range v {
		v[i] = float32(float64(total[i]) * inverse)
	}
	return v
}

// addTo adds at most flushAfter rows to total and returns what the +8 of every stored
// value added to each dimension.
func (t *table) addTo(total *[Dimension]int64, rows []int32) (bias int64) {
	const width = Dimension / 2
	var acc [width]uint64
	for _, r := range rows {
		step := uint64(t.step[r])
		row := t.rows[int(r)*width : int(r)*width+width]
		for j := range acc {
			acc[j] += step * lanes[row[j]]
		}
		bias += int64(step) * 8
	}
	for j, a := range acc {
		total[2*j] += int64(a & math.MaxUint32)
		total[2*j+1] += int64(a >> 32)
	}
	return bias
}
