// Package ui is the page at /: a question, the streamed answer with its citations, its
// sources and its explain record. It is plain HTML with one script and one style sheet,
// all embedded; nothing is loaded from anywhere else.
package ui

import (
	"embed"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var files embed.FS

// policy allows the page's own script and style and calls to its own server, nothing
// inline and nothing foreign: answers and passages are other people's text.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
}

// Handler serves the page at / and its files under /ui/.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/ui/")
	if r.URL.Path == "/" {
		name = "index.html"
	}
	data, err := files.ReadFile("static/" + name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[path.Ext(name)])
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(data) // an error means that the browser left
}
