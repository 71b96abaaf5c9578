package extract

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// inline is the text of n's inline content: no emphasis marks, no link targets, entities
// and escapes resolved. Code spans keep their backticks, which tell `-r` from a dash.
func (m *markdown) inline(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		return m.inlineNode(&b, n, entering), nil
	})
	return b.String()
}

func (m *markdown) inlineNode(b *strings.Builder, n ast.Node, entering bool) ast.WalkStatus {
	if !entering {
		return ast.WalkContinue
	}
	switch n := n.(type) {
	case *ast.Text:
		s := string(n.Segment.Value(m.source))
		if !n.IsRaw() {
			s = unescape(s)
		}
		b.WriteString(s)
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte('\n')
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.CodeSpan:
		m.codeSpan(b, n)
		return ast.WalkSkipChildren
	case *ast.AutoLink:
		b.Write(n.Label(m.source))
	case *ast.RawHTML:
		if tag := string(n.Segments.Value(m.source)); strings.HasPrefix(strings.ToLower(tag), "<br") {
			b.WriteByte('\n')
		}
	case *extast.TaskCheckBox:
		if n.IsChecked {
			b.WriteString("[x] ")
		} else {
			b.WriteString("[ ] ")
		}
	case *extast.FootnoteLink:
		b.WriteString("[^" + m.footnote(n) + "]")
	case *extast.FootnoteBacklink:
		return ast.WalkSkipChildren
	default:
		if n.Type() == ast.TypeBlock && b.Len() > 0 {
			b.WriteByte('\n')
		}
	}
	return ast.WalkContinue
}

func (m *markdown) codeSpan(b *strings.Builder, n ast.Node) {
	var code strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			code.Write(t.Segment.Value(m.source))
		}
	}
	mark := "`"
	if strings.Contains(code.String(), "`") {
		mark = "``"
	}
	b.WriteString(mark + strings.ReplaceAll(code.String(), "\n", " ") + mark)
}

// unescape resolves backslash escapes and entities; an escaped "&" begins none.
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	start := 0
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '\\' && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0 {
			b.WriteString(html.UnescapeString(s[start:i]))
			b.WriteByte(s[i+1])
			i++
			start = i + 1
		}
	}
	b.WriteString(html.UnescapeString(s[start:]))
	return b.String()
}

// footnote is the name of the note that n points to, which the tree holds by number.
func (m *markdown) footnote(n *extast.FootnoteLink) string {
	if name, ok := m.notes[n.Index]; ok {
		return name
	}
	return strconv.Itoa(n.Index)
}

func footnoteNames(root ast.Node) map[int]string {
	names := map[int]string{}
	list, ok := root.LastChild().(*extast.FootnoteList)
	if !ok {
		return nil
	}
	for c := list.FirstChild(); c != nil; c = c.NextSibling() {
		if f, ok := c.(*extast.Footnote); ok {
			names[f.Index] = string(f.Ref)
		}
	}
	return names
}
