package upstream

import (
	"slices"
	"strings"
	"unicode"
)

const (
	repeatedWeight = .30 // of a term that a chosen unit covers already
	furtherShare   = .50 // a further unit has to be this good against the first
)

// choose takes the best unit, then those that add most to it: terms covered already count
// little, units that say the same not at all.
func choose(all []candidate, weights []float64, limit int) []int {
	var chosen []int
	left := slices.Clone(weights)
	best := 0.0
	for len(chosen) < limit {
		at, gain := -1, 0.0
		for i := range all {
			if g := gainOf(&all[i], weights, left); g > gain && !saidAlready(all, chosen, i) {
				at, gain = i, g
			}
		}
		if at < 0 || gain < furtherShare*best {
			break
		}
		best = max(best, gain)
		chosen = append(chosen, at)
		for t := range left {
			if all[at].own[t] {
				left[t] = weights[t] * repeatedWeight
			}
		}
	}
	return chosen
}

// gainOf is the score of c with its coverage counted by what is left to cover.
func gainOf(c *candidate, weights, left []float64) float64 {
	if c.score <= 0 {
		return 0
	}
	return c.score - c.coverage(weights) + c.coverage(left)
}

func saidAlready(all []candidate, chosen []int, i int) bool {
	return slices.ContainsFunc(chosen, func(j int) bool { return all[i].text == all[j].text })
}

// withContext makes what was chosen readable on its own: a sentence that points back comes
// with the one before it, while there is room.
func withContext(all []candidate, chosen []int, limit int) []int {
	out := slices.Clone(chosen)
	for _, i := range chosen {
		if all[i].pointsBack() && len(out) < limit && !slices.Contains(out, i-1) {
			out = append(out, i-1) // there is one: it is not the first of its paragraph
		}
	}
	return out
}

// backward words, at the start of a sentence, point to the one before it.
var backward = wordSet(`it this that these those they he she its their however therefore otherwise then so also but and
		thus hence moreover instead both such`)

// pointsBack reports whether c can only be understood after the sentence before it.
func (c *candidate) pointsBack() bool {
	first, _, _ := strings.Cut(c.text, " ")
	first = strings.TrimFunc(first, func(r rune) bool { return !unicode.IsLetter(r) })
	return c.kind == prose && !c.start && backward[strings.ToLower(first)]
}
