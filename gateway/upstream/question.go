package upstream

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"ragway/retriever/text"
)

// question is what is asked.
type question struct {
	analyzer *text.Analyzer
	terms    []string // distinct, without question words
	index    map[string]int
}

// questionWords say what kind of answer is wanted, not what about.
var questionWords = wordSet(`what which who whom whose when where why how do does did done doing can could should would will
	may might must have has had having am is are was were be been being i me my mine we us our you your yours he she him her
	about from any some so than also please tell say explain describe described give show list find know want need there
	here all much many more most other use used using get got make makes made let way ways thing things kind
	long large big small often old far high fast soon happen happens happened
	was wie wer wo wann warum welche welcher welches kann kannst können ich mein meine mir
	quoi quel quelle quels quelles comment pourquoi quand qui où combien est-ce peut peux puis-je
	qué cuál cuáles cómo cuándo dónde quién cuánto puedo
	ما ماذا من متى أين اين كيف كم هل لماذا ولماذا أي اي ماهو ماهي هو هي بماذا لمن فيم`)

// questionSigns are question words, and the particles and copulas that come with them, of
// languages that do not part words. The longer stand before what they start with.
var questionSigns = strings.NewReplacer(eachToBlank(`什么时候 什么 甚么 什麼 甚麼 为什么 為什麼 哪些 哪个 哪個 哪里 哪裡 哪一年 哪年 哪一 哪
	谁 誰 多少 几 幾 何时 何時 何地 为何 為何 如何 怎么 怎麼 怎样 是 的 了 吗 嗎 呢 请问
	何ですか ですか ますか でしょうか いつ どこ だれ どの どれ なぜ どう いくつ 何`)...)

func eachToBlank(signs string) []string {
	var out []string
	for _, s := range strings.Fields(signs) {
		out = append(out, s, " ")
	}
	return out
}

func wordSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func newQuestion(asked, language string) question {
	q := question{analyzer: text.For(language), index: map[string]int{}}
	words := strings.FieldsFunc(questionSigns.Replace(strings.ToLower(asked)), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`?!,;:"“”()？！，。；：、؟،؛«»`, r)
	})
	if n := len(words) - 1; n > 1 && words[0] == "how" && strings.HasPrefix(words[n], "work") {
		words = words[:n] // "how does X work" is about X
	}
	for i, w := range words {
		words[i] = strings.Trim(w, ".'’-–")
	}
	kept := slices.DeleteFunc(words, func(w string) bool { return questionWords[w] })
	q.terms = q.analyzer.QueryTerms(strings.Join(kept, " "))
	if len(q.terms) == 0 {
		q.terms = q.analyzer.QueryTerms(asked)
	}
	q.terms = withoutSingles(q.terms)
	for i, t := range q.terms {
		q.index[t] = i
	}
	return q
}

// withoutSingles drops the ideographs that are part of a pair among the terms: a sentence
// that has one and not the pair is rarely about the same.
func withoutSingles(terms []string) []string {
	paired := map[string]bool{}
	for _, t := range terms {
		if utf8.RuneCountInString(t) == 2 {
			_, n := utf8.DecodeRuneInString(t)
			paired[t[:n]], paired[t[n:]] = true, true
		}
	}
	return slices.DeleteFunc(terms, func(t string) bool {
		r, _ := utf8.DecodeRuneInString(t)
		return paired[t] && unicode.Is(unicode.Han, r)
	})
}

// covered tells of each question term whether it is among terms.
func (q question) covered(terms []string) []bool {
	out := make([]bool, len(q.terms))
	for _, term := range terms {
		if i, ok := q.index[term]; ok {
			out[i] = true
		}
	}
	return out
}

func startsWithAny(s string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}
