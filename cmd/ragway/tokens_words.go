package main

import (
	"hash/maphash"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	// longestKnown is the longest word whose count is kept, in bytes: longer ones hardly repeat.
	longestKnown = 40
	// knownShards bounds how often workers wait for each other, knownWords the memory: a
	// few megabytes hold the words of a library.
	knownShards = 32
	knownWords  = 1 << 17
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

// knownCounts are the tokens of words.
type knownCounts struct {
	seed   maphash.Seed
	shards [knownShards]struct {
		sync.RWMutex
		tokens map[string]int
	}
}

func newKnownCounts() *knownCounts {
	k := &knownCounts{seed: maphash.MakeSeed()}
	for i := range k.shards {
		k.shards[i].tokens = map[string]int{}
	}
	return k
}

func (k *knownCounts) count(word string, count func(string) int) int {
	if len(word) > longestKnown {
		return count(word)
	}
	s := &k.shards[maphash.String(k.seed, word)%knownShards]
	s.RLock()
	n, ok := s.tokens[word]
	s.RUnlock()
	if ok {
		return n
	}
	n = count(word)
	s.Lock()
	if len(s.tokens) < knownWords/knownShards {
		s.tokens[strings.Clone(word)] = n
	}
	s.Unlock()
	return n
}
