package upstream

import (
	"slices"
	"strings"
)

const (
	repeatedWeight = .30 // of a term that a chosen unit covers already
	furtherShare   = .50 // a further unit has to be this good against the first
	sameJaccard    = .30 // two units that share so many terms say the same
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
			if all[at].covers(t) {
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
	for _, j := range chosen {
		if i == j || all[i].text == all[j].text || overlap(all[i].termSet(), all[j].termSet()) > sameJaccard {
			return true
		}
	}
	return false
}

func (c *candidate) termSet() map[string]bool {
	if c.set == nil {
		c.set = make(map[string]bool, len(c.terms))
		for _, t := range c.terms {
			c.set[t] = true
		}
	}
	return c.set
}

// overlap is the Jaccard similarity.
func overlap(a, b map[string]bool) float64 {
	shared := 0
	for t := range a {
		if b[t] {
			shared++
		}
	}
	if shared == 0 {
		return 0
	}
	return float64(shared) / float64(len(a)+len(b)-shared)
}

// enough is the least sum of the best unit's coverage and its passage's relevance that
// makes an answer. Of the even questions, those answered with the gold, and those answered
// from documents that do not hold the answer:
//
//	sum   spans        cmrc2018     arcd
//	.50   .547  .022   .883  .283   .731  .606
//	.60   .528  .000   .868  .160   .710  .486
//	.65   .516  .000   .855  .123   .695  .452
//	.70   .484  .000   .827  .108   .686  .406
//	.80   .434  .000   .778  .058   .641  .318
//
// Neither part alone does as well: AUC over cmrc2018 .958 and .973, of the sum .975.
const enough = .65

// withContext makes what was chosen readable on its own: a sentence that points back comes
// with the one before it, while there is room.
func withContext(all []candidate, chosen []int, limit int) []int {
	out := slices.Clone(chosen)
	for _, i := range chosen {
		if all[i].pointsBack() && len(out) < limit && !slices.Contains(out, i-1) {
			out = append(out, i-1) // there is one: it is not the first of its paragraph
		}
	}
	return filledUp(all, out, limit)
}

// shortAnswer is the number of words below which an answer leaves the reader asking for
// what comes next.
const shortAnswer = 16

// filledUp lets a lone short sentence be followed by the next one of its paragraph, or by
// the code below it.
func filledUp(all []candidate, chosen []int, limit int) []int {
	if len(chosen) != 1 || limit < 2 {
		return chosen
	}
	i := chosen[0]
	c, next := &all[i], i+1
	if c.kind != prose || c.leads || next == len(all) || all[next].passage != c.passage ||
		hasCJK(c.text) || len(strings.Fields(c.text)) >= shortAnswer {
		return chosen
	}
	if n := &all[next]; n.kind == prose && !n.start || n.kind == codeBlock {
		return append(chosen, next)
	}
	return chosen
}
