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
	leads bool   // it introduces the list or code that follows
	under string // the heading above it, within the passage
	about string // the heading or question right before it
	intro int    // of a list item or code: how many units before it the one that introduces it stands; 0: none
}

var (
	bulletMark   = regexp.MustCompile(`^\s*(?:[-*+•]|\d{1,3}[.)])\s+`)
	tableRule    = regexp.MustCompile(`^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$`)
	markdownLink = regexp.MustCompile(`!?\[([^\]\n]*)\]\([^)\s]*(?:\s+"[^"]*")?\)`)
	emphasis     = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	footnoteMark = regexp.MustCompile(`([\p{L}\p{N}.,;:!?)”"'])\s?\[\d{1,3}\]`)
)

// splitUnits cuts a passage into sentences, list items, table rows and code blocks.
// Headings, questions and scraps of navigation are left out: they answer nothing.
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
	under  string   // the last heading
	about  string   // a heading or question that nothing has come after yet
	lead   int      // index in out, plus one, of the unit that introduces what is being read
}

func (s *splitter) add(u unit) {
	u.under, u.about, s.about = s.under, s.about, ""
	s.out = append(s.out, u)
}

func (s *splitter) block() {
	line := s.lines[s.at]
	trimmed := strings.TrimSpace(line)
	switch {
	case trimmed == "":
		s.header = nil
		s.at++
	case startsWithAny(trimmed, "```", "~~~"):
		s.fenced(trimmed[:3])
	case strings.HasPrefix(trimmed, "#"), strings.Trim(trimmed, "=-*_ ") == "":
		s.lead = 0
		if trimmed[0] == '#' {
			s.under = plain(strings.TrimSpace(strings.Trim(trimmed, "#")))
			s.about = s.under
		}
		s.at++
	case strings.HasPrefix(trimmed, "|"), tableRule.MatchString(line) && strings.Contains(line, "|"):
		s.row(trimmed)
	case s.tableAt(s.at):
		s.cells()
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
		s.introduced(unit{kind: codeBlock, text: code})
	}
	s.lead = 0
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
		s.add(unit{kind: tableRow, text: t, start: true})
	}
}

// tableAt reports whether line i is one of several with bars between cells.
func (s *splitter) tableAt(i int) bool {
	return s.cellsAt(i) && (s.cellsAt(i-1) || s.cellsAt(i+1))
}

func (s *splitter) cellsAt(i int) bool {
	return i >= 0 && i < len(s.lines) && strings.Contains(s.lines[i], " | ")
}

// cells reads a table without a rule. Its first line is its header where something stands
// before it: at the start of a passage it may be a row like any other.
func (s *splitter) cells() {
	var header []string
	headed := strings.TrimSpace(strings.Join(s.lines[:s.at], "")) != ""
	for first := true; s.tableAt(s.at); s.at++ {
		cells := splitCells(s.lines[s.at])
		if first && headed {
			header = cells
		} else if t := rowText(header, cells); t != "" {
			s.add(unit{kind: tableRow, text: t, start: true})
		}
		first = false
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
	for s.goesOn() {
		body = append(body, strings.TrimSpace(s.lines[s.at]))
		s.at++
	}
	if t := plain(strings.Join(body, " ")); utf8.RuneCountInString(t) > 2 {
		s.introduced(unit{kind: listItem, text: t, start: true})
	}
}

// introduced appends a list item or code with the way back to what introduces it.
func (s *splitter) introduced(u unit) {
	if s.lead > 0 {
		u.intro = len(s.out) - s.lead + 1
	}
	s.add(u)
}

// goesOn reports whether the line belongs to the paragraph or item before it.
func (s *splitter) goesOn() bool {
	if s.at >= len(s.lines) || s.tableAt(s.at) || bulletMark.MatchString(s.lines[s.at]) {
		return false
	}
	trimmed := strings.TrimSpace(s.lines[s.at])
	return trimmed != "" && !startsWithAny(trimmed, "```", "~~~", "#", "|")
}

// paragraph reads lines of prose up to a blank one or to another kind of block.
func (s *splitter) paragraph() {
	var body []string
	for s.goesOn() {
		body = append(body, strings.TrimSpace(s.lines[s.at]))
		s.at++
	}
	leads := s.listFollows()
	s.lead = 0
	if isHeadingLike(body) && !leads {
		return
	}
	joined := unwrap(body)
	first := true
	for _, r := range sentences(joined) {
		sentence := plain(strings.Join(strings.Fields(joined[r.Start:r.End]), " "))
		if isScrap(sentence) && !leads && (s.about == "" || introduces(sentence)) {
			continue
		}
		if last, _ := utf8.DecodeLastRuneInString(sentence); strings.ContainsRune("?？؟", last) {
			s.about = sentence
			continue
		}
		s.add(unit{kind: prose, text: sentence, start: first})
		first = false
	}
	if leads && !first && introduces(s.out[len(s.out)-1].text) {
		s.out[len(s.out)-1].leads = true
		s.lead = len(s.out)
	}
}

// listFollows reports whether the next line with something on it starts a list or code.
func (s *splitter) listFollows() bool {
	for _, line := range s.lines[s.at:] {
		if trimmed := strings.TrimSpace(line); trimmed != "" {
			return bulletMark.MatchString(line) || startsWithAny(trimmed, "```", "~~~")
		}
	}
	return false
}

// introduces reports whether a sentence goes on in what stands below it.
func introduces(sentence string) bool {
	last, _ := utf8.DecodeLastRuneInString(sentence)
	return !strings.ContainsRune(".!?。！？؟…", last)
}

// sentences cuts a paragraph; one without capitals, whose full stops would not be taken for
// the ends of sentences, as if it had them.
func sentences(paragraph string) []text.Range {
	if strings.ContainsFunc(paragraph, unicode.IsUpper) {
		return text.Sentences(paragraph)
	}
	capitals := []byte(paragraph)
	for i := 2; i < len(capitals); i++ {
		if c := capitals[i]; 'a' <= c && c <= 'z' && capitals[i-1] == ' ' && strings.IndexByte(".!?", capitals[i-2]) >= 0 {
			capitals[i] -= 'a' - 'A'
		}
	}
	return text.Sentences(string(capitals))
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
	return utf8.RuneCountInString(line) < 60 && len(strings.Fields(line)) <= 8 && !strings.ContainsRune(".!?:;。！？؟…)\"”", last) && !hasCJK(line)
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
// answer would read as citations. What stands in a code span stays.
func plain(s string) string {
	s = markdownLink.ReplaceAllString(s, "$1")
	s = emphasis.ReplaceAllString(s, "$1")
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 { // a span cut in two would take the marker behind it for code
		parts = []string{strings.Join(parts, "")}
	}
	for i := 0; i < len(parts); i += 2 {
		parts[i] = footnoteMark.ReplaceAllString(parts[i], "$1")
	}
	return strings.TrimSpace(strings.Join(parts, "`"))
}
