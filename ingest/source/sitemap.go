package source

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"ragway/ingest"
)

const (
	longestSitemap = 50 << 20 // bytes, uncompressed: the protocol's own bound
	mostSitemaps   = 1000     // of one index and those in it
	deepestSitemap = 3        // an index of indexes is not allowed, and exists
)

// isSitemap reports whether a URL looks like a sitemap's: sitemap.xml, sitemap_index.xml,
// sitemap-docs.xml.gz.
func isSitemap(u *url.URL) bool {
	name := strings.ToLower(path.Base(u.Path))
	return strings.Contains(name, "sitemap") && strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".xml")
}

// parseSitemap calls page or index for each <loc>, whichever it is of, until one is false.
func parseSitemap(r io.Reader, page, index func(loc string) bool) error {
	buffered := bufio.NewReader(&atMost{r, longestSitemap, longestSitemap})
	if magic, _ := buffered.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return ingest.Failf(ingest.Corrupt, "sitemap: %w", err)
		}
		buffered = bufio.NewReader(&atMost{z, longestSitemap, longestSitemap})
	}
	d := xml.NewDecoder(buffered)
	kind, root := "", false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root {
			return nil
		}
		if err != nil {
			return sitemapError(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := start.Name.Local; {
		case name == "urlset", name == "sitemapindex":
			root = true
		case !root:
			return ingest.Failf(ingest.Corrupt, "not a sitemap: it starts with <%.40s>", name)
		case name == "url", name == "sitemap":
			kind = name
		case name == "loc" && kind != "":
			var loc string
			if err := d.DecodeElement(&loc, &start); err != nil {
				return sitemapError(err)
			}
			take := page
			if kind == "sitemap" {
				take = index
			}
			kind = "" // images and videos of a page have <loc>s of their own
			if !take(strings.TrimSpace(loc)) {
				return nil
			}
		}
	}
}

func sitemapError(err error) error {
	if f, ok := errors.AsType[*ingest.Failure](err); ok {
		return f
	}
	return ingest.Failf(ingest.Corrupt, "not a sitemap: %w", err)
}

// sitemapWalk gathers the pages of sitemaps and of those that they name.
type sitemapWalk struct {
	s       *site
	ctx     context.Context
	pages   []*url.URL
	seen    map[string]bool
	outside int                              // pages that are not of the site
	failed  func(uri string, err error) bool // told of each sitemap but the first that cannot be had
	full    error
}

// read is false when the walk is over.
func (w *sitemapWalk) read(u *url.URL, depth int) error {
	a, err := w.s.fetcher.get(w.ctx, u, nil)
	if err != nil {
		return err
	}
	var inner []*url.URL
	err = parseSitemap(a.body, func(loc string) bool {
		p, err := parseURL(loc)
		switch {
		case err != nil || !w.s.inScope(p.String()):
			w.outside++
		case len(w.pages) == w.s.o.HTTP.MaxPages:
			w.full = errTooManyPages(w.s.o.HTTP.MaxPages)
			return false
		case !w.seen[p.String()]:
			w.seen[p.String()] = true
			w.pages = append(w.pages, p)
		}
		return true
	}, func(loc string) bool {
		if p, err := parseURL(loc); err == nil {
			inner = append(inner, p)
		}
		return len(inner) < mostSitemaps
	})
	a.body.Close()
	if err != nil {
		return err
	}
	return w.readAll(inner, depth+1)
}

func (w *sitemapWalk) readAll(list []*url.URL, depth int) error {
	for _, u := range list {
		if w.seen[u.String()] || w.full != nil {
			continue
		}
		w.seen[u.String()] = true
		var err error
		switch {
		case depth > deepestSitemap:
			err = ingest.Failf(ingest.TooDeep, "sitemaps within sitemaps, deeper than %d", deepestSitemap)
		case len(w.seen) > w.s.o.HTTP.MaxPages+mostSitemaps:
			err = ingest.Failf(ingest.TooLarge, "more than %d sitemaps", mostSitemaps)
		default:
			err = w.read(u, depth)
		}
		switch {
		case err == nil:
		case w.ctx.Err() != nil:
			return w.ctx.Err()
		case !w.failed(u.String(), err):
			return errStopped
		}
	}
	return nil
}

// errStopped is of a walk whose caller has had enough.
var errStopped = errors.New("stopped")

func errTooManyPages(most int) error {
	return &ingest.Incomplete{Err: fmt.Errorf("more than %d pages: raise --max-pages to have them all", most)}
}
