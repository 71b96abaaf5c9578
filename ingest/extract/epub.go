package extract

import (
	"context"
	"net/url"
	"path"
	"regexp"
	"strings"

	"ragway/ingest"
)

// readEPUB reads the chapters of a book in the order of its spine. The table of contents
// repeats their headings and stays out.
func readEPUB(ctx context.Context, d *document) error {
	p, err := openPackage(d)
	if err != nil {
		return err
	}
	if err := encryptedBook(p); err != nil {
		return err
	}
	b, err := openBook(p)
	if err != nil {
		return err
	}
	b.describe(d.w)
	chapters := b.chapters()
	if len(chapters) == 0 {
		return ingest.Failf(ingest.Corrupt, "the package names no chapters")
	}
	for _, name := range chapters {
		if d.w.full || ctx.Err() != nil {
			return ctx.Err()
		}
		if err := readChapter(ctx, d, p, name); err != nil {
			return err
		}
	}
	return nil
}

// book is the package document of an EPUB, formats 2 and 3.
type book struct {
	folder string // that its references start from

	Titles   []string `xml:"metadata>title"`
	Authors  []string `xml:"metadata>creator"`
	Language string   `xml:"metadata>language"`
	Date     string   `xml:"metadata>date"`
	Subject  []string `xml:"metadata>subject"`
	About    string   `xml:"metadata>description"`

	Items []struct {
		ID         string `xml:"id,attr"`
		Href       string `xml:"href,attr"`
		MIME       string `xml:"media-type,attr"`
		Properties string `xml:"properties,attr"`
	} `xml:"manifest>item"`
	Spine []struct {
		ID string `xml:"idref,attr"`
	} `xml:"spine>itemref"`
}

func openBook(p *pack) (*book, error) {
	var container struct {
		Roots []struct {
			Path string `xml:"full-path,attr"`
		} `xml:"rootfiles>rootfile"`
	}
	if err := p.unmarshal("META-INF/container.xml", &container); err != nil {
		return nil, err
	}
	for _, root := range container.Roots {
		if p.files[root.Path] == nil {
			continue
		}
		b := &book{folder: path.Dir(root.Path)}
		return b, p.unmarshal(root.Path, b)
	}
	return nil, ingest.Failf(ingest.Corrupt, "the package has no package document")
}

func (b *book) describe(w *writer) {
	for _, t := range b.Titles {
		w.title(t)
	}
	w.set("author", strings.Join(b.Authors, ", "))
	w.set("lang", b.Language)
	w.set("date", b.Date)
	w.set("subject", strings.Join(b.Subject, ", "))
	w.set("description", b.About)
}

// chapters are the parts in reading order, each once.
func (b *book) chapters() []string {
	parts := map[string]string{}
	for _, it := range b.Items {
		isText := it.MIME == "application/xhtml+xml" || it.MIME == "text/html"
		if isText && !strings.Contains(" "+it.Properties+" ", " nav ") {
			parts[it.ID] = b.resolve(it.Href)
		}
	}
	var names []string
	for _, ref := range b.Spine {
		if name := parts[ref.ID]; name != "" {
			names = append(names, name)
			delete(parts, ref.ID)
		}
	}
	return names
}

func (b *book) resolve(href string) string {
	href, _, _ = strings.Cut(href, "#")
	if plain, err := url.PathUnescape(href); err == nil {
		href = plain
	}
	return path.Join(b.folder, href)
}

// emptyElement is one that XHTML may close in its own tag and whose content HTML takes as
// it stands, up to an end tag that never comes.
var emptyElement = regexp.MustCompile(`<(title|script|style|textarea|iframe|noscript)((?:\s[^<>]*)?)/>`)

// readChapter forgives a part that is named and not there.
func readChapter(ctx context.Context, d *document, p *pack, name string) error {
	data, err := p.part(name)
	if err != nil || data == nil {
		return err
	}
	page := emptyElement.ReplaceAllString(decode(data, xmlEncoding(data)), "<$1$2></$1>")
	return writeHTML(ctx, d.w, page)
}

var xmlDeclared = regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']`)

// xmlEncoding is the encoding that an XML declaration names.
func xmlEncoding(data []byte) string {
	if m := xmlDeclared.FindSubmatch(data[:min(len(data), 256)]); m != nil {
		return string(m[1])
	}
	return ""
}

// encryptedBook tells books that need a key from those in which fonts alone are hidden.
func encryptedBook(p *pack) error {
	if p.files["META-INF/rights.xml"] != nil {
		return ingest.Failf(ingest.Encrypted, "the book is locked to its buyer")
	}
	var locked struct {
		Data []struct {
			Reference struct {
				URI string `xml:"URI,attr"`
			} `xml:"CipherData>CipherReference"`
		} `xml:"EncryptedData"`
	}
	if err := p.unmarshal("META-INF/encryption.xml", &locked); err != nil {
		return err
	}
	for _, e := range locked.Data {
		switch strings.ToLower(path.Ext(e.Reference.URI)) {
		case ".xhtml", ".html", ".htm", ".xml", ".opf":
			return ingest.Failf(ingest.Encrypted, "%s is encrypted", path.Base(e.Reference.URI))
		}
	}
	return nil
}
