package prompt

import (
	"sort"
	"unicode"
	"unicode/utf8"

	"ragway/retriever/text"
)

// shortest is how many characters of the best source stay when the budget is used up by
// what stands around it.
const shortest = 200

// cut shortens the source's text to as many whole sentences as fit the budget. A first
// sentence that alone is too long is cut behind a word, or behind a character where there
// is no blank.
func (o Options) cut(s Source) Source {
	full := s.Text
	fits := func(end int) bool {
		s.Text = full[:end]
		return !o.over(o.context([]Source{s}))
	}
	end := 0
	for _, ends := range [][]int{sentenceEnds(full), wordEnds(full), runeEnds(full)} {
		n := sort.Search(len(ends), func(i int) bool { return !fits(ends[i]) })
		if n > 0 {
			end = ends[n-1]
			break
		}
	}
	if end == 0 {
		end = shortestCut(full)
	}
	s.Text = full[:end]
	return s
}

// shortestCut ends the first sentence, within the bound.
func shortestCut(s string) int {
	end := len(s)
	if ends := runeEnds(s); len(ends) > shortest {
		end = ends[shortest-1]
	}
	if ends := sentenceEnds(s); len(ends) > 0 {
		end = min(end, ends[0])
	}
	return end
}

func sentenceEnds(s string) []int {
	var ends []int
	for _, r := range text.Sentences(s) {
		ends = append(ends, r.End)
	}
	return ends
}

func wordEnds(s string) []int {
	var ends []int
	inWord := false
	for i, r := range s {
		blank := unicode.IsSpace(r)
		if blank && inWord {
			ends = append(ends, i)
		}
		inWord = !blank
	}
	return ends
}

func runeEnds(s string) []int {
	ends := make([]int, 0, len(s))
	for i, r := range s {
		ends = append(ends, i+utf8.RuneLen(r))
	}
	return ends
}
