package text

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
	"golang.org/x/text/cases"
	xlanguage "golang.org/x/text/language"
)

// language is how words of one language become terms.
type language struct {
	script   *unicode.RangeTable // of its words; nil: no stems, whatever the script
	stem     func(*snowballstem.Env) bool
	stop     map[string]struct{}
	elided   map[string]struct{} // what an apostrophe elides: l'eau is eau
	spell    func(string) string // before the stem; nil: as it is
	suffixed bool                // what follows an apostrophe is an ending: İstanbul'da
	plain    bool                // accents are optional spelling: café is cafe
	bare     bool                // the same, but the stemmer wants them
	lower    func(string) string // nil: Unicode case folding
}

// unknown is every language without stems.
var unknown language

// languages by ISO 639-1 code. A code that is missing here has no stems and no stop words.
var languages = map[string]*language{
	"en": {script: unicode.Latin, stem: english.Stem, stop: set(stopLists["en"]), plain: true},
	"ar": {script: unicode.Arabic, stem: stemArabic, stop: set(stopLists["ar"])},
	"da": {script: unicode.Latin, stem: danish.Stem, stop: set(stopLists["da"])},
	"de": {script: unicode.Latin, stem: german.Stem, spell: spellGerman, stop: set(stopLists["de"])},
	"es": {script: unicode.Latin, stem: spanish.Stem, stop: set(stopLists["es"])},
	"fi": {script: unicode.Latin, stem: finnish.Stem, stop: set(stopLists["fi"])},
	"fr": {script: unicode.Latin, stem: french.Stem, stop: set(stopLists["fr"]), elided: set(elidedFrench), bare: true},
	"ga": {script: unicode.Latin, stem: irish.Stem, stop: set(stopLists["ga"]), elided: set(`b d m`), bare: true},
	"hu": {script: unicode.Latin, stem: hungarian.Stem, stop: set(stopLists["hu"])},
	"it": {script: unicode.Latin, stem: italian.Stem, stop: set(stopLists["it"]), elided: set(elidedItalian), bare: true},
	"nl": {script: unicode.Latin, stem: dutch.Stem, stop: set(stopLists["nl"])},
	"no": {script: unicode.Latin, stem: norwegian.Stem, stop: set(stopLists["no"])},
	"pt": {script: unicode.Latin, stem: portuguese.Stem, stop: set(stopLists["pt"]), bare: true},
	"ro": {script: unicode.Latin, stem: romanian.Stem, stop: set(stopLists["ro"]), bare: true},
	"ru": {script: unicode.Cyrillic, stem: russian.Stem, stop: set(stopLists["ru"])},
	"sv": {script: unicode.Latin, stem: swedish.Stem, stop: set(stopLists["sv"])},
	"ta": {script: unicode.Tamil, stem: tamil.Stem},
	"tr": {script: unicode.Latin, stem: turkish.Stem, stop: set(stopLists["tr"]), lower: lowerTurkish, suffixed: true},

	// Without stems; Latin words among theirs are English.
	"ja": {script: unicode.Han},
	"ko": {script: unicode.Hangul},
	"th": {script: unicode.Thai},
	"zh": {script: unicode.Han},
}

// aliases are codes that mean another one's stemmer.
var aliases = map[string]string{"": "en", "nb": "no", "nn": "no"}

// byScript is the most common language with a stemmer for words in a script that is not
// the language's own: an English collection holds Russian documents, too.
var byScript = []string{"ru", "ar", "ta", "en"}

var analyzers sync.Map // code ▶ *Analyzer

// For returns the Analyzer of a language, an ISO 639-1 code, with or without a region;
// "" is English. An unknown code gets one without stems and stop words. Calls with one
// code share an Analyzer.
//
// "auto" finds the language of each text by itself, and a list ("de,fr,en") among those
// of the list. Words are then indexed as they are besides their stem, because a query is
// mostly too short to tell its language: it asks for the word as it is and its English
// stem or, with a list, its stem in each language of the list.
func For(code string) *Analyzer {
	code = strings.ToLower(code)
	if a, ok := analyzers.Load(code); ok {
		return a.(*Analyzer)
	}
	var codes []string
	for c := range strings.SplitSeq(code, ",") {
		if c = canonical(c); !slices.Contains(codes, c) {
			codes = append(codes, c)
		}
	}
	if len(codes) > 1 || codes[0] == auto {
		return shared(strings.Join(codes, ","), func() *Analyzer { return &Analyzer{detect: newDetector(codes)} })
	}
	return shared(codes[0], func() *Analyzer { return &Analyzer{profile: profile{languages: []*language{named(codes[0])}}} })
}

// shared is the one Analyzer under key.
func shared(key string, build func() *Analyzer) *Analyzer {
	a, ok := analyzers.Load(key)
	if !ok {
		a, _ = analyzers.LoadOrStore(key, build())
	}
	return a.(*Analyzer)
}

