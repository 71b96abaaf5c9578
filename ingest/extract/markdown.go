package extract

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"ragway/ingest"
)

var markdownParser = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Footnote),
	goldmark.WithParserOptions(parser.WithAttribute()),
).Parser()

// An ECMAScript import or export at the top of an MDX file, and a comment in braces.
var (
	mdxStatement = regexp.MustCompile(`(?m)^(import\s[^\n]*\sfrom\s+['"][^\n]*|import\s+['"][^\n]*|export\s+(const|default|function)\b[^\n]*)$`)
	mdxComment   = regexp.MustCompile(`(?s)\{/\*.*?\*/\}`)
)

func readMarkdown(ctx context.Context, d *document) error {
	fields, body := frontMatter(normalise(d.decoded(), -1))
	d.w.setFields(fields)
	if d.ext == ".mdx" {
		body = mdxComment.ReplaceAllString(mdxStatement.ReplaceAllString(body, ""), "")
	}
	return writeMarkdown(ctx, d.w, body)
}

// writeMarkdown appends the blocks of a Markdown text.
func writeMarkdown(ctx context.Context, w *writer, body string) error {
	source := []byte(tameNesting(body))
	root := markdownParser.Parse(text.NewReader(source))
	m := &markdown{ctx: ctx, w: w, source: source, notes: footnoteNames(root)}
	m.blocks(root, 0)
	if m.heading != "" {
		w.title(m.heading)
	}
	return ctx.Err()
}

// Links nest and quotes nest, and the parser is quadratic in both; nobody means it.
const (
	maxOpenBrackets = 500
	maxQuotes       = 50
)

// tameNesting bounds what one line can ask of the parser.
func tameNesting(s string) string {
	var b strings.Builder
	for l := range strings.Lines(s) {
		if strings.Count(l, "[") > maxOpenBrackets || nestedDeep(l) {
			l = strings.NewReplacer("[", " ", "]", " ", ">", " ", "*", " ", "_", " ", "`", " ").Replace(l)
		}
		b.WriteString(l)
	}
	return b.String()
}

func nestedDeep(l string) bool {
	depth := 0
	for _, r := range l {
		switch r {
		case '>', '-', '*', '+', '\t':
			if depth++; depth > maxQuotes*4 {
				return true
			}
		case ' ':
		default:
			return false
		}
	}
	return false
}

// A markdown walker writes blocks from a syntax tree.
type markdown struct {
	ctx     context.Context
	w       *writer
	source  []byte
	heading string         // the first of level 1, or the very first block if it is a heading
	notes   map[int]string // names of footnotes by number
}

func (m *markdown) blocks(parent ast.Node, depth int) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if m.ctx.Err() != nil || m.w.full {
			return
		}
		m.block(n, depth)
	}
}

func (m *markdown) block(n ast.Node, depth int) {
	switch n := n.(type) {
	case *ast.Heading:
		m.writeHeading(n)
	case *ast.Paragraph, *ast.TextBlock:
		m.w.block(ingest.Block{Kind: ingest.Paragraph}, m.inline(n))
	case *ast.FencedCodeBlock:
		m.w.block(ingest.Block{Kind: ingest.Code}, fence(m.lines(n), string(n.Language(m.source))))
	case *ast.CodeBlock:
		m.w.block(ingest.Block{Kind: ingest.Code}, fence(m.lines(n), ""))
	case *ast.List:
		m.list(n)
	case *extast.Table:
		m.table(n)
	case *ast.HTMLBlock:
		m.w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, textOfHTML(m.lines(n)+m.closure(n)))
	case *extast.Footnote:
		m.w.block(ingest.Block{Kind: ingest.Paragraph}, fmt.Sprintf("[^%s]: %s", n.Ref, m.flat(n, 0)))
	case *ast.ThematicBreak, *ast.LinkReferenceDefinition:
	default: // quotes, the list of footnotes, and whatever else only holds blocks
		m.blocks(n, depth+1)
	}
}

func (m *markdown) writeHeading(n *ast.Heading) {
	t := inline(m.inline(n))
	if t == "" {
		return
	}
	if m.heading == "" && (n.Level == 1 || m.w.runes == 0) {
		m.heading = t
	}
	m.w.block(ingest.Block{Kind: ingest.Heading, Level: n.Level}, strings.Repeat("#", n.Level)+" "+t)
}

// list writes a block for each item of the outermost list.
func (m *markdown) list(l *ast.List) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		put := m.w.line
		if item == l.FirstChild() {
			put = m.w.block
		}
		put(ingest.Block{Kind: ingest.List}, m.item(item, marker(l, number), 0))
		number++
	}
}

func marker(l *ast.List, number int) string {
	if l.IsOrdered() {
		return fmt.Sprintf("%d. ", number)
	}
	return "- "
}

// item is an item with its nested lists, which are indented under its text.
func (m *markdown) item(n ast.Node, mark string, depth int) string {
	body := m.flat(n, depth)
	return mark + strings.ReplaceAll(body, "\n", "\n"+strings.Repeat(" ", min(len(mark), 4)))
}

// maxIndent bounds nested lists: each level re-indents all of its text.
const maxIndent = 32

// flat is the text of the blocks in n, one below the other.
func (m *markdown) flat(n ast.Node, depth int) string {
	var parts []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
			parts = append(parts, m.inline(c))
		case *ast.FencedCodeBlock:
			parts = append(parts, fence(m.lines(c), string(c.Language(m.source))))
		case *ast.CodeBlock:
			parts = append(parts, fence(m.lines(c), ""))
		case *ast.HTMLBlock:
			parts = append(parts, strings.TrimSpace(textOfHTML(m.lines(c)+m.closure(c))))
		case *extast.Table:
			parts = append(parts, strings.Join(m.rows(c).rows, "\n"))
		case *ast.List:
			parts = append(parts, m.nested(c, depth+1))
		default:
			if depth < maxIndent {
				parts = append(parts, m.flat(c, depth+1))
			} else {
				parts = append(parts, m.inline(c))
			}
		}
	}
	return strings.Join(parts, "\n")
}

func (m *markdown) nested(l *ast.List, depth int) string {
	var items []string
	number := l.Start
	for c := l.FirstChild(); c != nil; c = c.NextSibling() {
		if depth >= maxIndent {
			items = append(items, m.inline(c))
			continue
		}
		items = append(items, m.item(c, marker(l, number), depth))
		number++
	}
	return strings.Join(items, "\n")
}

func (m *markdown) table(n *extast.Table) {
	t := m.rows(n)
	t.write(m.w, 0)
}

func (m *markdown) rows(n *extast.Table) *table {
	t := &table{}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, m.inline(c))
		}
		t.add(cells)
	}
	return t
}

func (m *markdown) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		s := n.Lines().At(i)
		b.Write(s.Value(m.source))
	}
	return b.String()
}

func (m *markdown) closure(n *ast.HTMLBlock) string {
	if n.HasClosure() {
		return string(n.ClosureLine.Value(m.source))
	}
	return ""
}

// fence puts code between fences longer than any it contains.
func fence(code, language string) string {
	code = strings.TrimRight(code, "\n")
	if strings.TrimSpace(code) == "" {
		return ""
	}
	mark := "```"
	for strings.Contains(code, mark) {
		mark += "`"
	}
	return mark + language + "\n" + code + "\n" + mark
}
