package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isJoint reports whether r joins the parts of an identifier. Apostrophes do not: what
// they mean is the stemmer's business.
func isJoint(r rune) bool {
	return r != '\'' && r != '’' && !unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.Cf)
}

// isHyphenated reports whether w is words with nothing but hyphens between them. Their
// parts are what people search for; an identifier has a digit or another sign as well.
func isHyphenated(w string) bool {
	return !strings.ContainsFunc(w, func(r rune) bool { return unicode.IsNumber(r) || isJoint(r) && r != '-' })
}

// isAcronym reports whether the fields of w are single letters between dots: U.S.A, e.g.
func isAcronym(w string, fields []string) bool {
	for _, f := range fields {
		if r, n := utf8.DecodeRuneInString(f); n != len(f) || !unicode.IsLetter(r) {
			return false
		}
	}
	return !strings.ContainsFunc(w, func(r rune) bool { return isJoint(r) && r != '.' })
}

// humps cuts w where its capitals say that a word starts: HttpServer, parseURL,
// HTTPServer. It returns nil when there is nothing to cut and when a part would be a
// single letter, because mRNA, IgG and iPhone are words of their own.
func humps(w string) []string {
	if !hasInnerCapital(w) {
		return nil
	}
	runes := []rune(w)
	var parts []string
	from := 0
	for i := 1; i < len(runes); i++ {
		if !startsHump(runes, i) {
			continue
		}
		if i-from < 2 {
			return nil
		}
		parts = append(parts, string(runes[from:i]))
		from = i
	}
	if from == 0 || len(runes)-from < 2 {
		return nil
	}
	return append(parts, string(runes[from:]))
}

// startsHump reports whether the capital at i starts a word: behind a small letter or a
// digit, or as the last capital of several, before a small letter.
func startsHump(w []rune, i int) bool {
	switch before := w[i-1]; {
	case !unicode.IsUpper(w[i]):
		return false
	case unicode.IsUpper(before):
		return i+1 < len(w) && unicode.IsLower(w[i+1])
	default:
		return unicode.IsLower(before) || unicode.IsDigit(before)
	}
}

// hasInnerCapital is the cheap test that spares most words the work of humps.
func hasInnerCapital(w string) bool {
	capital, small := false, false
	for i, r := range w {
		capital = capital || i > 0 && unicode.IsUpper(r)
		small = small || unicode.IsLower(r)
	}
	return capital && small
}

// numberTerms makes the terms of a number with signs inside: its grouping goes (1,000 and
// 1'000 are 1000), its decimal point stays, and a version is also found without its v.
// It returns nil when w is none.
func numberTerms(w string) []string {
	digits, version := w, false
	if len(w) > 1 && w[0]|0x20 == 'v' {
		digits, version = w[1:], true
	}
	signs := 0
	for i := 0; i < len(digits); i++ {
		switch c := digits[i]; {
		case '0' <= c && c <= '9':
		case strings.IndexByte(".,'", c) >= 0 && i > 0 && i+1 < len(digits):
			signs++
		default:
			return nil
		}
	}
	switch {
	case signs == 0:
		return nil
	case version:
		return []string{"v" + digits, digits}
	}
	return []string{ungroup(digits)}
}

// ungroup drops the commas or apostrophes that part a number into thousands, and dots
// where there are two or more groups (one could be a decimal point).
func ungroup(n string) string {
	whole, fraction, _ := strings.Cut(n, ".")
	for _, sep := range []string{",", "'"} {
		if g := strings.Split(whole, sep); isGrouped(g) && !strings.Contains(fraction, ".") {
			whole = strings.Join(g, "")
			if fraction != "" {
				whole += "." + fraction
			}
			return whole
		}
	}
	if g := strings.Split(n, "."); len(g) > 2 && isGrouped(g) {
		return strings.Join(g, "")
	}
	return n
}

// isGrouped reports whether g is a number cut into thousands.
func isGrouped(g []string) bool {
	if len(g) < 2 || len(g[0]) > 3 {
		return false
	}
	for _, part := range g[1:] {
		if len(part) != 3 || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}
