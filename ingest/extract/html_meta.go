package extract

import (
	"strings"
	"time"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pageMeta is what a page says about itself.
type pageMeta struct {
	tag      string // the title element
	title    string // the article's title, without the name of the site
	heading  string // the first h1
	headings int    // how many there are

	url, lang, date           string
	author, description, site string
}

func metaOf(root *html.Node) pageMeta {
	var m pageMeta
	for n := range root.Descendants() {
		switch n.DataAtom {
		case atom.Html:
			m.lang = attr(n, "lang")
		case atom.Title:
			if m.tag == "" && n.FirstChild != nil && n.Namespace == "" {
				m.tag = n.FirstChild.Data
			}
		case atom.H1:
			if t := inline(nodeText(n)); t != "" {
				setDefault(&m.heading, t)
				m.headings++
			}
		case atom.Link:
			if attr(n, "rel") == "canonical" {
				m.url = attr(n, "href")
			}
		case atom.Meta:
			m.fromTag(strings.ToLower(attr(n, "name")+attr(n, "property")+attr(n, "itemprop")), attr(n, "content"))
		}
	}
	return m
}

func (m *pageMeta) fromTag(name, content string) {
	switch name {
	case "og:url":
		setDefault(&m.url, content)
	case "article:published_time", "date", "dc.date", "dcterms.date", "datepublished":
		setDefault(&m.date, content)
	case "author", "article:author", "dc.creator":
		setDefault(&m.author, content)
	case "description", "og:description":
		setDefault(&m.description, content)
	case "og:site_name":
		setDefault(&m.site, content)
	}
}

// fromArticle takes what readability found.
func (m *pageMeta) fromArticle(a readability.Article) {
	m.title = a.Title()
	if t, err := a.PublishedTime(); err == nil && m.date == "" {
		m.date = t.UTC().Format(time.RFC3339)
	}
	setDefault(&m.author, a.Byline())
	setDefault(&m.lang, a.Language())
}

func (m *pageMeta) record(w *writer) {
	if m.headings == 1 && !m.siteName(m.heading) { // a page's only one is its title
		w.title(m.heading)
	}
	w.title(m.title)
	w.title(m.tag)
	w.title(m.heading)
	if strings.HasPrefix(m.url, "https://") || strings.HasPrefix(m.url, "http://") {
		w.set("url", m.url)
	}
	w.set("lang", m.lang)
	w.set("date", m.date)
	w.set("author", m.author)
	w.set("description", m.description)
	w.set("site", m.site)
}

// siteName reports whether a heading is the name of the site, as a logo often is one: the
// page says so, or its title ends with it after something else.
func (m *pageMeta) siteName(heading string) bool {
	title := inline(m.tag)
	return heading == inline(m.site) || title != heading && strings.HasSuffix(title, heading)
}

func nodeText(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}
