package text

import (
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
	script *unicode.RangeTable // of its words; nil: no stems, whatever the script
	stem   func(*snowballstem.Env) bool
	stop   map[string]struct{}
	elided bool                // l'eau is eau
	plain  bool                // accents are optional spelling: café is cafe
	lower  func(string) string // nil: Unicode case folding
}

// languages by ISO 639-1 code. A code that is missing here has no stems and no stop words.
var languages = map[string]*language{
	"en": {script: unicode.Latin, stem: english.Stem, stop: set(stopEnglish), plain: true},
	"ar": {script: unicode.Arabic, stem: arabic.Stem, stop: set(stopArabic)},
	"da": {script: unicode.Latin, stem: danish.Stem, stop: set(stopDanish)},
	"de": {script: unicode.Latin, stem: german.Stem, stop: set(stopGerman)},
	"es": {script: unicode.Latin, stem: spanish.Stem, stop: set(stopSpanish)},
	"fi": {script: unicode.Latin, stem: finnish.Stem, stop: set(stopFinnish)},
	"fr": {script: unicode.Latin, stem: french.Stem, stop: set(stopFrench), elided: true},
	"ga": {script: unicode.Latin, stem: irish.Stem},
	"hu": {script: unicode.Latin, stem: hungarian.Stem, stop: set(stopHungarian)},
	"it": {script: unicode.Latin, stem: italian.Stem, stop: set(stopItalian), elided: true},
	"nl": {script: unicode.Latin, stem: dutch.Stem, stop: set(stopDutch)},
	"no": {script: unicode.Latin, stem: norwegian.Stem, stop: set(stopNorwegian)},
	"pt": {script: unicode.Latin, stem: portuguese.Stem, stop: set(stopPortuguese)},
	"ro": {script: unicode.Latin, stem: romanian.Stem, stop: set(stopRomanian)},
	"ru": {script: unicode.Cyrillic, stem: russian.Stem, stop: set(stopRussian)},
	"sv": {script: unicode.Latin, stem: swedish.Stem, stop: set(stopSwedish)},
	"ta": {script: unicode.Tamil, stem: tamil.Stem},
	"tr": {script: unicode.Latin, stem: turkish.Stem, stop: set(stopTurkish), lower: lowerTurkish},

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
func For(code string) *Analyzer {
	code, _, _ = strings.Cut(strings.ToLower(code), "-")
	if alias, ok := aliases[code]; ok {
		code = alias
	}
	lang, ok := languages[code]
	if !ok {
		code, lang = "und", &language{}
	}
	a, ok := analyzers.Load(code)
	if !ok {
		a, _ = analyzers.LoadOrStore(code, &Analyzer{lang: lang})
	}
	return a.(*Analyzer)
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

// stemmed is the stem of a folded word; words with anything but letters have none.
func (l *language) stemmed(w string) string {
	if l.stem == nil {
		return w
	}
	for _, r := range w {
		if !unicode.Is(l.script, r) && r != '\'' && !unicode.Is(unicode.Mn, r) {
			return w
		}
	}
	env := snowballstem.NewEnv(w)
	l.stem(env)
	return strings.Trim(env.Current(), "'")
}

// elide drops the article or pronoun before an apostrophe, as in l'eau, qu'elle, dell'arte.
func elide(w string) string {
	if before, after, ok := strings.Cut(w, "'"); ok && len(before) <= 5 && after != "" {
		return after
	}
	return w
}

func lowerTurkish(s string) string { return cases.Lower(xlanguage.Turkish).String(s) }

func set(words string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, w := range strings.Fields(words) {
		m[w] = struct{}{}
	}
	return m
}
