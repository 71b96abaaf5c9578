package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// analyze makes the terms of one word or, for the scripts cut into grams, of one run.
func (l *language) analyze(raw string, class runeClass) (terms []string, stop bool) {
	switch class {
	case classHan:
		return hanTerms(l.fold(raw)), false
	case classHangul:
		return grams(l.fold(raw), 2), false
	case classComplex:
		return grams(l.fold(raw), 3), false
	}
	raw = cut(raw)
	if terms := numberTerms(raw); terms != nil {
		return terms, false
	}
	fields := strings.FieldsFunc(raw, isJoint)
	switch {
	case len(fields) == 0:
		return nil, false
	case len(fields) == 1 && (strings.HasSuffix(raw, "#") || strings.HasSuffix(raw, "++")):
		return []string{l.fold(raw), l.fold(fields[0])}, false
	case len(fields) == 1:
		return l.field(fields[0])
	case isAcronym(raw, fields):
		return []string{l.fold(strings.Join(fields, ""))}, false
	}
	if whole := strings.TrimFunc(raw, isJoint); !isHyphenated(whole) {
		terms = append(terms, l.fold(whole))
	}
	for _, f := range fields {
		if t, stop := l.field(f); !stop {
			terms = append(terms, t...)
		}
	}
	return terms, false
}

// field makes the terms of a word without joints: itself, and what its capitals part.
func (l *language) field(w string) (terms []string, stop bool) {
	terms, stop = l.simple(w)
	for _, hump := range humps(w) {
		if t, stop := l.simple(hump); !stop {
			terms = append(terms, t...)
		}
	}
	return terms, stop
}

// simple makes the term of a word without inner structure.
func (l *language) simple(w string) (terms []string, stop bool) {
	l = l.forScript(w)
	folded := l.fold(w)
	if l.elided {
		folded = elide(folded)
	}
	if _, ok := l.stop[folded]; ok {
		return []string{folded}, true
	}
	if folded = l.stemmed(folded); folded == "" {
		return nil, false
	}
	return []string{folded}, false
}

// fold lower-cases s for comparison and drops what only formats it: soft hyphens,
// zero-width signs and direction marks.
func (l *language) fold(s string) string {
	if isLowerASCII(s) {
		return s
	}
	if l.lower != nil {
		s = l.lower(s)
	} else {
		s = cases.Fold().String(s)
	}
	if isLowerASCII(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '’', r == 'ʼ', r == '＇':
			return '\''
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, norm.NFKC.String(s))
	if l.plain {
		s = stripLatinMarks(s)
	}
	return s
}

func isLowerASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// stripLatinMarks removes the accents of Latin letters; marks of other scripts belong to
// the letter (Indic vowels) and stay.
func stripLatinMarks(s string) string {
	var b strings.Builder
	latin := false
	for _, r := range norm.NFD.String(s) {
		if unicode.Is(unicode.Mn, r) {
			if latin {
				continue
			}
		} else {
			latin = unicode.Is(unicode.Latin, r)
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}
