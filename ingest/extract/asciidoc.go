package extract

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"ragway/ingest"
)

// readAsciiDoc reads AsciiDoc as Asciidoctor does. Nothing is fetched: include directives
// are left out.
func readAsciiDoc(ctx context.Context, d *document) error {
	x := &asciidoc{ctx: ctx, w: d.w, names: map[string]string{}}
	lines := strings.Split(normalise(d.decoded(), -1), "\n")
	lines = x.header(lines)
	if err := x.blocks(lines, 0); err != nil {
		return err
	}
	x.endNotes()
	d.w.title(x.title)
	return nil
}

// asciidoc writes blocks from lines.
type asciidoc struct {
	ctx    context.Context
	w      *writer
	names  map[string]string // attributes of the document
	title  string
	attrs  blockAttrs
	listed bool // the block before was an item
	notes  []string
	off    int // conditions open that are not met
	open   []bool
}

// blockAttrs are what the line above a block says of it.
type blockAttrs struct {
	style   string
	rest    []string
	options map[string]string
}

var (
	adocTitle     = regexp.MustCompile(`^(={1,6}|#{1,6}) +(\S.*?)(?: +(?:=+|#+))?$`)
	adocAttribute = regexp.MustCompile(`^:(!?[\w][\w-]*!?):(?: +(.*))?$`)
	adocRevision  = regexp.MustCompile(`^v?[\d.]+[\w.]*(?:, *([^:]+))?(?::.*)?$`)
	adocAuthor    = regexp.MustCompile(`^\p{L}[\p{L}. '-]*(?: <[^<>]+>)?(?:; *\p{L}.*)?$`)
)

// header reads the title, who wrote it and when, and the first attributes.
func (x *asciidoc) header(lines []string) []string {
	for len(lines) > 0 && (blank(lines[0]) || strings.HasPrefix(lines[0], "//") && !strings.HasPrefix(lines[0], "////") || x.attribute(lines[0])) {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return nil
	}
	m := adocTitle.FindStringSubmatch(lines[0])
	if m == nil || len(m[1]) != 1 {
		return lines
	}
	x.title = inline(x.inline(m[2]))
	x.w.block(ingest.Block{Kind: ingest.Heading, Level: 1}, "# "+x.title)
	lines = lines[1:]
	if len(lines) > 0 && adocAuthor.MatchString(lines[0]) {
		x.w.set("author", lines[0])
		lines = lines[1:]
		if len(lines) > 0 && adocRevision.MatchString(lines[0]) {
			x.w.set("date", strings.TrimSpace(adocRevision.FindStringSubmatch(lines[0])[1]))
			lines = lines[1:]
		}
	}
	for len(lines) > 0 && x.attribute(lines[0]) {
		lines = lines[1:]
	}
	return lines
}

// attribute takes an attribute entry, and reports whether the line is one.
func (x *asciidoc) attribute(l string) bool {
	m := adocAttribute.FindStringSubmatch(l)
	if m == nil {
		return false
	}
	name := strings.ToLower(strings.Trim(m[1], "!"))
	switch {
	case strings.Contains(m[1], "!"):
		delete(x.names, name)
	case len(x.names) < 1000:
		value := x.named(m[2])
		x.names[name] = value[:min(len(value), 1000)]
	}
	switch name {
	case "author", "description", "keywords", "lang":
		x.w.set(name, m[2])
	case "revdate", "docdate":
		x.w.set("date", m[2])
	}
	return true
}

func (x *asciidoc) blocks(lines []string, depth int) error {
	return readBlocks(x.ctx, x.w, lines, depth, x.block)
}

var (
	adocDirective = regexp.MustCompile(`^(include|ifdef|ifndef|ifeval|endif|image|video|audio|toc|icon)::(\S*?)\[(.*)\]$`)
	adocAttrs     = regexp.MustCompile(`^\[(.*)\]$`)
	adocCaption   = regexp.MustCompile(`^\.([^\s.].*)$`)
	adocItem      = regexp.MustCompile(`^\s*(\*{1,9}|-|\.{1,9}|\d{1,9}\.|[a-zA-Z]\.|<(?:\d+|\.)>)\s+(\S.*)$`)
	adocTerm      = regexp.MustCompile(`^\s*(\S.*?)(?:::{1,3}|;;)(?:\s+(.*))?$`)
)

// block writes what lines begin with and returns how many of them that was.
func (x *asciidoc) block(lines []string, depth int) (int, error) {
	l := lines[0]
	if n, is := x.condition(l); is {
		return n, nil
	}
	switch {
	case x.off > 0:
		return 1, nil
	case blank(l), l == "+":
		return 1, nil
	case strings.HasPrefix(l, "//") && !strings.HasPrefix(l, "////"), x.attribute(l):
		return 1, nil
	}
	if n, err := x.delimited(lines, depth); n > 0 {
		x.attrs, x.listed = blockAttrs{}, false
		return n, err
	}
	if m := adocTitle.FindStringSubmatch(l); m != nil {
		x.heading(len(m[1]), m[2])
		return 1, nil
	}
	switch {
	case adocAttrs.MatchString(l):
		x.attrs = parseAttrs(adocAttrs.FindStringSubmatch(l)[1])
		return 1, nil
	case adocCaption.MatchString(l):
		x.w.block(ingest.Block{Kind: ingest.Paragraph}, x.inline(l[1:]))
		return 1, nil
	case l == "'''", l == "---", l == "***", l == "<<<":
		return 1, nil
	}
	if n := x.item(lines); n > 0 {
		return n, nil
	}
	return x.paragraph(lines), nil
}

