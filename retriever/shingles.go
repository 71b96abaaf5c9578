package retriever

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// shingles are the hashes of the runs of words of one text, ascending and distinct.
type shingles []uint64

// shingle makes the set of the runs of n words in text, of the whole text when it is
// shorter. Case and punctuation do not matter. Signs of scripts that put no blanks between
// words are words of their own.
func shingle(text string, n int) shingles {
	words := wordHashes(text)
	set := words[:max(len(words)-n+1, min(1, len(words)))] // each run's hash takes the place of its first word's
	for i := range set {
		h := uint64(fnvOffset)
		for _, w := range words[i:min(i+n, len(words))] {
			h = (h ^ w) * fnvPrime
		}
		set[i] = h
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// FNV-1a's, https://datatracker.ietf.org/doc/html/rfc9923
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// wordHashes are those of the words of text, in order.
func wordHashes(text string) []uint64 {
	words := make([]uint64, 0, len(text)/5)
	h, open := uint64(fnvOffset), false
	end := func() {
		if open {
			words = append(words, h)
			h, open = fnvOffset, false
		}
	}
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		kind := kindOf(r)
		if kind != partOfWord {
			end()
		}
		if kind == noWord {
			continue
		}
		h, open = (h^uint64(unicode.ToLower(r)))*fnvPrime, true
		if kind == wholeWord {
			end()
		}
	}
	end()
	return words
}

// runeKind is what a rune is to the words of a text.
type runeKind int

const (
	noWord runeKind = iota
	partOfWord
	wholeWord
)

func kindOf(r rune) runeKind {
	switch {
	case r < utf8.RuneSelf:
		if 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' {
			return partOfWord
		}
		return noWord
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return wholeWord
	case unicode.In(r, unicode.L, unicode.N, unicode.M):
		return partOfWord
	}
	return noWord
}

// likeness is the share of what two sets hold together that both hold (Jaccard).
func (a shingles) likeness(b shingles) float64 {
	shared := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			shared, i, j = shared+1, i+1, j+1
		}
	}
	if len(a)+len(b) == 0 {
		return 1
	}
	return float64(shared) / float64(len(a)+len(b)-shared)
}
