package extract

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"unicode/utf8"

	"codeberg.org/readeck/go-readability/v2"
	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	mdtable "github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"

	"ragway/ingest"
)

// maxElements is where finding the main text, which scores and moves subtrees, becomes
// too slow; a page beyond it is taken whole.
const maxElements = 100_000

// readHTML takes the main text of a page, or the whole page where none stands out.
func readHTML(ctx context.Context, d *document) error {
	page := decodeHTML(d.Data, declaredCharset(d.MIME))
	root, err := html.Parse(strings.NewReader(page))
	if err != nil { // nested beyond what the parser takes
		d.w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, textOfHTML(page))
		return ctx.Err()
	}
	m := metaOf(root)
	node := mainNode(root, &m)
	m.record(d.w)
	md, err := toMarkdown(ctx, node)
	if err != nil {
		return err
	}
	if m.heading != "" && !m.siteName(m.heading) && find(node, atom.H1) == nil && !strings.HasPrefix(nodeText(node), m.heading) {
		d.w.block(ingest.Block{Kind: ingest.Heading, Level: 1}, "# "+inline(m.heading)) // taken for a title and dropped
	}
	return writeMarkdown(ctx, d.w, md)
}

// decodeHTML follows the page's own declaration, which stands in its first kilobyte, and
// falls back on what the bytes look like: pages lie less often than they are silent.
func decodeHTML(data []byte, declared string) string {
	if declared == "" {
		if _, name, certain := charset.DetermineEncoding(data[:min(len(data), 1024)], ""); certain {
			declared = name
		}
	}
	return decode(data, declared)
}

// mainNode is the article in root, or root's body without what is not content.
func mainNode(root *html.Node, m *pageMeta) *html.Node {
	strip(root)
	body := find(root, atom.Body)
	if body == nil {
		body = root
	}
	whole := textLength(body)
	p := readability.NewParser()
	p.MaxElemsToParse = maxElements
	base, _ := url.Parse("http://localhost/") // relative links must not fail; no target is kept
	article, err := p.ParseDocument(root, base)
	if err != nil || article.Node == nil {
		stripFrame(body)
		return body
	}
	m.fromArticle(article)
	if n := textLength(article.Node); n < minArticle || n*articleShare < whole {
		stripFrame(body)
		return body
	}
	return article.Node
}

// An article is trusted from this many runes on, and if it is at least one part in
// articleShare of the page's text: shorter ones are a wrong guess on a page of tables or
// fragments.
const (
	minArticle   = 140
	articleShare = 10
)

// strip removes what is never shown as text.
func strip(root *html.Node) {
	remove(root, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Iframe, atom.Object, atom.Svg:
			return !linkedData(n)
		}
		if n.Type == html.CommentNode {
			return true
		}
		return hidden(n) || skipLink(n)
	})
}

// linkedData recognises the JSON-LD from which readability takes author and date.
func linkedData(n *html.Node) bool { return attr(n, "type") == "application/ld+json" }

func hidden(n *html.Node) bool {
	style := strings.ReplaceAll(strings.ToLower(attr(n, "style")), " ", "")
	return hasAttr(n, "hidden") || strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden")
}

// skipLink recognises links for screen readers that jump over the navigation.
func skipLink(n *html.Node) bool {
	class := attr(n, "class")
	return n.DataAtom == atom.A && strings.HasPrefix(attr(n, "href"), "#") &&
		(strings.Contains(class, "skip") || strings.Contains(class, "screen-reader") || strings.Contains(class, "sr-only"))
}

// stripFrame removes what surrounds the content of a page.
func stripFrame(body *html.Node) {
	remove(body, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.Script, atom.Nav, atom.Form, atom.Button, atom.Select, atom.Dialog:
			return true
		case atom.Header, atom.Footer, atom.Aside:
			return n.Parent == body
		}
		switch attr(n, "role") {
		case "navigation", "banner", "contentinfo", "search", "dialog":
			return true
		}
		return false
	})
}

// writeHTML takes the whole of a page that has no frame, such as the body of a message.
func writeHTML(ctx context.Context, w *writer, page string) error {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil { // nested beyond what the parser takes
		w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, textOfHTML(page))
		return ctx.Err()
	}
	strip(root)
	node := find(root, atom.Body)
	if node == nil {
		node = root
	}
	md, err := toMarkdown(ctx, node)
	if err != nil {
		return err
	}
	return writeMarkdown(ctx, w, md)
}

func remove(n *html.Node, yes func(*html.Node) bool) {
	for c := n.FirstChild; c != nil; {
		next := c.NextSibling
		if yes(c) {
			n.RemoveChild(c)
		} else {
			remove(c, yes)
		}
		c = next
	}
}

func textLength(n *html.Node) int {
	sum := 0
	for c := range n.Descendants() {
		if c.Type == html.TextNode && c.Parent.DataAtom != atom.Script {
			sum += utf8.RuneCountInString(strings.TrimSpace(c.Data))
		}
	}
	return sum
}

func find(n *html.Node, a atom.Atom) *html.Node {
	for c := range n.Descendants() {
		if c.DataAtom == a {
			return c
		}
	}
	return nil
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

func toMarkdown(ctx context.Context, n *html.Node) (string, error) {
	conv := converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(),
		commonmark.NewCommonmarkPlugin(),
		strikethrough.NewStrikethroughPlugin(),
		mdtable.NewTablePlugin(mdtable.WithHeaderPromotion(true), mdtable.WithSpanCellBehavior(mdtable.SpanBehaviorEmpty),
			mdtable.WithNewlineBehavior(mdtable.NewlineBehaviorPreserve)),
	))
	out, err := conv.ConvertNode(n, converter.WithContext(ctx))
	return string(out), err
}

var htmlStart = [][]byte{[]byte("<!doctype html"), []byte("<html"), []byte("<head"), []byte("<body")}

// looksLikeHTML reports whether data begins as a page does.
func looksLikeHTML(data []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(data[:min(len(data), 512)], []byte{0xEF, 0xBB, 0xBF})))
	for _, s := range htmlStart {
		if bytes.HasPrefix(head, s) {
			return true
		}
	}
	return false
}

// textOfHTML is the text of markup that no tree is built of, a line for each block
// element.
func textOfHTML(s string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	skip := atom.Atom(0)
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if skip == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			a := atom.Lookup(name)
			if skip == 0 && (a == atom.Script || a == atom.Style || a == atom.Template || a == atom.Noscript) {
				skip = a
			}
			breakLine(&b, a)
		case html.EndTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == skip {
				skip = 0
			} else {
				breakLine(&b, a)
			}
		case html.SelfClosingTagToken:
			name, _ := z.TagName()
			breakLine(&b, atom.Lookup(name))
		}
	}
}

func breakLine(b *strings.Builder, a atom.Atom) {
	switch a {
	case atom.Td, atom.Th:
		b.WriteByte(' ')
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		b.WriteString("\n\n")
	case atom.Br, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Tr, atom.Table, atom.Section, atom.Pre, atom.Blockquote,
		atom.Dt, atom.Dd, atom.Summary, atom.Details:
		b.WriteByte('\n')
	}
}