func (x *asciidoc) heading(level int, text string) {
	x.attrs, x.listed = blockAttrs{}, false
	text = inline(x.inline(text))
	if x.title == "" {
		x.title = text
	}
	x.w.block(ingest.Block{Kind: ingest.Heading, Level: level}, strings.Repeat("#", level)+" "+text)
}

// condition follows ifdef and the like, and leaves out what stands for other files.
func (x *asciidoc) condition(l string) (n int, is bool) {
	m := adocDirective.FindStringSubmatch(l)
	if m == nil {
		return 0, false
	}
	switch m[1] {
	case "ifdef", "ifndef", "ifeval":
		met := m[1] == "ifeval" || (m[1] == "ifdef") == x.defined(m[2])
		if m[3] != "" && m[1] != "ifeval" {
			if met && x.off == 0 {
				x.w.block(ingest.Block{Kind: ingest.Paragraph}, x.inline(m[3]))
			}
			return 1, true
		}
		x.open = append(x.open, met)
		if !met {
			x.off++
		}
	case "endif":
		if last := len(x.open) - 1; last >= 0 {
			if !x.open[last] {
				x.off--
			}
			x.open = x.open[:last]
		}
	}
	return 1, true
}

func (x *asciidoc) defined(names string) bool {
	for name := range strings.FieldsFuncSeq(names, func(r rune) bool { return r == ',' || r == '+' }) {
		if _, ok := x.names[strings.ToLower(name)]; ok {
			return true
		}
	}
	return false
}

func parseAttrs(s string) blockAttrs {
	a := blockAttrs{options: map[string]string{}}
	for i, part := range splitQuoted(s) {
		name, value, named := strings.Cut(part, "=")
		switch {
		case named:
			a.options[strings.TrimSpace(name)] = strings.Trim(value, `" `)
		case i == 0:
			a.style = strings.TrimSpace(part)
		default:
			a.rest = append(a.rest, strings.TrimSpace(part))
		}
	}
	return a
}

// splitQuoted cuts at commas outside of quotes.
func splitQuoted(s string) (parts []string) {
	start, quoted := 0, false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// item writes an item of a list, or a term with what it means.
func (x *asciidoc) item(lines []string) int {
	mark, text := "", ""
	if m := adocItem.FindStringSubmatch(lines[0]); m != nil {
		mark, text = "- ", m[2]
		if strings.ContainsAny(m[1], "0123456789<") || len(m[1]) == 2 && m[1] != "**" && m[1] != ".." {
			mark = m[1] + " "
		}
	} else if m := adocTerm.FindStringSubmatch(lines[0]); m != nil && !strings.Contains(m[1], "://") {
		mark, text = inline(x.inline(m[1]))+": ", m[2]
	} else {
		return 0
	}
	n := 1
	for n < len(lines) && !blank(lines[n]) && !x.startsBlock(lines[n]) {
		text += " " + strings.TrimSpace(lines[n])
		n++
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "[ ] "), "[x] ")
	put := x.w.block
	if x.listed {
		put = x.w.line
	}
	put(ingest.Block{Kind: ingest.List}, strings.TrimSpace(mark+inline(x.inline(text))))
	x.listed = true
	return n
}

// startsBlock reports whether a line ends the paragraph above it.
func (x *asciidoc) startsBlock(l string) bool {
	return l == "+" || adocItem.MatchString(l) || adocTerm.MatchString(l) && strings.Contains(l+" ", ":: ") || adocAttrs.MatchString(l) ||
		adocDirective.MatchString(l) || delimiterOf(l) != ""
}

func (x *asciidoc) paragraph(lines []string) int {
	attrs := x.attrs
	x.attrs, x.listed = blockAttrs{}, false
	n := 1
	for n < len(lines) && !blank(lines[n]) && lines[n] != "+" && !adocAttrs.MatchString(lines[n]) && delimiterOf(lines[n]) == "" && !adocDirective.MatchString(lines[n]) {
		n++
	}
	if indentOf(lines[0]) > 0 || attrs.isCode() {
		x.w.block(ingest.Block{Kind: ingest.Code}, fence(strings.Join(lines[:n], "\n"), ""))
		return n
	}
	var b strings.Builder
	for _, l := range lines[:n] {
		if strings.HasPrefix(l, "//") {
			continue
		}
		b.WriteString(strings.TrimSuffix(l, " +") + "\n")
	}
	x.w.block(ingest.Block{Kind: ingest.Paragraph}, attrs.label()+x.inline(b.String()))
	return n
}

func (a blockAttrs) isCode() bool {
	style, _, _ := strings.Cut(a.style, "%")
	switch style {
	case "source", "listing", "literal", "stem", "latexmath", "asciimath", "plantuml", "ditaa", "mermaid", "graphviz":
		return true
	}
	return false
}

// label is what an admonition is announced by.
func (a blockAttrs) label() string {
	switch a.style {
	case "NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION":
		return a.style + ": "
	}
	return ""
}

// endNotes writes the footnotes, which stand where they hang.
func (x *asciidoc) endNotes() {
	for i := 0; i < len(x.notes); i++ { // notes may have notes
		x.w.block(ingest.Block{Kind: ingest.Paragraph}, fmt.Sprintf("[^%d]: %s", i+1, x.inline(x.notes[i])))
	}
}
