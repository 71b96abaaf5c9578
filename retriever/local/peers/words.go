package main

import (
	"math"
	"math/rand/v2"
	"strings"
)

// vocabularySize is about what 100 million words of English hold that occur more than a
// few times.
const vocabularySize = 200_000

// stopWords are the most frequent words, Lucene's English list; queries have none of them.
// By Zipf's law with exponent 1 they are 29 % of a text.
var stopWords = strings.Fields(`the of and to in a is that for it as was with be by on not this are or
	at but they an will there if their then no into these such`)

// zipf draws a rank in [low, high) with a probability proportional to 1/rank.
func zipf(rng *rand.Rand, low, high float64) int {
	return int(low * math.Exp(rng.Float64()*math.Log(high/low)))
}

// word spells the rank, from 1. Frequent words are short: 640 of three letters, 51,200 of
// five, the rest of seven. The last letters end no English suffix, so that a word is its
// own stem under every stemmer and all systems index the same terms.
func word(rank int) string {
	if rank <= len(stopWords) {
		return stopWords[rank-1]
	}
	const onsets, vowels, codas = "bdfghklmnprstvwz", "aeiou", "bkmpxzgf"
	n := rank - len(stopWords) - 1
	syllables, room := 1, len(onsets)*len(vowels)*len(codas)
	for n >= room {
		n -= room
		room *= len(onsets) * len(vowels)
		syllables++
	}
	var b strings.Builder
	coda := codas[n%len(codas)]
	n /= len(codas)
	for range syllables {
		b.WriteByte(onsets[n%len(onsets)])
		n /= len(onsets)
		b.WriteByte(vowels[n%len(vowels)])
		n /= len(vowels)
	}
	b.WriteByte(coda)
	return b.String()
}

// Words of a text that come from its topic's own list, and the length of that list: what
// makes the terms of a passage go together, and rare words occur twice in it.
const (
	topical    = 0.3
	topicWords = 200
)

// passage is a text of 60 to 200 words about the topic, in sentences.
func passage(rng *rand.Rand, topic uint64) string {
	var b strings.Builder
	left := 0 // words until the full stop
	for n := 60 + rng.IntN(141); n > 0; n-- {
		w := word(zipf(rng, 1, vocabularySize+1))
		if rng.Float64() < topical {
			w = word(topicWord(topic, zipf(rng, 1, topicWords+1)))
		}
		if left == 0 {
			left = 8 + rng.IntN(18)
			w = strings.ToUpper(w[:1]) + w[1:]
		}
		b.WriteString(w)
		if left--; left == 0 || n == 1 {
			b.WriteByte('.')
			left = 0
		}
		if n > 1 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// topicWord is the rank of the n-th word of a topic's list, which has neither the most
// frequent words nor the rarest.
func topicWord(topic uint64, n int) int {
	return zipf(rand.New(rand.NewPCG(topic, uint64(n))), 100, vocabularySize/4)
}
