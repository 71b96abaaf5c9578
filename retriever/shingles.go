package retriever

import (
	"hash/maphash"
	"unicode"
)

// shingles is a set of runs of words of one text, hashed.
type shingles map[uint64]struct{}

var shingleSeed = maphash.MakeSeed()

// shingle is the set of the runs of n words in text, of the whole text when it is shorter.
// Case and punctuation do not matter. Signs of scripts that put no blanks between words
// are words of their own.
func shingle(text string, n int) shingles {
	words := shingleWords(text)
	set := make(shingles, max(len(words)-n+1, 1))
	for i := range max(len(words)-n+1, 1) {
		var h maphash.Hash
		h.SetSeed(shingleSeed)
		for _, w := range words[i:min(i+n, len(words))] {
			_, _ = h.WriteString(w) // a hash never fails
			_ = h.WriteByte(' ')
		}
		set[h.Sum64()] = struct{}{}
	}
	return set
}

func shingleWords(text string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, string(word))
			word = word[:0]
		}
	}
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
			end()
			words = append(words, string(r))
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r):
			word = append(word, unicode.ToLower(r))
		default:
			end()
		}
	}
	end()
	return words
}

// likeness is the share of what two sets hold together that both hold (Jaccard).
func (a shingles) likeness(b shingles) float64 {
	if len(a) > len(b) {
		a, b = b, a
	}
	shared := 0
	for k := range a {
		if _, ok := b[k]; ok {
			shared++
		}
	}
	return float64(shared) / float64(len(a)+len(b)-shared)
}
