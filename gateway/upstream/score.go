package upstream

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shares is what a question term counts for by where it stands, against one in the unit.
var shares = [...]float64{nowhere: 0, around: .15, before: .2, titled: .8, within: 1}

// What makes a unit a good answer besides the terms it covers, in shares of the question's
// weight. These, shares and the constants of choice.go were searched one by one on the even
// questions of TestAnswersToQuestionsOfOthers, and rounded; its floors are on the odd ones.
// rankPenalty and danglingPenalty make no difference there, from .05 to .07 and to .10.
const (
	definitionBonus = .20
	numberBonus     = .15
	dateBonus       = .15
	mannerBonus     = .10
	pairBonus       = .05 // for each pair of words that the question has, too
	codePenalty     = .25 // unless instructions are wanted
	rankPenalty     = .05 // for each place further down the passages
	questionPenalty = .60 // a question answers nothing
	danglingPenalty = .10 // starts with a word that points to the sentence before
)

// score is 0 for a unit without a term of the question.
func score(q question, c *candidate, weights []float64) float64 {
	if !slices.Contains(c.near, within) {
		return 0
	}
	s := c.coverage(weights) + pairBonus*float64(c.pairs) - rankPenalty*float64(c.passage)
	if q.defines && c.kind == prose && defines(q, c) {
		s += definitionBonus
	}
	if q.counts && strings.ContainsFunc(c.text, unicode.IsNumber) {
		s += numberBonus
	}
	if q.dates && dated(c.text) {
		s += dateBonus
	}
	if q.manner && (c.kind == codeBlock || strings.Contains(c.text, "`") || imperative[firstWord(c.text)]) {
		s += mannerBonus
	}
	if c.kind == codeBlock && !q.manner {
		s -= codePenalty
	}
	if strings.HasSuffix(c.text, "?") || strings.HasSuffix(c.text, "？") || strings.HasSuffix(c.text, "؟") {
		s -= questionPenalty
	}
	if c.pointsBack() {
		s -= danglingPenalty
	}
	return s
}

var (
	backward = wordSet(`it this that these those they he she its their however therefore otherwise then so also but and
		thus hence moreover instead both such`)
	imperative = wordSet(`run use set add start install point call write put create pass give choose type open copy send
		delete remove configure enable disable make build check`)
)

// pointsBack reports whether c can only be understood after the sentence before it.
func (c *candidate) pointsBack() bool {
	return c.kind == prose && !c.start && backward[firstWord(c.text)]
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }))
}

var dateWords = wordSet(`january february march april may june july august september october november december
	monday tuesday wednesday thursday friday saturday sunday century year years month months week weeks day days
	hour hours minute minutes second seconds`)

// dated reports whether s has a year, or a word that points in time are written with.
func dated(s string) bool {
	if strings.Contains(s, "年") {
		return true
	}
	return slices.ContainsFunc(strings.Fields(s), func(w string) bool {
		w = strings.TrimFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
		return len(w) == 4 && w >= "1000" && w < "2100" || dateWords[strings.ToLower(w)]
	})
}

var definition = regexp.MustCompile(`(?i)^(?:an?\s+|the\s+)?(\S+(?:\s+\S+){0,5}?)\s+(?:is|are|was|means|refers to|stands for|ist|sind|est|sont|es|son)\s`)

// defines reports whether the sentence opens by saying what the thing asked for is; in
// scripts other than Latin, whether it opens with the thing.
func defines(q question, c *candidate) bool {
	if r, _ := utf8.DecodeRuneInString(c.text); unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
		return len(c.terms) > 0 && q.asksFor(c.terms[0])
	}
	m := definition.FindStringSubmatch(c.text)
	return m != nil && slices.ContainsFunc(q.analyzer.Terms(m[1]), q.asksFor)
}
