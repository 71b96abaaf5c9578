package upstream

import (
	"strings"
	"unicode"

	"ragway/retriever/text"
)

// question is what is asked: its terms, and what kind of answer it hopes for.
type question struct {
	analyzer *text.Analyzer
	terms    []string // distinct, without question words
	defines  bool     // "what is X": a sentence that says so is best
	counts   bool     // "how many", "when": a number is wanted
	manner   bool     // "how do I": instructions and commands
}

// questionWords say what kind of answer is wanted, not what about.
var questionWords = wordSet(`what which who whom whose when where why how do does did done doing can could should would will
	may might must have has had am is are was were be been being i me my mine we us our you your yours he she him her
	about from any some so than also please tell say explain describe give show list find know want need there
	here all much many more most other use used using get got make makes made let way ways thing things kind
	long large big small often old far high fast soon
	was wie wer wo wann warum welche welcher welches kann kannst können ich mein meine mir
	quoi quel quelle quels quelles comment pourquoi quand qui où combien est-ce peut peux puis-je
	qué cuál cuáles cómo cuándo dónde quién cuánto puedo`)

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func newQuestion(asked, language string) question {
	q := question{analyzer: text.For(language)}
	words := strings.FieldsFunc(strings.ToLower(asked), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("?!,;:\"“”()", r)
	})
	var kept []string
	for _, w := range words {
		if w = strings.Trim(w, ".'’"); !questionWords[w] {
			kept = append(kept, w)
		}
	}
	q.terms = q.analyzer.QueryTerms(strings.Join(kept, " "))
	if len(q.terms) == 0 {
		q.terms = q.analyzer.QueryTerms(asked)
	}
	lower := " " + strings.Join(words, " ") + " "
	q.defines = startsWithAny(lower, " what is ", " what are ", " what's ", " who is ", " who was ", " was ist ", " was sind ", " qu'est-ce ", " qué es ", " define ")
	q.counts = containsAny(lower, " how many ", " how much ", " how long ", " how large ", " how big ", " how often ", " when ", " which port ", " what port ", " wie viele ", " combien ", " cuánto ")
	q.manner = containsAny(lower, " how do ", " how can ", " how to ", " how should ", " how is ", " how are ", " wie kann ", " comment ", " cómo ")
	return q
}

func startsWithAny(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}
