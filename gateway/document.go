package gateway

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gin-gonic/gin"

	"ragway/retriever"
)

// passage is a stretch of a document's text that belongs to one chunk.
type passage struct {
	ChunkID string
	Page    int
	Text    string
}

// reassemble rebuilds a document's text from its chunks: what neighbours repeat stands
// once, and white space between two chunks, which no chunk holds, comes back as a line
// break or a blank line.
func reassemble(chunks []retriever.Chunk) []passage {
	out := make([]passage, 0, len(chunks))
	at := 0 // runes of the document written so far
	for _, c := range chunks {
		text := c.Text
		switch gap := c.Span.Start - at; {
		case gap < 0:
			text = skipRunes(text, -gap)
		case gap == 1 && at > 0:
			text = "\n" + text
		case gap > 1 && at > 0:
			text = "\n\n" + text
		}
		at = max(at, c.Span.End)
		out = append(out, passage{ChunkID: c.ID, Page: c.Page, Text: text})
	}
	return out
}

// skipRunes is s without its first n runes.
func skipRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}

// documentScope is the caller's, or that of a signed link.
func (s *Server) documentScope(c *gin.Context) (retriever.Scope, error) {
	if q := c.Request.URL.Query(); q.Has(linkSignature) {
		scope, err := s.links.scope(c.Param("id"), q)
		return scope, fail(stageAuthenticate, err)
	}
	who, err := s.authenticate(c.Request)
	return who.scope, err
}

// document shows one document to whoever may see it: a page, or JSON where that is asked for.
func (s *Server) document(c *gin.Context) {
	scope, err := s.documentScope(c)
	if err != nil {
		s.answerError(c, err)
		return
	}
	recordOf(c).tenant = scope.Tenant
	doc, chunks, err := s.opt.Store.Document(c.Request.Context(), scope, c.Param("id"))
	if err == nil && !scope.AllowsCollection(doc.Collection) {
		err = retriever.ErrDocumentNotFound
	}
	if err != nil {
		s.answerError(c, fail(stageRetrieve, err))
		return
	}
	c.Header("Cache-Control", "private, no-cache")
	c.Header("X-Content-Type-Options", "nosniff")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Vary", "Accept")
	if strings.Contains(c.GetHeader("Accept"), "application/json") {
		c.JSON(http.StatusOK, documentJSON(doc, chunks))
		return
	}
	s.documentPage(c, doc, chunks)
}

type documentBody struct {
	ID         string             `json:"id"`
	Object     string             `json:"object"`
	Collection string             `json:"collection"`
	URI        string             `json:"uri"`
	RecordID   string             `json:"record_id"`
	Title      string             `json:"title"`
	URL        string             `json:"url"`
	MIME       string             `json:"mime"`
	Metadata   retriever.Metadata `json:"metadata"`
	UpdatedAt  time.Time          `json:"updated_at"`
	Text       string             `json:"text"`
}

func documentJSON(d retriever.Document, chunks []retriever.Chunk) documentBody {
	var text strings.Builder
	for _, p := range reassemble(chunks) {
		text.WriteString(p.Text)
	}
	link := d.URL
	if !isWebLink(link) {
		link = ""
	}
	return documentBody{
		ID: d.ID, Object: "document", Collection: d.Collection, URI: d.URI, RecordID: d.RecordID, Title: d.Title, URL: link,
		MIME: d.MIME, Metadata: d.Metadata, UpdatedAt: d.UpdatedAt.UTC(), Text: text.String(),
	}
}

// pagePolicy lets the page do nothing but be read: documents are somebody else's text.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

var page = template.Must(template.New("document").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; background: #fff; }
h1 { font-size: 1.4rem; line-height: 1.3; }
.about { color: #666; font-size: .85rem; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.text span:target { background: #fff3bf; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } .about { color: #999; } .text span:target { background: #5c4a00; } }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
<p class="about">{{.URI}} · {{.Collection}} · {{.Updated}}</p>
<div class="text">{{range .Passages}}<span id="{{.ChunkID}}">{{.Text}}</span>{{end}}</div>
</body>
</html>
`))

func (s *Server) documentPage(c *gin.Context, d retriever.Document, chunks []retriever.Chunk) {
	title := titleOf(d)
	var b bytes.Buffer
	err := page.Execute(&b, gin.H{
		"Title": title, "URI": d.URI, "Collection": d.Collection,
		"Updated": d.UpdatedAt.UTC().Format(time.DateOnly), "Passages": reassemble(chunks),
	})
	if err != nil {
		s.answerError(c, fail(stageAnswer, errors.Join(errPanic, err)))
		return
	}
	c.Header("Content-Security-Policy", pagePolicy)
	c.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

// documentURL is what a person clicks to see a passage of d: its own link, or this server's
// page, at the passage. With auth on the page's link is signed, for d alone.
func (s *Server) documentURL(base string, d retriever.Document, c retriever.Chunk, scope retriever.Scope) string {
	if isWebLink(d.URL) {
		return deepLink(d, c)
	}
	link := base + "/v1/documents/" + d.ID
	if len(s.keys.sums) > 0 {
		link += "?" + s.links.query(d, scope).Encode()
	}
	return link + "#" + c.ID
}

// deepLink is a document's own link to the place of a passage: the page of a PDF, or the
// heading of a page on the web, whose anchor is guessed as most generators make it. Where
// there is none, a browser shows the top.
func deepLink(d retriever.Document, c retriever.Chunk) string {
	if strings.Contains(d.URL, "#") {
		return d.URL
	}
	switch kind, _, _ := strings.Cut(d.MIME, ";"); kind {
	case "application/pdf":
		if c.Page > 0 {
			return d.URL + "#page=" + strconv.Itoa(c.Page)
		}
	case "text/html", "text/markdown":
		if n := len(c.Headings); n > 0 {
			if anchor := anchorOf(c.Headings[n-1]); anchor != "" {
				return d.URL + "#" + url.PathEscape(anchor)
			}
		}
	}
	return d.URL
}

// anchorOf is a heading in small letters, with dashes for blanks and without signs.
func anchorOf(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// isWebLink reports whether a browser may follow link: clients show it as one, and a
// document's author may have written javascript: there.
func isWebLink(link string) bool {
	u, err := url.Parse(link)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// publicBase is this server's address as the client knows it.
func (s *Server) publicBase(r *http.Request) string {
	if s.opt.PublicURL != "" {
		return strings.TrimRight(s.opt.PublicURL, "/")
	}
	scheme := "http"
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

// titleOf is what a person knows d by.
func titleOf(d retriever.Document) string {
	if d.Title != "" {
		return d.Title
	}
	_, name := fileOf(d)
	return name
}
