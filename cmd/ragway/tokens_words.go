package main

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

const (
	// longestKnown is the longest word whose count is kept, in bytes: longer ones hardly repeat.
	longestKnown = 40
	// knownWords fill a megabyte and hold the words of a library.
	knownWords = 1 << 17
	// countBits hold the tokens of the longest known word, which has one a byte at most.
	countBits = 6
	countMask = 1<<countBits - 1
)

// byWords is count for texts of words, most of which have been counted before. It is
// exact: in all of OpenAI's encodings a token begins where a blank follows anything but
// white space, and what it is does not depend on what stands before.
func byWords(count func(string) int) func(string) int {
	k := newKnownCounts()
	return func(s string) int {
		sum := 0
		for len(s) > 0 {
			n := nextWord(s)
			sum += k.count(s[:n], count)
			s = s[n:]
		}
		return sum
	}
}

// nextWord is where the word that s begins with ends: before a blank that does not follow
// white space.
func nextWord(s string) int {
	for from := 1; from < len(s); {
		i := strings.IndexByte(s[from:], ' ')
		if i < 0 {
			break
		}
		at := from + i
		if r, _ := utf8.DecodeLastRuneInString(s[:at]); !unicode.IsSpace(r) {
			return at
		}
		from = at + 1
	}
	return len(s)
}

// knownCounts are the tokens of words, each in the slot that its hash chooses; another word
// of the slot takes it over. A slot is the hash with the count in its lowest bits, which
// the slot's number has, too: two words are taken for one where all 64 bits of their hashes
// are alike, by a seed that nobody knows.
type knownCounts struct {
	seed  maphash.Seed
	slots []atomic.Uint64
}

func newKnownCounts() *knownCounts {
	return &knownCounts{seed: maphash.MakeSeed(), slots: make([]atomic.Uint64, knownWords)}
}

func (k *knownCounts) count(word string, count func(string) int) int {
	if len(word) > longestKnown {
		return count(word)
	}
	hash := maphash.String(k.seed, word)
	slot := &k.slots[hash%knownWords]
	if known := slot.Load(); known>>countBits == hash>>countBits && known&countMask > 0 {
		return int(known & countMask)
	}
	n := count(word)
	if n <= countMask {
		slot.Store(hash&^countMask | uint64(n))
	}
	return n
}
