package local

import "math/bits"

// bitset is a fixed-size set of small integers. As a mask, nil stands for all.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func fullBitset(n int) bitset {
	b := newBitset(n)
	b.setRange(0, n)
	return b
}

func (b bitset) set(i uint32)      { b[i>>6] |= 1 << (i & 63) }
func (b bitset) has(i uint32) bool { return b[i>>6]&(1<<(i&63)) != 0 }

// setRange adds [lo, hi).
func (b bitset) setRange(lo, hi int) {
	for lo < hi {
		w := lo >> 6
		end := min(hi, (w+1)<<6)
		b[w] |= ones(lo, end)
		lo = end
	}
}

// clearRange removes [lo, hi).
func (b bitset) clearRange(lo, hi int) {
	for lo < hi {
		w := lo >> 6
		end := min(hi, (w+1)<<6)
		b[w] &^= ones(lo, end)
		lo = end
	}
}

// ones is the part of one word that [lo, hi) covers.
func ones(lo, hi int) uint64 { return (^uint64(0) >> (64 - (hi - lo))) << (lo & 63) }

func (b bitset) and(o bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}

func (b bitset) or(o bitset) {
	for i := range b {
		b[i] |= o[i]
	}
}

// invert complements b within [0, n).
func (b bitset) invert(n int) {
	for i := range b {
		b[i] = ^b[i]
	}
	if rest := n & 63; rest != 0 {
		b[len(b)-1] &= 1<<rest - 1
	}
}

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// each calls f with every member, in order.
func (b bitset) each(f func(uint32)) { b.eachWithin(0, uint32(len(b))<<6, nil, f) }

// eachWithin calls f with every member in [from, to) that mask, if any, has as well. from
// is a multiple of 64.
func (b bitset) eachWithin(from, to uint32, mask bitset, f func(uint32)) {
	for i := from >> 6; int(i) < len(b) && i<<6 < to; i++ {
		w := b[i]
		if mask != nil {
			w &= mask[i]
		}
		for ; w != 0; w &= w - 1 {
			if n := i<<6 + uint32(bits.TrailingZeros64(w)); n < to {
				f(n)
			}
		}
	}
}
