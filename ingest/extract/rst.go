package extract

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"ragway/ingest"
)

// readRST reads reStructuredText, after the specification of docutils. Nothing is fetched:
// what a directive includes stays out.
func readRST(ctx context.Context, d *document) error {
	x := &rst{ctx: ctx, w: d.w, levels: map[string]int{}, names: map[string]string{}}
	lines := strings.Split(expandTabs(normalise(d.decoded(), -1), 8), "\n")
	lines = x.pepHeader(lines)
	x.substitutions(lines)
	if err := x.blocks(lines, 0); err != nil {
		return err
	}
	d.w.title(x.title)
	return nil
}

// rst writes blocks from lines, those that are indented after taking the indentation off.
type rst struct {
	ctx    context.Context
	w      *writer
	levels map[string]int    // of headings, by the signs over and under them
	names  map[string]string // substitutions
	title  string
	listed bool // the block before was an item of the same list
	fields bool // bibliographic fields may still come: nothing but the title stands above
}

func expandTabs(s string, width int) string {
	return strings.ReplaceAll(s, "\t", strings.Repeat(" ", width))
}

// pepHeader takes the fields at the head of Python's proposals, which are written as in
// mail.
func (x *rst) pepHeader(lines []string) []string {
	x.fields = true
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "PEP: ") {
		return lines
	}
	for i, l := range lines {
		if strings.TrimSpace(l) == "" {
			return lines[i:]
		}
		name, value, ok := strings.Cut(l, ":")
		if ok && indentOf(l) == 0 {
			x.field(name, strings.TrimSpace(value))
		}
	}
	return nil
}

// field takes a bibliographic field.
func (x *rst) field(name, value string) {
	switch name = strings.ToLower(name); name {
	case "title":
		x.w.title(value)
	case "author", "date", "version", "status", "subject", "keywords", "lang", "description":
		x.w.set(name, value)
	case "authors":
		x.w.set("author", value)
	case "created":
		x.w.set("date", value)
	}
}

var substitution = regexp.MustCompile(`^\.\. \|([^|]{1,200})\| replace::\s*(.*)$`)

func (x *rst) substitutions(lines []string) {
	for _, l := range lines {
		if m := substitution.FindStringSubmatch(l); m != nil && len(x.names) < 1000 {
			x.names[m[1]] = m[2][:min(len(m[2]), 1000)]
		}
	}
}

// indented is the first lines that are blank or indented by at least n, without the
// indentation they share, and how many they are.
func indented(lines []string, n int) (body []string, used int) {
	least := 1 << 30
	for used < len(lines) && (blank(lines[used]) || indentOf(lines[used]) >= n) {
		if !blank(lines[used]) {
			least = min(least, indentOf(lines[used]))
		}
		used++
	}
	for used > 0 && blank(lines[used-1]) {
		used--
	}
	for _, l := range lines[:used] {
		body = append(body, l[min(len(l), least):])
	}
	return body, used
}

func (x *rst) blocks(lines []string, depth int) error {
	return readBlocks(x.ctx, x.w, lines, depth, x.block)
}

// block writes what lines begin with and returns how many of them that was.
func (x *rst) block(lines []string, depth int) (int, error) {
	l := lines[0]
	if blank(l) {
		return 1, nil
	}
	if n := x.heading(lines, depth); n > 0 {
		return n, nil
	}
	wasListed, fields := x.listed, x.fields
	x.listed, x.fields = false, false
	switch {
	case adornment(l) != 0 && len(lines) > 1 && blank(lines[1]), l == "__", strings.HasPrefix(l, "__ "):
		return 1, nil
	case strings.HasPrefix(l, "   "), indentOf(l) > 0:
		body, n := indented(lines, 1)
		return n, x.blocks(body, depth+1)
	case l == "..", strings.HasPrefix(l, ".. "):
		x.fields = fields
		return x.explicit(lines, depth)
	case strings.HasPrefix(l, "+-") && gridBorder.MatchString(l):
		return x.gridTable(lines), nil
	case simpleBorder.MatchString(l):
		return x.simpleTable(lines), nil
	case strings.HasPrefix(l, ">>> "):
		n := untilBlank(lines)
		x.code(lines[:n])
		return n, nil
	case fieldLine.MatchString(l):
		return x.fieldList(lines, fields, depth)
	}
	x.listed = wasListed
	if mark := itemMark(lines); mark != "" {
		return x.item(lines, mark, depth)
	}
	return x.paragraph(lines, depth)
}

// adornment is the sign of a line of nothing but it, at least four times; 0 for others.
func adornment(l string) rune {
	r, size := utf8.DecodeRuneInString(l)
	if size != 1 || len(l) < 3 || strings.Trim(l, string(r)) != "" || !strings.ContainsRune("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", r) {
		return 0
	}
	return r
}

