package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/sentences"
)

// Range is a half-open range of byte offsets.
type Range struct{ Start, End int }

// Sentences returns the sentences of s in order, as byte ranges of s without the white
// space around them. They do not overlap and cover everything that is not white space.
//
// Boundaries are those of UAX #29, less the ones behind abbreviations (Dr., e.g.,
// et al., Fig. 3), initials and list numbers, inside dotted names (os.Exit), and at the
// end of a line that goes on in the next one. A blank line always ends a sentence.
func Sentences(s string) []Range {
	var out []Range
	open := Range{}
	for it := sentences.FromString(s); it.Next(); {
		if open.End > open.Start {
			cut := boundary(s, open, it.End())
			if cut > 0 {
				out = appendTrimmed(out, s, Range{open.Start, cut})
				open.Start = cut
			}
		}
		open.End = it.End()
	}
	return appendTrimmed(out, s, open)
}

func appendTrimmed(out []Range, s string, r Range) []Range {
	text := s[r.Start:r.End]
	r.End -= len(text) - len(strings.TrimRightFunc(text, unicode.IsSpace))
	r.Start += len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	if r.Start < r.End {
		out = append(out, r)
	}
	return out
}

// boundary says where the sentence open ends, given that UAX #29 sees a boundary at its
// end and the next one at limit: there, a little later, or not at all (0).
func boundary(s string, open Range, limit int) int {
	text, next := s[open.Start:open.End], s[open.End:limit]
	bare := strings.TrimRightFunc(text, unicode.IsSpace)
	gap := text[len(bare):]
	after, _ := utf8.DecodeRuneInString(next)
	last, _ := utf8.DecodeLastRuneInString(bare)
	switch {
	case bare == "" || unicode.IsSpace(after) || strings.Count(gap, "\n") > 1:
		return open.End
	case gap == "" && last == '[' && footnote(next) > 0:
		return open.End + footnote(next)
	case gap == "" && last < 0x3000 && !isTerminator(last, false):
		return 0
	case gap == "" && last < 0x3000 && (unicode.IsLetter(after) || unicode.IsNumber(after)):
		return 0
	case strings.Contains(gap, "\n") && !isTerminator(last, true):
		if continues(bare, next) {
			return 0
		}
	case last == '.' && !strings.Contains(gap, "\n") && abbreviates(bare, after):
		return 0
	}
	return open.End
}

// footnote is the length of the rest of a reference mark as in "end.[12] Next".
func footnote(next string) int {
	digits := len(next) - len(strings.TrimLeft(next, "0123456789"))
	rest := next[digits:]
	if digits > 0 && digits <= 3 && len(rest) > 1 && rest[0] == ']' && rest[1] == ' ' {
		return digits + 1
	}
	return 0
}

// isTerminator reports whether r can end a sentence; closing, whether also what may stand
// behind the full stop does.
func isTerminator(r rune, closing bool) bool {
	switch r {
	case '.', '!', '?', '…', '。', '！', '？', '؟', '۔', '।', '॥', '։':
		return true
	case ')', ']', '"', '\'', '”', '’', '»', '」', '』', ':', ';':
		return closing
	}
	return unicode.Is(unicode.STerm, r)
}

// wrapWidth is the length in bytes from which a line is taken to end because it was full.
const wrapWidth = 60

// continues reports whether a line that ends without a full stop goes on in the next: the
// next starts small, or the line is long and neither is a heading, list item or table row.
func continues(text, next string) bool {
	line := text[strings.LastIndexByte(text, '\n')+1:]
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(line, " \t"))
	after, _ := utf8.DecodeRuneInString(strings.TrimLeft(next, " \t"))
	if first == '#' || first == '|' || first == '=' {
		return false
	}
	return unicode.IsLower(after) || len(line) >= wrapWidth && (unicode.IsLetter(after) || strings.ContainsRune(`("'“«`, after))
}

// abbreviates reports whether the full stop that ends text belongs to an abbreviation, an
// initial or a list number, given the first rune of what follows.
func abbreviates(text string, after rune) bool {
	start := strings.LastIndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("([{\"“«", r) }) + 1
	if start > 0 {
		_, n := utf8.DecodeRuneInString(text[start-1:])
		start += n - 1
	}
	w := strings.TrimRight(text[start:], ".")
	first, n := utf8.DecodeRuneInString(w)
	switch {
	case w == "":
		return false
	case n == len(w) && unicode.IsUpper(first):
		return unicode.IsUpper(after)
	case start == 0 && len(w) <= 3 && strings.Trim(w, "0123456789") == "":
		return true
	}
	switch abbreviations[strings.ToLower(w)] {
	case beforeAnything:
		return true
	case beforeName:
		return unicode.IsUpper(after)
	case beforeNumber:
		return unicode.IsNumber(after) || after == '§'
	}
	return false
}

// follows says what stands behind an abbreviation when its full stop ends no sentence.
// Those that end sentences as often as not (etc., Inc., p.m.) are not listed: UAX #29
// itself joins what goes on in small letters.
type follows int

const (
	beforeAnything follows = iota + 1
	beforeName
	beforeNumber
)

var abbreviations = abbreviationSet(map[follows]string{
	beforeAnything: `e.g i.e cf viz al vs resp approx z.b d.h u.a bzw vgl ggf evtl sog p.ex т.е т.д напр`,
	beforeName: `dr mr mrs ms mx prof st mt ft rev hon gen col capt lt sgt sen rep gov pres messrs mme mlle hr fr sr sra dott sig
		adm maj cmdr supt ing phil`,
	beforeNumber: `fig figs eq eqs no nos vol vols ch chap sec sect art pp p para pt tab ref refs ed ver nr abb abs bd kap s
		jan feb mar apr jun jul aug sep sept oct nov dec ca c núm pág стр рис гл`,
})

func abbreviationSet(groups map[follows]string) map[string]follows {
	m := map[string]follows{}
	for f, words := range groups {
		for _, w := range strings.Fields(words) {
			m[w] = f
		}
	}
	return m
}
