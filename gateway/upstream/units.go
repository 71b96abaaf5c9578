package upstream

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"ragway/retriever/text"
)

// unitKind is what a quotable piece of a passage is.
type unitKind int

const (
	prose unitKind = iota
	listItem
	tableRow
	codeBlock
)

// unit is a piece of a passage that can be quoted on its own.
type unit struct {
	kind  unitKind
	text  string // without Markdown's signs; of code, as it is
	start bool   // the first sentence of its paragraph
}

var (
	bulletMark   = regexp.MustCompile(`^\s*(?:[-*+•]|\d{1,3}[.)])\s+`)
	tableRule    = regexp.MustCompile(`^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$`)
	markdownLink = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\s]*(?:\s+"[^"]*")?\)`)
	emphasis     = regexp.MustCompile(`(\*\*|__)([^*_\n]+)(?:\*\*|__)`)
	footnoteMark = regexp.MustCompile(`([\p{L}.,;:!?)”"'])\s?\[\d{1,3}\]`)
)

// splitUnits cuts a passage into sentences, list items, table rows and code blocks.
// Headings and scraps of navigation are left out: they answer nothing.
func splitUnits(passage string) []unit {
	s := splitter{lines: strings.Split(passage, "\n")}
	for s.at < len(s.lines) {
		s.block()
	}
	return s.out
}

type splitter struct {
	lines  []string
	at     int
	out    []unit
	header []string // cells of the table being read
}

func (s *splitter) block() {
	line := s.lines[s.at]
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "":
		s.header = nil
		s.at++
	case strings.HasPrefix(trimmed, "```"), strings.HasPrefix(trimmed, "~~~"):
		s.fenced(trimmed[:3])
	case strings.HasPrefix(trimmed, "#"), strings.Trim(trimmed, "=-*_ ") == "":
		s.at++
	case strings.HasPrefix(trimmed, "|"), tableRule.MatchString(line) && strings.Contains(line, "|"):
		s.row(trimmed)
	case bulletMark.MatchString(line):
		s.item()
	default:
		s.paragraph()
	}
}

// fenced takes a code block whole, its fence left out.
func (s *splitter) fenced(fence string) {
	s.at++
	start := s.at
	for s.at < len(s.lines) && !strings.HasPrefix(strings.TrimSpace(s.lines[s.at]), fence) {
		s.at++
	}
	if code := strings.Trim(strings.Join(s.lines[start:s.at], "\n"), "\n"); code != "" {
		s.out = append(s.out, unit{kind: codeBlock, text: code})
	}
	s.at++
}

// row reads a table's line: the first is the header when a rule follows.
func (s *splitter) row(line string) {
	s.at++
	if tableRule.MatchString(line) {
		return
	}
	cells := splitCells(line)
	if s.at < len(s.lines) && tableRule.MatchString(s.lines[s.at]) && strings.Contains(s.lines[s.at], "-") {
		s.header = cells
		return
	}
	if t := rowText(s.header, cells); t != "" {
		s.out = append(s.out, unit{kind: tableRow, text: t, start: true})
	}
}

func splitCells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	cells := strings.Split(line, "|")
	for i := range cells {
		cells[i] = plain(strings.TrimSpace(cells[i]))
	}
	return cells
}

// rowText reads a row with its header's words: "Flag: --listen, Default: 127.0.0.1:8080".
func rowText(header, cells []string) string {
	var parts []string
	for i, c := range cells {
		switch {
		case c == "":
		case i < len(header) && header[i] != "":
			parts = append(parts, header[i]+": "+c)
		default:
			parts = append(parts, c)
		}
	}
	return strings.Join(parts, "; ")
}

// item reads a list item with its continuation lines.
func (s *splitter) item() {
	mark := bulletMark.FindString(s.lines[s.at])
	body := []string{s.lines[s.at][len(mark):]}
	s.at++
	for s.at < len(s.lines) && continuesItem(s.lines[s.at]) {
		body = append(body, strings.TrimSpace(s.lines[s.at]))
		s.at++
	}
	if t := plain(strings.Join(body, " ")); utf8.RuneCountInString(t) > 2 {
		s.out = append(s.out, unit{kind: listItem, text: t, start: true})
	}
}

func continuesItem(line string) bool {
	trimmed := strings.TrimSpace(line)
	return trimmed != "" && !bulletMark.MatchString(line) && !strings.HasPrefix(trimmed, "```") && !strings.HasPrefix(trimmed, "#") && !strings.HasPrefix(trimmed, "|")
}

// paragraph reads lines of prose up to a blank one or to another kind of block.
func (s *splitter) paragraph() {
	var body []string
	for s.at < len(s.lines) && continuesItem(s.lines[s.at]) {
		body = append(body, strings.TrimSpace(s.lines[s.at]))
		s.at++
	}
	joined := unwrap(body)
	if isHeadingLike(body) {
		return
	}
	first := true
	for _, r := range text.Sentences(joined) {
		sentence := plain(strings.Join(strings.Fields(joined[r.Start:r.End]), " "))
		if isScrap(sentence) {
			continue
		}
		s.out = append(s.out, unit{kind: prose, text: sentence, start: first})
		first = false
	}
}

// wrappedFrom is the length in bytes from which a line is taken to go on in the next.
const wrappedFrom = 40

// unwrap joins lines that were broken to fit a page.
func unwrap(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		switch {
		case i == 0:
		case len(lines[i-1]) >= wrappedFrom:
			b.WriteByte(' ')
		default:
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// isHeadingLike tells titles and menus in plain text: one short line that ends no sentence.
func isHeadingLike(lines []string) bool {
	if len(lines) != 1 {
		return false
	}
	line := lines[0]
	last, _ := utf8.DecodeLastRuneInString(line)
	return len(strings.Fields(line)) <= 8 && utf8.RuneCountInString(line) < 60 && !strings.ContainsRune(".!?:;。！？؟…)\"”", last) && !hasCJK(line)
}

// isScrap tells what is too little to be a sentence, or mostly signs.
func isScrap(s string) bool {
	letters, others := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			letters++
		case !unicode.IsSpace(r):
			others++
		}
	}
	return letters < 4 || others > letters || len(strings.Fields(s)) < 3 && !hasCJK(s)
}

func hasCJK(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
	})
}

// plain takes Markdown's links and emphasis off a text, and footnote marks, which in an
// answer would read as citations.
func plain(s string) string {
	if strings.ContainsAny(s, "[*_") {
		s = markdownLink.ReplaceAllString(s, "$1")
		s = emphasis.ReplaceAllString(s, "$2")
		s = footnoteMark.ReplaceAllString(s, "$1")
	}
	return strings.TrimSpace(s)
}
