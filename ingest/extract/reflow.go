package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// brokenWord is what PDFium puts where a hyphen ended a line, in place of hyphen and line
// end; older versions put the control sign.
const brokenWord = "\uFFFE"

// mendHyphens joins the words of pages that a hyphen broke at a line end. The hyphen
// stays where the document writes the word with one elsewhere, and before capitals and
// digits ("Lucene-BM25"): those were not broken for want of room.
func mendHyphens(pages []string) {
	written := map[string]bool{}
	for _, p := range pages {
		for _, w := range compound.FindAllString(p, -1) {
			written[strings.ToLower(w)] = true
		}
	}
	for i, p := range pages {
		pages[i] = mendPage(strings.ReplaceAll(p, "\x02", brokenWord), written)
	}
}

var compound = regexp.MustCompile(`\p{L}+-\p{L}+`)

func mendPage(p string, written map[string]bool) string {
	before, rest, found := strings.Cut(p, brokenWord)
	if !found {
		return p
	}
	var b strings.Builder
	for found {
		b.WriteString(before)
		next := strings.TrimLeft(rest, "\r\n ")
		left := before[lastWord(before):]
		right := next[:wordEnd(next)]
		if r, _ := utf8.DecodeRuneInString(next); !unicode.IsLower(r) && !unicode.In(r, unicode.Lo) || written[strings.ToLower(left+"-"+right)] {
			b.WriteByte('-')
		}
		// The line ended here: its end moves behind the mended word, so that lines keep
		// their lengths, by which reflow tells paragraphs.
		b.WriteString(right)
		if after := next[len(right):]; strings.HasPrefix(after, " ") {
			next = "\n" + after[1:]
		} else {
			next = after
		}
		before, rest, found = strings.Cut(next, brokenWord)
	}
	b.WriteString(before)
	return b.String()
}

func lastWord(s string) int { return len(strings.TrimRightFunc(s, unicode.IsLetter)) }

func wordEnd(s string) int { return len(s) - len(strings.TrimLeftFunc(s, unicode.IsLetter)) }

// reflow joins the lines of a page into paragraphs, so that sentences are whole: a line
// continues the one before if that one reached the page's right edge. Lines of tables,
// titles and lists fall short of it and stay lines.
func reflow(text string) []string {
	lines := strings.Split(cleanText(text), "\n")
	edge := rightEdge(lines)
	var out []string
	open := false
	for _, l := range lines {
		switch {
		case strings.TrimSpace(l) == "":
			open = false
			continue
		case open && !startsItem(l):
			out[len(out)-1] += joint(out[len(out)-1], l) + strings.TrimLeft(l, " \t")
		default:
			out = append(out, l)
		}
		open = utf8.RuneCountInString(l) >= edge
	}
	return out
}

// rightEdge is the length from which a line counts as full: three quarters of the length
// that nine in ten lines do not exceed. Pages of short lines have none.
func rightEdge(lines []string) int {
	var lengths []int
	for _, l := range lines {
		if n := utf8.RuneCountInString(l); n > 0 {
			lengths = append(lengths, n)
		}
	}
	if len(lengths) == 0 {
		return 0
	}
	slices.Sort(lengths)
	long := lengths[len(lengths)*9/10]
	if long < shortestFullLine {
		return long + 1<<20
	}
	return long * 3 / 4
}

// shortestFullLine: narrow columns are about 35 signs wide, in Han signs about 15.
const shortestFullLine = 15

var item = regexp.MustCompile(`^\s*([•◦▪‣·–*-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s`)

func startsItem(l string) bool { return item.MatchString(l) }

// joint is what goes between two lines of one paragraph: nothing where the script writes
// no blanks.
func joint(above, below string) string {
	a, _ := utf8.DecodeLastRuneInString(above)
	b, _ := utf8.DecodeRuneInString(below)
	if wide(a) && wide(b) {
		return ""
	}
	return " "
}

func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer) ||
		r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFF60
}
