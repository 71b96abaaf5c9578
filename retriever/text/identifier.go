package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isJoint reports whether r joins the parts of an identifier. Apostrophes do not: what
// they mean is the language's business; nor does the quote in a Hebrew acronym.
func isJoint(r rune) bool {
	if r < utf8.RuneSelf {
		return r != '\'' && r != '"' && !isASCIILetter(byte(r)) && !isDigit(byte(r))
	}
	return r != '’' && !unicode.In(r, unicode.L, unicode.N, unicode.M, unicode.Cf)
}

// splitJoints is the parts of w between joints; C++, C# and the like keep their signs.
func splitJoints(w string) []string {
	var fields []string
	start := -1
	for i, r := range w {
		switch {
		case !isJoint(r):
			if start < 0 {
				start = i
			}
		case start >= 0:
			fields = append(fields, w[start:i+hasSign(w[start:i], w[i:])])
			start = -1
		}
	}
	if start >= 0 {
		fields = append(fields, w[start:])
	}
	return fields
}

// splitSegments is the parts of a path, an address, or a time stamp.
func splitSegments(w string) []string {
	if isTimeStamp(w) {
		return []string{w[:len("2006-01-02")], w[len("2006-01-02T"):]}
	}
	return strings.FieldsFunc(w, func(r rune) bool { return strings.ContainsRune(`/\@:&~`, r) })
}

// isTimeStamp reports whether w starts as 2006-01-02T15 does.
func isTimeStamp(w string) bool {
	return len(w) > len("2006-01-02T") && w[10]|0x20 == 't' && w[4] == '-' && w[7] == '-' &&
		allDigits(w[:4]) && allDigits(w[5:7]) && allDigits(w[8:10]) && isDigit(w[11])
}

// trimJoints is w without the joints around it, but for the dot of .NET and the sign of
// C++.
func trimJoints(w string) string {
	whole := strings.TrimFunc(w, isJoint)
	i := strings.Index(w, whole)
	last := whole[strings.LastIndexFunc(whole, isJoint)+1:]
	end := i + len(whole)
	end += hasSign(last, w[end:])
	if i == 1 && w[0] == '.' {
		i = 0
	}
	return w[i:end]
}

// isIdentifier reports whether a compound is a term by itself: it has a digit, a sign that
// no two words of prose have between them, or the slashes of a path. Of well-known, and/or
// and note:this, the parts are what people search for.
func isIdentifier(w string, fields []string) bool {
	if strings.Count(w, "/") > 1 && len(fields) > 2 {
		return true
	}
	return strings.ContainsFunc(w, func(r rune) bool {
		return unicode.IsNumber(r) || isJoint(r) && strings.IndexByte("-/:+~#", byte(min(r, utf8.RuneSelf))) < 0
	}) && (len(fields) > 1 || w[0] == '.')
}

// isAcronym reports whether the fields of w are single letters between dots: U.S.A, e.g.
func isAcronym(w string, fields []string) bool {
	for _, f := range fields {
		if r, n := utf8.DecodeRuneInString(f); n != len(f) || !unicode.IsLetter(r) {
			return false
		}
	}
	return len(fields) > 1 && !strings.ContainsFunc(w, func(r rune) bool { return isJoint(r) && r != '.' })
}

// numbered is the runs of letters and of digits in an ASCII word with both, less those of
// a single sign: ISO27001 is found as ISO 27001, 10km as 10 km. What changes more often
// than names do is a hash, with no parts to be found by.
func numbered(w string) []string {
	var runs []string
	start, changes := 0, 0
	for i := 1; i <= len(w); i++ {
		switch {
		case w[i-1] >= utf8.RuneSelf, i == len(w) && start == 0, changes > maxChanges:
			return nil
		case i < len(w) && isDigit(w[i]) == isDigit(w[i-1]):
			continue
		case i-start > 1:
			runs = append(runs, w[start:i])
		}
		start, changes = i, changes+1
	}
	return runs
}

// maxChanges from letters to digits or back are in names: H2O2 has three. On SciFact, 1 gives
// nDCG@10 .697, 2 .698, 3 .700, 4 .701.
const maxChanges = 4

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
