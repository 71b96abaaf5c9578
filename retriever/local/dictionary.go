package local

import "math/bits"

// dictionary maps terms to their numbers, which count from 0. It is three arrays, so that
// it can be read where it lies in a file.
type dictionary struct {
	blob  []byte   // the terms in order of their numbers
	ends  []uint32 // of each term in blob
	table []uint32 // number + 1, or 0; open addressing, a power of two of places
}

// newDictionary holds the terms of numbers, which names each number below its length once.
func newDictionary(numbers map[string]uint32) dictionary {
	d := dictionary{ends: make([]uint32, len(numbers)), table: make([]uint32, 1<<bits.Len(uint(2*len(numbers))))}
	terms := make([]string, len(numbers))
	for term, n := range numbers {
		terms[n] = term
	}
	for n, term := range terms {
		d.blob = append(d.blob, term...)
		d.ends[n] = uint32(len(d.blob))
		at := hashOf(term) & uint64(len(d.table)-1)
		for d.table[at] != 0 {
			at = (at + 1) & uint64(len(d.table)-1)
		}
		d.table[at] = uint32(n) + 1
	}
	return d
}

func (d *dictionary) size() int { return len(d.ends) }

func (d *dictionary) term(n uint32) []byte {
	start := uint32(0)
	if n > 0 {
		start = d.ends[n-1]
	}
	return d.blob[start:d.ends[n]]
}

func (d *dictionary) find(term string) (n uint32, found bool) {
	if len(d.table) == 0 {
		return 0, false
	}
	for at := hashOf(term) & uint64(len(d.table)-1); d.table[at] != 0; at = (at + 1) & uint64(len(d.table)-1) {
		if n = d.table[at] - 1; string(d.term(n)) == term {
			return n, true
		}
	}
	return 0, false
}

// hashOf is FNV-1a, the same in every process.
func hashOf(parts ...string) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range parts {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // ends a part: no UTF-8 has it
	}
	return h
}
