package retriever

import (
	"slices"
	"strings"
	"unicode"
)

// phrase is a noun phrase, nearly: words of a turn that stand together and carry a topic.
// Closed lists and the order of words in questions tell where it ends; there is no parser.
type phrase struct {
	text     string
	key      []string // its words in lower case
	from, to int      // its first and last word
	sentence int

	definite bool // "the" stands before it
	name     bool // some word is written as a name
	proper   bool // all are
	plural   bool
	placed   bool // it says where or when
	subject  bool
	minor    bool // it is asked for, or belongs to a phrase that follows: not what the turn is about
	model    bool // only the model said it
}

const (
	longestPhrase = 6  // words; longer ones are lists, or a language whose words are not known here
	mostPhrases   = 32 // of a turn; what people are after stands in few words
)

// phrases finds the phrases among the words of s.
func (l *tongue) phrases(s string, words []token) []phrase {
	var out []phrase
	for i := 0; i < len(words) && len(out) < mostPhrases; {
		if !inside(words, i) {
			i++
			continue
		}
		end := l.phraseEnd(words, i)
		if from, to := l.trim(words, i, end-1); from <= to {
			out = append(out, l.phrase(s, words, from, to))
		}
		i = end
	}
	return out
}

// inside reports whether words[i] may stand in a phrase.
func inside(words []token, i int) bool {
	w := words[i]
	switch {
	case w.acronym():
		return true
	case ends(w, "ly") && len(w.lower) > 5: // an adverb
		return false
	case w.is(function) || w.kind != noKind || w.is(determiner):
		return false
	case w.is(verb):
		return w.capital() && !w.first
	}
	return true
}

// phraseEnd is the word after the phrase that starts with words[i].
func (l *tongue) phraseEnd(words []token, i int) int {
	j := i + 1
	for j < len(words) && j < i+longestPhrase && !words[j].parted && words[j-1].ending == "" {
		if inside(words, j) {
			j++
			continue
		}
		k := l.joined(words, j)
		if k == j {
			break
		}
		j = k + 1
	}
	return j
}

// joined is the word that goes on with a phrase behind the small words at j, j if none
// does: "Zappa and the Mothers of Invention", "cáncer de pulmón".
func (l *tongue) joined(words []token, j int) int {
	k := j
	for k < len(words) && k < j+2 && !words[k].parted && (words[k].is(join) || k > j && words[k].is(article)) {
		k++
	}
	if k == j || k == len(words) || words[k].parted || !inside(words, k) {
		return j
	}
	if l.apostrophe && !(words[j-1].capital() && words[k].capital()) { // in English, names alone
		return j
	}
	return k
}

// trim cuts words that carry no topic off both ends of words a to b.
func (l *tongue) trim(words []token, a, b int) (from, to int) {
	for a <= b && words[a].is(light) && (!words[a].capital() || words[a].first) {
		a++
	}
	if !l.substitutes || l.unspaced { // what follows is English grammar
		return a, b
	}
	for a <= b && superlative(words[a]) || a < b && ends(words[a], "ing") && a > 0 && words[a-1].is(of|about) { // "advantages of knowing languages"
		a++
	}
	if a < b && !words[b].capital() && predicate(words, a, b) {
		b--
	}
	for a < b && ends(words[b], "ed") {
		b--
	}
	if a == b && ends(words[a], "ing") && (b+1 < len(words) && !words[b+1].parted && words[b+1].is(function) || a > 0 && words[a-1].is(verb)) {
		return 1, 0 // a verb: "suffering from"
	}
	return a, b
}

// predicate reports whether the last of words a to b is none of the subject of a question:
// "does melatonin help", "is throat cancer treatable".
func predicate(words []token, a, b int) bool {
	aux := before(words, a)
	next := func(c class) bool { return b+1 < len(words) && !words[b+1].parted && words[b+1].is(c) }
	switch {
	case aux < 0:
		return false
	case words[aux].is(auxiliary):
		return !next(verb | auxiliary | be | of)
	case words[aux].is(be):
		return words[aux].first && !next(article)
	}
	return false
}

// before is the word before words[i], articles left out, -1 if none is near.
func before(words []token, i int) int {
	for k := i - 1; k >= 0 && k >= i-2 && !words[k+1].parted && !words[k+1].first; k-- {
		if !words[k].is(article) {
			return k
		}
	}
	return -1
}

func ends(w token, ending string) bool {
	return !w.capital() && len(w.lower) > len(ending)+1 && strings.HasSuffix(w.lower, ending)
}

func superlative(w token) bool { return ends(w, "est") && len(w.lower) > 5 }

// phrase describes words a to b.
func (l *tongue) phrase(s string, words []token, a, b int) phrase {
	p := phrase{text: s[words[a].start:words[b].end], from: a, to: b, sentence: words[a].sentence, proper: true}
	for _, w := range words[a : b+1] {
		p.key = append(p.key, w.lower)
		p.name = p.name || l.names && w.capital() && (!w.first || b > a && words[b].capital()) && !unicode.IsNumber([]rune(w.text)[0]) && !dates[w.lower]
		p.proper = p.proper && (w.capital() || w.is(join))
	}
	p.proper = p.proper && p.name
	p.definite = a > 0 && words[a-1].lower == "the" && !words[a].parted
	p.plural = l.apostrophe && plural(words[b].lower)
	if k := before(words, a); k >= 0 {
		p.placed = words[k].is(place)
		p.subject = words[k].is(be | about)
		for k > 0 && words[k].is(light) && !words[k].first {
			k--
		}
		p.minor = words[k].is(asking)
	}
	p.minor = p.minor || !p.name && b+1 < len(words) && !words[b+1].parted && words[b+1].is(of)
	return p
}

func plural(w string) bool {
	return strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is")
}

// human reports whether the phrase may be a person's name.
func (p *phrase) human() bool {
	return p.proper && !p.definite && len(p.key) <= 4 && !slices.ContainsFunc(p.key, func(w string) bool {
		return notHuman[w] || strings.ContainsAny(w, "0123456789")
	})
}

// same reports whether two phrases mean one thing: one is the end of the other or, of
// names, its beginning.
func same(p, q *phrase) bool {
	a, b := p.key, q.key
	if len(a) > len(b) {
		a, b = b, a
	}
	return equalWords(a, b[len(b)-len(a):]) || (p.name || q.name) && equalWords(a, b[:len(a)])
}

func equalWords(a, b []string) bool { return slices.EqualFunc(a, b, equalWord) }

func equalWord(a, b string) bool { return a == b || a+"s" == b || b+"s" == a }

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

var (
	dates = wordSet(`january february march april may june july august september october november december
		monday tuesday wednesday thursday friday saturday sunday i american british english french german`)
	notHuman = wordSet(`of and the for university college school studios studio records theatre theater museum league club
		street city state states park award awards tv show series united national war world`)
)