// canonical is the key of languages for a code, or und.
func canonical(code string) string {
	code, _, _ = strings.Cut(strings.TrimSpace(code), "-")
	if alias, ok := aliases[code]; ok {
		code = alias
	}
	if _, ok := languages[code]; !ok && code != auto {
		return "und"
	}
	return code
}

func named(code string) *language {
	if l, ok := languages[code]; ok {
		return l
	}
	return &unknown
}

// forScript is l, or the language that analyses a word in another script than l's.
func (l *language) forScript(w string) *language {
	i := strings.IndexFunc(w, unicode.IsLetter)
	if l.script == nil || i < 0 {
		return l
	}
	r, _ := utf8.DecodeRuneInString(w[i:])
	if unicode.Is(l.script, r) {
		return l
	}
	for _, code := range byScript {
		if other := languages[code]; unicode.Is(other.script, r) {
			return other
		}
	}
	return l
}

// term is the term of a word without inner structure; stop, whether it is a stop word.
func (l *language) term(w string) (term string, stop bool) {
	w = l.fold(w)
	if l.spell != nil {
		w = l.spell(w)
	}
	w = l.withoutQuotes(w)
	if _, stop = l.stop[w]; !stop {
		w = l.stemmed(w)
	}
	return l.finish(w), stop
}

// withoutQuotes drops what an apostrophe parts from a word, and the apostrophes that part
// nothing: O'Neill is oneill, and don't is dont, as many write them.
func (l *language) withoutQuotes(w string) string {
	if strings.IndexByte(w, '"') < 0 && strings.IndexByte(w, '\'') < 0 {
		return w
	}
	before, after, _ := strings.Cut(w, "'")
	if _, ok := l.elided[before]; ok && after != "" {
		w = after
	}
	if l.suffixed && before != "" {
		w = before
	}
	if base := strings.TrimSuffix(w, "'s"); base != "" {
		w = base
	}
	if bare := strings.Map(dropQuotes, w); bare != "" {
		return bare
	}
	return w
}

func dropQuotes(r rune) rune {
	if r == '\'' || r == '"' {
		return -1
	}
	return r
}

// stemmed is the stem of a folded word; words with anything but letters have none.
func (l *language) stemmed(w string) string {
	if l.stem == nil {
		return w
	}
	for _, r := range w {
		if !unicode.Is(l.script, r) && !unicode.Is(unicode.Mn, r) {
			return w
		}
	}
	env := snowballstem.NewEnv(w)
	l.stem(env)
	if env.Current() == "" {
		return w
	}
	return env.Current()
}

// finish spells a stem in the one way that terms are spelled.
func (l *language) finish(w string) string {
	if isASCII(w) {
		return w
	}
	if l.bare {
		w = stripMarks(w, isLatin)
	}
	if l.suffixed {
		w = strings.ReplaceAll(w, "ı", "i")
	}
	return w
}

// stemArabic drops the article and the "and" written to it, which Snowball leaves on many
// words, and stems what is left. ى ends words that many end in ي.
//
// On ARCD this raises hit@1 from .678 to .696 (nDCG@10 .826 to .839), more than Lucene's
// light stemmer does (.694, .835).
func stemArabic(env *snowballstem.Env) bool {
	w := strings.ReplaceAll(env.Current(), "ى", "ي")
	for _, article := range arabicArticles {
		if rest, ok := strings.CutPrefix(w, article); ok && len(rest) >= 2*len("ا") {
			env.SetCurrent(rest)
			return arabic.Stem(env)
		}
	}
	if rest, ok := strings.CutPrefix(w, "و"); ok && len(rest) >= 3*len("ا") {
		w = rest
	}
	env.SetCurrent(w)
	return arabic.Stem(env)
}

// arabicArticles are "the", alone or behind and, with, as, so, for.
var arabicArticles = []string{"وال", "بال", "كال", "فال", "ولل", "ال", "لل"}

// spellGerman writes umlauts as such: Mueller is Müller. The u of neue and Quelle belongs
// to the letter before.
func spellGerman(w string) string {
	if !strings.Contains(w, "ae") && !strings.Contains(w, "oe") && !strings.Contains(w, "ue") {
		return w
	}
	var b strings.Builder
	for i := 0; i < len(w); i++ {
		if i+1 < len(w) && w[i+1] == 'e' && (i == 0 || strings.IndexByte("aeiouq", w[i-1]) < 0) {
			if j := strings.IndexByte("aou", w[i]); j >= 0 {
				b.WriteString([]string{"ä", "ö", "ü"}[j])
				i++
				continue
			}
		}
		b.WriteByte(w[i])
	}
	return b.String()
}

func lowerTurkish(s string) string { return cases.Lower(xlanguage.Turkish).String(s) }

// set is the set of words, folded.
func set(words string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, w := range strings.Fields(words) {
		m[unknown.fold(w)] = struct{}{}
	}
	return m
}
