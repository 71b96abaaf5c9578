package text

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"golang.org/x/text/unicode/norm"
)

// An Analyzer makes index terms of text in one language. It is safe for concurrent use.
type Analyzer struct {
	lang  *language
	cache wordCache
}

// Terms returns the terms of a document, in order and with repeats, without stop words.
func (a *Analyzer) Terms(s string) []string {
	terms := make([]string, 0, len(s)/6)
	a.walk(s, func(w *word) {
		if !w.stop {
			terms = append(terms, w.terms...)
		}
	})
	return terms
}

// QueryTerms returns the distinct terms of a query in order of first appearance. Stop
// words are left out, as documents leave them out: a query of nothing else has no terms.
func (a *Analyzer) QueryTerms(s string) []string {
	terms := a.Terms(s)
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

// walk yields the words of s in order; bytes that are not UTF-8 part words. A yielded word belongs to the cache.
func (a *Analyzer) walk(s string, yield func(*word)) {
	s = norm.NFKC.String(strings.ToValidUTF8(s, " "))
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
			end, ok = joinParts(s, it)
		default:
			for ok = it.Next(); ok && it.Start() == end && classOf(it.Value()) == class; ok = it.Next() {
				end = it.End()
			}
		}
		yield(a.lookup(s[start:end], class))
	}
}

// joinParts extends the word that it stands on over what belongs to the same compound:
// further words behind single hyphens (ISO-27001, well-known), and the signs of C++, C#
// and their like. It returns the end of the whole and whether the iterator, moved past
// it, stands on another token.
func joinParts(s string, it *words.Iterator[string]) (end int, ok bool) {
	start, end := it.Start(), it.End()
	next := end
	for ok = it.Next(); ok && it.Start() == next; ok = it.Next() {
		switch v := it.Value(); {
		case end-start <= 2 && v == "#":
			return it.End(), it.Next()
		case end-start <= 2 && strings.HasPrefix(s[end:], "++"):
			it.Next()
			return it.End(), it.Next()
		case v == "-" && next == end:
			next = it.End()
		case next > end && classOf(v) == classWord && next-start < maxTermBytes:
			end, next = it.End(), it.End()
		default:
			return end, ok
		}
	}
	return end, ok
}

func (a *Analyzer) lookup(raw string, class runeClass) *word {
	if w := a.cache.get(raw); w != nil {
		return w
	}
	w := &word{raw: strings.Clone(raw)}
	w.terms, w.stop = a.lang.analyze(w.raw, class)
	a.cache.put(w)
	return w
}

// maxTermBytes bounds one word: longer ones (encoded data, mostly) are cut, in documents
// and queries alike. A SHA-512 in hexadecimal still fits.
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
