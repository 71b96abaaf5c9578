package builtin

import (
	"fmt"
	"strings"
)

// vocab finds the longest piece that starts a string. It is an open-addressed table under
// a hash that grows byte by byte, so that all prefixes of a word are hashed in one pass.
type vocab struct {
	pieces  []string // by row, without the "##" of continuations
	slots   []uint64 // hash << 32 | row + 1; 0 is empty
	longest int      // bytes of the longest piece
	unknown int32    // row of [UNK]
}

const slotBits = 16 // 65,536 slots for 28,228 pieces

// A hash starts from one of two seeds: continuations are other pieces than starts.
const (
	seedStart        uint32 = 2166136261
	seedContinuation uint32 = 2166136261 ^ 0x9E3779B9
)

// grow is FNV-1a's step.
func grow(h uint32, c byte) uint32 { return (h ^ uint32(c)) * 16777619 }

func slotOf(h uint32) uint32 { return h * 0x9E3779B1 >> (32 - slotBits) }

func newVocab(section string, rows int) (vocab, error) {
	v := vocab{pieces: make([]string, 0, rows), slots: make([]uint64, 1<<slotBits), unknown: -1}
	for piece := range strings.SplitSeq(section, "\n") {
		seed, row := seedStart, len(v.pieces)
		if rest, ok := strings.CutPrefix(piece, "##"); ok {
			seed, piece = seedContinuation, rest
		}
		v.pieces = append(v.pieces, piece)
		if piece == "[UNK]" {
			v.unknown = int32(row)
			continue
		}
		h := seed
		for i := range len(piece) {
			h = grow(h, piece[i])
		}
		v.insert(h, row)
		v.longest = max(v.longest, len(piece))
	}
	if len(v.pieces) != rows || rows > 1<<slotBits/2 || v.unknown < 0 {
		return v, fmt.Errorf("vocabulary of %d pieces, [UNK] at %d, for %d rows", len(v.pieces), v.unknown, rows)
	}
	return v, nil
}

func (v *vocab) insert(h uint32, row int) {
	i := slotOf(h)
	for v.slots[i] != 0 {
		i = (i + 1) % (1 << slotBits)
	}
	v.slots[i] = uint64(h)<<32 | uint64(row+1)
}

// find is the row of piece, whose hash is h, or -1. Two pieces, one of each kind, may be
// equal as strings, but never under one hash: the seeds part them.
func (v *vocab) find(h uint32, piece []byte) int32 {
	for i := slotOf(h); ; i = (i + 1) % (1 << slotBits) {
		s := v.slots[i]
		if s == 0 {
			return -1
		}
		if row := int32(uint32(s)) - 1; uint32(s>>32) == h && v.pieces[row] == string(piece) {
			return row
		}
	}
}

// cut appends the rows of word's pieces to rows: the longest that fits, from the left.
// It reports false, and appends nothing, when at some place none fits.
func (v *vocab) cut(rows []int32, word []byte) ([]int32, bool) {
	var prefix [maxWord]uint32 // hash of rest[:i+1]
	done := len(rows)
	seed := seedStart
	for rest := word; len(rest) > 0; seed = seedContinuation {
		h, n := seed, min(len(rest), v.longest)
		for i := range n {
			h = grow(h, rest[i])
			prefix[i] = h
		}
		row := int32(-1)
		for ; n > 0; n-- {
			if row = v.find(prefix[n-1], rest[:n]); row >= 0 {
				break
			}
		}
		if row < 0 {
			return rows[:done], false
		}
		rows = append(rows, row)
		rest = rest[n:]
	}
	return rows, true
}
