package upstream

import (
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
	passage, index int
	announced      bool // the unit before it ends with a colon
	terms          map[string]bool
	covered        []bool // by the unit itself, a question term each
	hinted         []bool // by the passage's title or headings
	score          float64
}

// Weights of what makes a sentence a good answer, besides the terms it covers. Set on
// ragway's own manual and on SQuAD-like questions over it; the order matters more than
// the values.
const (
	hintWeight       = 0.45 // a term in the title or heading over a sentence, against one in it
	definitionBonus  = 0.35
	numberBonus      = 0.15
	mannerBonus      = 0.10
	bareCodePenalty  = 0.25 // code that no sentence announces
	rankPenalty      = 0.04 // for each place further down the passages
	questionPenalty  = 0.40 // a question answers nothing
	danglingPenalty  = 0.15 // starts with a word that points to the sentence before
	longPenalty      = 0.15 // over longWords words
	longWords        = 45
	repeatedWeight   = 0.25 // a term that a chosen sentence covers already
	furtherShare     = 0.45 // a further sentence has to be this good against the first
	sameJaccard      = 0.55 // two sentences that share so many terms say the same
	answerCoverage   = 0.40 // of the question's weight, below which it is not answered
	relevantPassage  = 0.75 // a passage this relevant may paraphrase the question
	relevantCoverage = 0.20
)

// selectQuotes picks at most limit sentences that cover the question best; none when the
// passages do not answer it.
func selectQuotes(q question, passages []gateway.Source, limit int) []quote {
	if len(q.terms) == 0 || len(passages) == 0 {
		return nil
	}
	all := candidates(q, passages)
	weights := termWeights(q, all)
	for i := range all {
		all[i].score = score(q, &all[i], weights)
	}
	chosen := choose(q, all, weights, limit)
	if !answers(chosen, all, passages, weights) {
		return nil
	}
	best := chosen[0]
	chosen = withContext(all, chosen, limit)
	slices.SortStableFunc(chosen, func(a, b int) int { return byReading(all, best, a, b) })
	var out []quote
	used := map[int]bool{}
	for _, i := range chosen {
		if !used[i] {
			out = append(out, withIntroduced(all, i, passages, used))
		}
	}
	return out
}

func candidates(q question, passages []gateway.Source) []candidate {
	var out []candidate
	for p, src := range passages {
		hints := termSet(q, src.Title+"\n"+strings.Join(src.Headings, "\n"))
		for i, u := range splitUnits(src.Text) {
			c := candidate{unit: u, passage: p, index: i, terms: termSet(q, u.text)}
			for _, t := range q.terms {
				c.covered = append(c.covered, c.terms[t])
				c.hinted = append(c.hinted, hints[t])
			}
			c.announced = i > 0 && announces(out[len(out)-1].text)
			out = append(out, c)
		}
	}
	return out
}

func termSet(q question, s string) map[string]bool {
	set := map[string]bool{}
	for _, t := range q.analyzer.Terms(s) {
		set[t] = true
	}
	return set
}

// termWeights is each question term's inverse frequency over the sentences, summing to 1.
// One that occurs nowhere weighs most: what the passages do not speak of, they do not
// answer.
func termWeights(q question, all []candidate) []float64 {
	weights, sum := make([]float64, len(q.terms)), 0.0
	for t := range q.terms {
		n := 0
		for i := range all {
			if all[i].covered[t] || all[i].hinted[t] {
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
		switch {
		case c.covered[t]:
			sum += w
		case c.hinted[t]:
			sum += w * hintWeight
		}
	}
	return sum
}