// heading writes a section title with its line below, and perhaps above.
func (x *rst) heading(lines []string, depth int) int {
	text, style, n := "", "", 0
	switch over := adornment(lines[0]); {
	case depth > 0:
	case over != 0 && len(lines) > 2 && adornment(lines[2]) == over && !blank(lines[1]) && len(lines[2]) >= utf8.RuneCountInString(strings.TrimSpace(lines[1])):
		text, style, n = lines[1], string(over)+"^", 3
	case over == 0 && len(lines) > 1 && indentOf(lines[0]) == 0 && adornment(lines[1]) != 0 && len(lines[1]) >= min(4, utf8.RuneCountInString(lines[0])):
		text, style, n = lines[0], string(adornment(lines[1])), 2
	}
	if n == 0 {
		return 0
	}
	if x.levels[style] == 0 {
		x.levels[style] = len(x.levels) + 1
	}
	level := min(x.levels[style], 6)
	text = inline(x.inline(text))
	if x.title == "" {
		x.title = text
	}
	x.listed = false
	x.w.block(ingest.Block{Kind: ingest.Heading, Level: level}, strings.Repeat("#", level)+" "+text)
	return n
}

func untilBlank(lines []string) int {
	n := 0
	for n < len(lines) && !blank(lines[n]) {
		n++
	}
	return n
}

func (x *rst) code(lines []string) {
	x.w.block(ingest.Block{Kind: ingest.Code}, fence(strings.Trim(strings.Join(lines, "\n"), "\n"), ""))
}

// paragraph writes a paragraph, with the literal block that it announces, or a term with
// its definition.
func (x *rst) paragraph(lines []string, depth int) (int, error) {
	n := untilBlank(lines)
	if n > 1 && indentOf(lines[1]) > 0 {
		return x.definition(lines, depth)
	}
	x.listed = false
	for i := range n {
		if indentOf(lines[i]) > 0 {
			n = i
			break
		}
	}
	text := strings.TrimRight(strings.Join(lines[:n], "\n"), " ")
	if strings.HasPrefix(text, "| ") {
		text = strings.ReplaceAll("\n"+text, "\n| ", "\n")
	}
	before, literal := strings.CutSuffix(text, "::")
	if literal {
		text = before
		if t := strings.TrimRight(before, " "); t == before && t != "" {
			text = t + ":"
		}
	}
	x.w.block(ingest.Block{Kind: ingest.Paragraph}, x.inline(text))
	if !literal {
		return n, nil
	}
	body, used := indented(lines[n:], 1)
	x.code(body)
	return n + used, nil
}

// definition writes a term and what it means as one item.
func (x *rst) definition(lines []string, depth int) (int, error) {
	body, used := indented(lines[1:], 1)
	first := untilBlank(body)
	if first > 0 && itemMark(body) == "" && !strings.HasPrefix(body[0], "..") {
		x.put(inline(x.inline(lines[0])) + ": " + inline(x.inline(strings.Join(body[:first], " "))))
		body = body[first:]
	} else {
		x.put(inline(x.inline(lines[0])))
	}
	err := x.blocks(body, depth+1)
	x.listed = true
	return 1 + used, err
}

// put writes an item on the line after the one before.
func (x *rst) put(text string) {
	add := x.w.block
	if x.listed {
		add = x.w.line
	}
	add(ingest.Block{Kind: ingest.List}, text)
	x.listed = true
}

var (
	bullet     = regexp.MustCompile(`^[-*+•‣⁃] +`)
	enumerator = regexp.MustCompile(`^\(?(\d{1,9}|[A-Za-z]|#|[ivxlcdmIVXLCDM]{1,8})[.)] +`)
)

// itemMark is what marks the first line as an item of a list. A sentence that begins like
// one goes on where it began.
func itemMark(lines []string) string {
	l := lines[0]
	if m := bullet.FindString(l); m != "" {
		return m
	}
	m := enumerator.FindString(l)
	if m == "" || len(lines) > 1 && !blank(lines[1]) && indentOf(lines[1]) == 0 && enumerator.FindString(lines[1]) == "" {
		return ""
	}
	return m
}

func (x *rst) item(lines []string, mark string, depth int) (int, error) {
	body, used := indented(lines[1:], 2)
	body = append([]string{lines[0][len(mark):]}, body...)
	shown := strings.TrimSpace(mark)
	if bullet.MatchString(mark) {
		shown = "-"
	}
	first := untilBlank(body)
	for i := 1; i < first; i++ { // an inner list may follow without an empty line
		if itemMark(body[i:first]) != "" {
			first = i
		}
	}
	text, literal := strings.CutSuffix(strings.Join(body[:first], " "), "::")
	if literal {
		text += ":"
	}
	x.put(shown + " " + inline(x.inline(text)))
	if literal {
		code, n := indented(body[first:], 1)
		x.code(code)
		first += n
	}
	err := x.blocks(body[first:], depth+1)
	x.listed = true
	return 1 + used, err
}

var fieldLine = regexp.MustCompile(`^:([^:\s][^:]{0,100}):(?: +(.*))?$`)

// fieldList reads a field with its indented lines. Those at the head say what the document
// is.
func (x *rst) fieldList(lines []string, bibliographic bool, depth int) (int, error) {
	m := fieldLine.FindStringSubmatch(lines[0])
	body, used := indented(lines[1:], 1)
	value := inline(x.inline(strings.Join(append([]string{m[2]}, body...), " ")))
	if bibliographic {
		x.field(m[1], value)
		x.fields = true
	}
	x.put(x.inline(m[1]) + ": " + value)
	return 1 + used, nil
}
