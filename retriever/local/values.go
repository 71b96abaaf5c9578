package local

import (
	"cmp"
	"slices"
)

// values maps each distinct value of a field, sorted, to the documents that have it: the
// documents of values[i] are documents[offsets[i]:offsets[i+1]].
type values[V cmp.Ordered] struct {
	values    []V
	offsets   []uint32
	documents []uint32
}

type valueOf[V cmp.Ordered] struct {
	value    V
	document uint32
}

func newValues[V cmp.Ordered](pairs []valueOf[V]) values[V] {
	slices.SortStableFunc(pairs, func(a, b valueOf[V]) int { return cmp.Compare(a.value, b.value) })
	out := values[V]{offsets: []uint32{0}, documents: make([]uint32, 0, len(pairs))}
	for i, p := range pairs {
		if i == 0 || p.value != pairs[i-1].value {
			out.values = append(out.values, p.value)
			out.offsets = append(out.offsets, uint32(i))
		}
		out.documents = append(out.documents, p.document)
		out.offsets[len(out.offsets)-1] = uint32(i + 1)
	}
	return out
}

// between are the documents of values[from:to].
func (x *values[V]) between(from, to int) []uint32 {
	if from >= to {
		return nil
	}
	return x.documents[x.offsets[from]:x.offsets[to]]
}

func (x *values[V]) equal(v V) []uint32 {
	i, found := slices.BinarySearch(x.values, v)
	if !found {
		return nil
	}
	return x.between(i, i+1)
}

// less are the documents with a value below v, or up to it.
func (x *values[V]) less(v V, orEqual bool) []uint32 {
	return x.between(0, x.split(v, orEqual))
}

// greater are the documents with a value above v, or from it.
func (x *values[V]) greater(v V, orEqual bool) []uint32 {
	return x.between(x.split(v, !orEqual), len(x.values))
}

// split is how many values are below v, v itself included if after.
func (x *values[V]) split(v V, after bool) int {
	i, found := slices.BinarySearch(x.values, v)
	if found && after {
		i++
	}
	return i
}

// each calls f for every pair, by value.
func (x *values[V]) each(f func(value V, document uint32)) {
	for i, v := range x.values {
		for _, d := range x.documents[x.offsets[i]:x.offsets[i+1]] {
			f(v, d)
		}
	}
}
