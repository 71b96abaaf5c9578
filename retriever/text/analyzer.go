package text

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
)

// Version counts the changes that give some text other terms. Who stores terms stores it with
// them, and makes them anew when it has changed.
const Version = 2

// An Analyzer makes index terms of text in one language, or in one of several. It is safe
// for concurrent use.
type Analyzer struct {
	profile profile
	cache   wordCache
	detect  *detector // nil: the profile holds for every text
}

// Terms returns the terms of a document, in order and with repeats.
func (a *Analyzer) Terms(s string) []string {
	terms := make([]string, 0, len(s)/6)
	a.walk(s, func(w *word) { terms = append(terms, w.terms...) })
	return terms
}

// QueryTerms returns the distinct terms of a query in order of first appearance: those of
// a document of the same text without its stop words, or all of them if there is nothing
// else: "to be or not to be" and "The Who" are found. Words in capitals are no stop words:
// IT, WHO and US are names.
func (a *Analyzer) QueryTerms(s string) []string {
	var terms []string
	a.walk(s, func(w *word) { terms = append(terms, w.query...) })
	if len(terms) == 0 {
		terms = a.Terms(s)
	}
	seen := make(map[string]struct{}, len(terms))
	distinct := terms[:0]
	for _, t := range terms {
		if _, ok := seen[t]; !ok {
			seen[t] = struct{}{}
			distinct = append(distinct, t)
		}
	}
	return distinct
}

// walk yields the words of s in order. A yielded word belongs to the cache.
func (a *Analyzer) walk(s string, yield func(*word)) {
	s = normalize(s)
	if a.detect != nil {
		a = a.detect.analyzer(s)
	}
	it := words.FromString(s)
	ok := it.Next()
	for ok {
		start, end := it.Start(), it.End()
		class := classOf(s[start:end])
		switch class {
		case classNone:
			ok = it.Next()
			continue
		case classWord:
			if end < len(s) && s[end] == ' ' && isDigit(s[start]) {
				if n := spaced(s, start, end); n > 0 {
					yield(a.lookup(strings.ReplaceAll(s[start:n], " ", ""), class))
				}
			}
			end, ok = compound(s, it)
			if dotted(s, start) {
				start--
			}
		case classEmoji:
			ok = it.Next()
		default:
			for ok = it.Next(); ok && it.Start() == end && classOf(it.Value()) == class; ok = it.Next() {
				end = it.End()
			}
		}
		yield(a.lookup(s[start:end], class))
	}
}

func (a *Analyzer) lookup(raw string, class runeClass) *word {
	if w := a.cache.get(raw); w != nil {
		return w
	}
	w := a.profile.analyze(strings.Clone(raw), class)
	a.cache.put(w)
	return w
}

// maxTermBytes bounds a term. A longer word is analysed in pieces; where nothing parts it
// (encoded data, mostly), it is cut. A SHA-512 in hexadecimal still fits.
const maxTermBytes = 160

// cut shortens s to at most maxTermBytes, at a rune boundary.
func cut(s string) string {
	if len(s) <= maxTermBytes {
		return s
	}
	n := maxTermBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
