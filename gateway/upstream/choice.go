package upstream

import (
	"cmp"
	"slices"
	"strings"

	"ragway/gateway"
)

// choose takes the best sentence, then those that add most to it: terms covered already
// count little, sentences that say the same not at all.
func choose(q question, all []candidate, weights []float64, limit int) []int {
	var chosen []int
	done := make([]bool, len(weights))
	left := slices.Clone(weights)
	best := 0.0
	for len(chosen) < limit {
		at, gain := -1, 0.0
		for i := range all {
			if g := gainOf(&all[i], weights, left); g > gain && !slices.Contains(chosen, i) && !saidAlready(all, chosen, i) {
				at, gain = i, g
			}
		}
		if at < 0 || len(chosen) > 0 && gain < furtherShare*best {
			break
		}
		if len(chosen) == 0 {
			best = gain
		}
		chosen = append(chosen, at)
		for t, covered := range all[at].covered {
			if covered && !done[t] {
				done[t], left[t] = true, weights[t]*repeatedWeight
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
		if all[i].text == all[j].text || overlap(all[i].terms, all[j].terms) > sameJaccard {
			return true
		}
	}
	return false
}

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

// answers reports whether what was chosen covers enough of the question to be one.
func answers(chosen []int, all []candidate, passages []gateway.Source, weights []float64) bool {
	if len(chosen) == 0 {
		return false
	}
	c := &all[chosen[0]]
	need := answerCoverage
	if passages[c.passage].Relevance >= relevantPassage {
		need = relevantCoverage
	}
	return c.coverage(weights) >= need
}

// withContext makes what was chosen readable on its own: code comes with the sentence that
// announces it, and a sentence that points back with the one before it, while there is room.
func withContext(all []candidate, chosen []int, limit int) []int {
	var out []int
	for k, i := range chosen {
		c, before := &all[i], i-1
		follows := before >= 0 && all[before].passage == c.passage && all[before].kind == prose
		switch {
		case follows && c.kind == codeBlock && announces(all[before].text):
			i = before
		case follows && c.kind == prose && !c.start && pointsBack[firstWord(c.text)] && len(out)+len(chosen)-k < limit && !slices.Contains(chosen, before):
			out = append(out, i)
			i = before
		}
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return filledUp(all, out, limit)
}

// shortAnswer is the number of words below which an answer leaves the reader asking for
// what comes next.
const shortAnswer = 16

// filledUp lets a lone short sentence be followed by the next one of its paragraph, or by
// the code or list below it.
func filledUp(all []candidate, chosen []int, limit int) []int {
	if len(chosen) != 1 || limit < 2 {
		return chosen
	}
	i := chosen[0]
	c, next := &all[i], i+1
	if c.kind != prose || announces(c.text) || len(strings.Fields(c.text)) >= shortAnswer || next == len(all) || all[next].passage != c.passage {
		return chosen
	}
	if n := &all[next]; n.kind == prose && !n.start || n.kind == codeBlock {
		return append(chosen, next)
	}
	return chosen
}

// announces reports whether a sentence ends with a colon.
func announces(s string) bool { return strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：") }

// byReading puts the passage of the best sentence first and keeps the order of the
// document within each passage.
func byReading(all []candidate, best, a, b int) int {
	lead := func(i int) int {
		if all[i].passage == all[best].passage {
			return -1
		}
		return all[i].passage
	}
	return cmp.Or(cmp.Compare(lead(a), lead(b)), cmp.Compare(all[a].index, all[b].index))
}

// introducedItems and introducedLines bound what comes along with a sentence that ends
// with a colon.
const (
	introducedItems = 5
	introducedLines = 12
)

// withIntroduced quotes unit i together with the list or code that its colon announces.
func withIntroduced(all []candidate, i int, passages []gateway.Source, used map[int]bool) quote {
	c := &all[i]
	used[i] = true
	out := quote{n: passages[c.passage].N, kind: c.kind, text: c.text}
	if !announces(c.text) {
		return out
	}
	var items []string
	for j := i + 1; j < len(all) && all[j].passage == c.passage && len(items) < introducedItems; j++ {
		if all[j].kind == codeBlock && len(items) == 0 && strings.Count(all[j].text, "\n") < introducedLines {
			used[j] = true
			out.code = "```\n" + all[j].text + "\n```"
			return out
		}
		if all[j].kind != listItem {
			break
		}
		used[j] = true
		items = append(items, "- "+all[j].text)
	}
	out.code = strings.Join(items, "\n")
	return out
}

// render writes the quotes with their markers: prose as one paragraph, anything else a
// line each.
func render(quotes []quote) string {
	flowing := true
	for _, q := range quotes {
		flowing = flowing && q.kind == prose && q.code == ""
	}
	var parts []string
	for _, q := range quotes {
		parts = append(parts, q.String())
	}
	if flowing {
		return strings.Join(parts, " ")
	}
	return strings.Join(parts, "\n\n")
}
