package text

import "strings"

// numberTerms makes the terms of a number with signs inside: its grouping goes (1,000 and
// 1'000 are 1000), its decimal sign is a dot, and a version is also found without its v.
// 1.234 is a thousand to some and a fraction to others, so it is both; a date in dots is
// also found by its parts. It returns nil when w is none.
func numberTerms(w string) []string {
	if len(w) > 1 && w[0]|0x20 == 'v' && strings.Contains(w, ".") && isNumber(w[1:]) {
		return []string{"v" + w[1:], w[1:]}
	}
	if allDigits(w) || !isNumber(w) {
		return nil
	}
	if n := ungroup(w); n != "" {
		if whole, part, ok := strings.Cut(w, "."); ok && allDigits(whole) && allDigits(part) {
			return []string{w, n}
		}
		return []string{n}
	}
	first := strings.IndexAny(w, ".,'")
	switch last := strings.LastIndexAny(w, ".,'"); {
	case first == last && w[first] != '\'':
		return []string{w[:first] + "." + w[first+1:]}
	case strings.Contains(w, ".") && !isDate(w):
		return []string{w}
	}
	return append([]string{w}, strings.FieldsFunc(w, isJointOrQuote)...)
}

func isJointOrQuote(r rune) bool { return r == '.' || r == ',' || r == '\'' }

// isNumber reports whether w is digits with single signs between them.
func isNumber(w string) bool {
	for i := 0; i < len(w); i++ {
		if !isDigit(w[i]) && (strings.IndexByte(".,'", w[i]) < 0 || i == 0 || i+1 == len(w) || !isDigit(w[i-1])) {
			return false
		}
	}
	return w != ""
}

// ungroup is n without what parts its thousands and with a dot for its decimal sign; ""
// if it has no such parts.
func ungroup(n string) string {
	for _, signs := range []string{",.", ".,", "'.", "',", " .", " ,"} {
		whole, fraction, decimal := strings.Cut(n, signs[1:])
		groups := strings.Split(whole, signs[:1])
		if !isGrouped(groups) || decimal && !allDigits(fraction) {
			continue
		}
		whole = strings.Join(groups, "")
		if decimal {
			whole += "." + fraction
		}
		return whole
	}
	return ""
}

// isGrouped reports whether g is a number cut into thousands.
func isGrouped(g []string) bool {
	if len(g) < 2 || len(g[0]) > 3 || !allDigits(g[0]) || g[0][0] == '0' {
		return false
	}
	for _, part := range g[1:] {
		if len(part) != 3 || !allDigits(part) {
			return false
		}
	}
	return true
}

// isDate reports whether w is three numbers between dots, the first or last a year.
func isDate(w string) bool {
	parts := strings.Split(w, ".")
	if len(parts) != 3 {
		return false
	}
	a, b, c := len(parts[0]), len(parts[1]), len(parts[2])
	return b <= 2 && (a == 4 && c <= 2 || a <= 2 && c == 4)
}
