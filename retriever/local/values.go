package local

import (
	"cmp"
	"slices"
)

// Values of a field, sorted and distinct, each with the documents that have it.

// holders are the documents of numbered values: those of value i are
// documents[offsets[i]:offsets[i+1]].
type holders struct{ offsets, documents []uint32 }

// between are the documents of the values from one number up to another.
func (h *holders) between(from, to int) []uint32 {
	if from >= to {
		return nil
	}
	return h.documents[h.offsets[from]:h.offsets[to]]
}

// add notes a document of the last value, or of a new one.
func (h *holders) add(document uint32, newValue bool) {
	if newValue {
		h.offsets = append(h.offsets, uint32(len(h.documents)))
	}
	h.documents = append(h.documents, document)
	h.offsets[len(h.offsets)-1] = uint32(len(h.documents))
}

func (h *holders) arrays() []array { return []array{arrayOf(&h.offsets), arrayOf(&h.documents)} }

// values are numbers.
type values[V int64 | float64] struct {
	values []V
	holders
}

// textValues are strings.
type textValues struct {
	stringTable
	holders
}

type valueOf[V cmp.Ordered] struct {
	value    V
	document uint32
}

func sortPairs[V cmp.Ordered](pairs []valueOf[V]) {
	slices.SortStableFunc(pairs, func(a, b valueOf[V]) int { return cmp.Compare(a.value, b.value) })
}

func newValues[V int64 | float64](pairs []valueOf[V]) values[V] {
	sortPairs(pairs)
	out := values[V]{holders: holders{offsets: []uint32{0}}}
	for i, p := range pairs {
		isNew := i == 0 || p.value != pairs[i-1].value
		if isNew {
			out.values = append(out.values, p.value)
		}
		out.add(p.document, isNew)
	}
	return out
}

func newTexts(pairs []valueOf[string]) textValues {
	sortPairs(pairs)
	out := textValues{holders: holders{offsets: []uint32{0}}}
	for i, p := range pairs {
		isNew := i == 0 || p.value != pairs[i-1].value
		if isNew {
			out.append([]byte(p.value))
		}
		out.add(p.document, isNew)
	}
	return out
}

func (x *values[V]) arrays() []array { return append(x.holders.arrays(), arrayOf(&x.values)) }

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
		for _, d := range x.between(i, i+1) {
			f(v, d)
		}
	}
}

func (x *textValues) arrays() []array { return append(x.stringTable.arrays(), x.holders.arrays()...) }

func (x *textValues) equal(s string) []uint32 {
	i, found := x.find(s)
	if !found {
		return nil
	}
	return x.between(i, i+1)
}

// each calls f for every pair, by value.
func (x *textValues) each(f func(value string, document uint32)) {
	for i := range x.len() {
		v := string(x.at(i))
		for _, d := range x.between(i, i+1) {
			f(v, d)
		}
	}
}
