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

// candidate is a unit that might be quoted.
type candidate struct {
	unit
	passage int
	own     []bool // of each question term: the unit has it, or what it is about
	covers  []bool // or its title, a heading over it, or what introduces it has
	score   float64
}

// enough is the least sum of the best unit's coverage and its passage's relevance that
// makes an answer. BenchmarkQuestionsOfOthers at each, the share of questions answered with
// what they ask for, and the share not answered from documents that do not hold it:
//
//	sum   spans        cmrc2018     arcd
//	.65   .533  .997   .860  .810   .722  .426
//	.70   .521  .997   .852  .846   .714  .471
//	.75   .502  .998   .839  .871   .705  .523
//	.80   .492  .998   .824  .889   .689  .573
//	.85   .457  1.00   .798  .913   .679  .629
const enough = .75

// rankPenalty is what a unit loses for each place that its passage stands further down, in
// shares of the question's weight. Without it .009, .010 and .020 fewer are answered right.
const rankPenalty = .05

// selectQuotes picks at most limit units that cover the question best, with what they
// need to be understood; none when the passages do not answer it.
func selectQuotes(q question, passages []gateway.Source, limit int) []quote {
	if len(q.terms) == 0 || len(passages) == 0 {
		return nil
	}
	all := candidates(q, passages)
	weights := termWeights(q, all)
	for i := range all {
		if c := &all[i]; slices.Contains(c.own, true) {
			c.score = c.coverage(weights) - rankPenalty*float64(c.passage)
		}
	}
	chosen := choose(all, weights, limit)
	if len(chosen) == 0 {
		return nil
	}
	best := &all[chosen[0]]
	if best.coverage(weights)+passages[best.passage].Relevance < enough {
		return nil
	}
	chosen = withContext(all, chosen, limit)
	slices.SortStableFunc(chosen, func(a, b int) int { return byReading(all, best.passage, a, b) })
	return assemble(all, chosen, passages)
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
	heading, over := "", titles
	for i, u := range units {
		if u.under != heading {
			heading, over = u.under, either(titles, q.covered(q.analyzer.Terms(u.under)))
		}
		own := q.covered(q.analyzer.Terms(u.about + "\n" + u.text))
		covers := either(own, over)
		if u.intro > 0 {
			covers = either(covers, out[i-u.intro].own)
		}
		out[i] = candidate{unit: u, passage: p, own: own, covers: covers}
	}
	return out
}

func either(a, b []bool) []bool {
	out := slices.Clone(a)
	for i := range out {
		out[i] = out[i] || b[i]
	}
	return out
}

// termWeights is each question term's inverse frequency over the units, summing to 1. One
// that occurs nowhere weighs most: what the passages do not speak of, they do not answer.
func termWeights(q question, all []candidate) []float64 {
	weights, sum := make([]float64, len(q.terms)), 0.0
	for t := range q.terms {
		n := 0
		for i := range all {
			if all[i].covers[t] {
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
		if c.covers[t] {
			sum += w
		}
	}
	return sum
}
