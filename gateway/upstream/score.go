package upstream

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var pointsBack = wordSet(`it this that these those they he she its their however therefore otherwise then so also but and
	thus hence moreover instead both such`)

func score(q question, c *candidate, weights []float64) float64 {
	if c.kind == codeBlock && !slices.Contains(c.covered, true) || !slices.Contains(c.covered, true) && !slices.Contains(c.hinted, true) {
		return 0
	}
	s := c.coverage(weights) - rankPenalty*float64(c.passage)
	first := firstWord(c.text)
	if q.defines && c.kind == prose && defines(q, c) {
		s += definitionBonus
	}
	if q.counts && strings.ContainsFunc(c.text, unicode.IsNumber) {
		s += numberBonus
	}
	if q.manner && (c.kind == codeBlock || strings.Contains(c.text, "`") || imperative[first]) {
		s += mannerBonus
	}
	if c.kind == codeBlock && !c.announced {
		s -= bareCodePenalty
	}
	if strings.HasSuffix(c.text, "?") {
		s -= questionPenalty
	}
	if !c.start && pointsBack[first] {
		s -= danglingPenalty
	}
	if len(strings.Fields(c.text)) > longWords {
		s -= longPenalty
	}
	return s
}

var imperative = wordSet(`run use set add start install point call write put create pass give choose type open copy send
	delete remove configure enable disable make build check`)

var definition = regexp.MustCompile(`(?i)^(?:an?\s+|the\s+)?(\S+(?:\s+\S+){0,5}?)\s+(?:is|are|was|means|refers to|stands for|ist|sind|est|sont|es|son)\s`)

// defines reports whether the sentence opens by saying what the thing asked for is.
func defines(q question, c *candidate) bool {
	m := definition.FindStringSubmatch(c.text)
	if m == nil {
		return false
	}
	subject := termSet(q, m[1])
	for _, t := range q.terms {
		if subject[t] {
			return true
		}
	}
	return false
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }))
}
