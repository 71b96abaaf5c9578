package source

import (
	"mime"
	"net/url"
	"path"
	"strings"
)

// mediaType is a Content-Type without its parameters.
func mediaType(s string) string {
	kind, _, err := mime.ParseMediaType(s)
	if err != nil {
		kind, _, _ = strings.Cut(s, ";")
	}
	return strings.ToLower(strings.TrimSpace(kind))
}

func isMedia(kind string) bool {
	class, _, _ := strings.Cut(kind, "/")
	return class == "image" || class == "video" || class == "audio" || class == "font"
}

// extensionsOf are of the types whose pages are often called otherwise: /about, index.php.
var extensionsOf = map[string]string{
	"text/html": ".html", "application/xhtml+xml": ".html", "application/pdf": ".pdf", "text/markdown": ".md",
	"application/json": ".json", "application/epub+zip": ".epub",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   ".docx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         ".xlsx",
}

// pageName is a page's base name, with the extension that what the server calls it has.
func pageName(u *url.URL, contentType string) string {
	kind := mediaType(contentType)
	name := path.Base(u.Path)
	if name == "/" {
		name = "index"
	}
	ext := path.Ext(name)
	if want, ok := extensionsOf[kind]; ok {
		return strings.TrimSuffix(name, ext) + want
	}
	if ext == "" && strings.HasPrefix(kind, "text/") {
		return name + ".txt"
	}
	return name
}
