package upstream

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"ragway/gateway"
)

// quote is one piece of the answer: text of passage n.
type quote struct {
	n    int
	kind unitKind
	text string
	code string // a code block or list that the text introduces
}

// nearness is where a term of the question stands, seen from a unit; a higher one counts
// for more.
type nearness uint8

const (
	nowhere nearness = iota
	around           // elsewhere in the passage
	before           // in the unit before
	titled           // in the title or headings over it, or in what introduces it
	within           // in the unit itself
)

// candidate is a unit that might be quoted.
type candidate struct {
	unit
	passage int
	terms   []string
	set     map[string]bool // of terms; made when it is needed
	near    []nearness      // of each question term
	pairs   int             // neighbouring words of the question that are neighbours here, too
	score   float64
}

func (c *candidate) covers(t int) bool { return c.near[t] == within }

// selectQuotes picks at most limit units that cover the question best, with what they
// need to be understood; none when the passages do not answer it.
func selectQuotes(q question, passages []gateway.Source, limit int) []quote {
	quotes, strength := bestQuotes(q, passages, limit)
	if strength < enough {
		return nil
	}
	return quotes
}

// bestQuotes is the best there is, with the coverage of the best unit plus the relevance of
// its passage.
func bestQuotes(q question, passages []gateway.Source, limit int) ([]quote, float64) {
	if len(q.terms) == 0 || len(passages) == 0 {
		return nil, 0
	}
	all := candidates(q, passages)
	weights := termWeights(q, all)
	for i := range all {
		all[i].score = score(q, &all[i], weights)
	}
	chosen := choose(all, weights, limit)
	if len(chosen) == 0 {
		return nil, 0
	}
	best := &all[chosen[0]]
	chosen = withContext(all, chosen, limit)
	slices.SortStableFunc(chosen, func(a, b int) int { return byReading(all, best.passage, a, b) })
	return assemble(all, chosen, passages), best.coverage(weights) + passages[best.passage].Relevance
}

// byReading puts the passage of the best sentence first and keeps the order of the
// document within each passage.
func byReading(all []candidate, best, a, b int) int {
	lead := func(i int) int {
		if all[i].passage == best {
			return -1
		}
		return all[i].passage
	}
	return cmp.Or(cmp.Compare(lead(a), lead(b)), cmp.Compare(a, b))
}

func candidates(q question, passages []gateway.Source) []candidate {
	var out []candidate
	for p, src := range passages {
		out = append(out, ofPassage(q, p, src)...)
	}
	return out
}

func ofPassage(q question, p int, src gateway.Source) []candidate {
	units := splitUnits(src.Text)
	out := make([]candidate, len(units))
	titles := q.covered(q.analyzer.Terms(src.Title + "\n" + strings.Join(src.Headings, "\n")))
	covered := make([][]bool, len(units))
	anywhere := make([]bool, len(q.terms))
	for i, u := range units {
		terms := q.analyzer.Terms(u.text)
		covered[i] = q.covered(terms)
		out[i] = candidate{unit: u, passage: p, terms: terms, near: make([]nearness, len(q.terms))}
		if slices.Contains(covered[i], true) {
			out[i].pairs = q.pairs(u.text)
		}
		for t, is := range covered[i] {
			anywhere[t] = anywhere[t] || is
		}
	}
	heading, over := "", make([]bool, len(q.terms))
	for i, u := range units {
		if u.under != heading {
			heading, over = u.under, q.covered(q.analyzer.Terms(u.under))
		}
		for t := range q.terms {
			out[i].near[t] = nearest(covered, i, t, u.intro, titles[t] || over[t], anywhere[t])
		}
	}
	return out
}

// nearest says how near question term t is to unit i of a passage, intro units behind the
// one that introduces it.
func nearest(covered [][]bool, i, t, intro int, inTitle, inPassage bool) nearness {
	switch {
	case covered[i][t]:
		return within
	case inTitle, intro > 0 && covered[i-intro][t]:
		return titled
	case i > 0 && covered[i-1][t]:
		return before
	case inPassage:
		return around
	}
	return nowhere
}

// termWeights is each question term's inverse frequency over the units, summing to 1. One
// that occurs nowhere weighs most: what the passages do not speak of, they do not answer.
func termWeights(q question, all []candidate) []float64 {
	weights, sum := make([]float64, len(q.terms)), 0.0
	for t := range q.terms {
		n := 0
		for i := range all {
			if all[i].near[t] >= titled {
				n++
			}
		}
		weights[t] = math.Log(1+(float64(len(all)-n)+.5)/(float64(n)+.5)) + .5
		sum += weights[t]
	}
	for t := range weights {
		weights[t] /= sum
	}
	return weights
}

// coverage is the share of the question's weight that c covers.
func (c *candidate) coverage(weights []float64) float64 {
	sum := 0.0
	for t, w := range weights {
		sum += w * shares[c.near[t]]
	}
	return sum
}
