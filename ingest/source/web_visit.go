package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"ragway/ingest"
)

// visit is one pass over a site. Its methods return errStopped when the caller has had
// enough, and other errors that end the pass.
type visit struct {
	*site
	ctx   context.Context
	yield func(ingest.Item, error) bool
	seen  map[string]bool
	pages int

	follow bool       // links are wanted
	found  []*url.URL // by them
	queued map[string]bool
}

func (v *visit) all() error {
	switch {
	case v.one:
		return v.named()
	case v.o.HTTP.Crawl > 0:
		if err := v.crawl(); err != nil {
			return err
		}
	default:
		if err := v.sitemaps(); err != nil {
			return err
		}
	}
	return v.unnamed()
}

// named takes the one page. When it is not there and never was, that is a mistake.
func (v *visit) named() error {
	a, err := v.fetcher.get(v.ctx, v.start, v.known(v.start))
	_, isStored := v.stored[v.scope]
	switch {
	case errors.Is(err, ErrPrivateAddress):
		return err
	case errors.Is(err, errGone) && isStored:
		return nil
	case err != nil:
		return v.fail(v.scope, err)
	}
	return v.offer(v.scope, a)
}

// known is what get asks with: the token of the page called u, or of the address itself.
// Records have to be read to be listed.
func (v *visit) known(u *url.URL) func(*url.URL) pageToken {
	if isRecordFile(u.Path) {
		return nil
	}
	return func(at *url.URL) pageToken {
		for _, uri := range []string{u.String(), at.String()} {
			if t := parsePageToken(v.stored[uri]); t.url == at.String() {
				return t
			}
		}
		return pageToken{}
	}
}

func (v *visit) sitemaps() error {
	list := []*url.URL{v.start}
	if v.o.HTTP.Sitemap && v.start.Path == "/" && v.start.RawQuery == "" {
		var err error
		if list, err = v.sitemapsOfRobots(); err != nil {
			return err
		}
	}
	w := &sitemapWalk{s: v.site, ctx: v.ctx, seen: map[string]bool{}, failed: func(uri string, err error) bool {
		return v.yield(ingest.Item{URI: uri, Size: -1}, err)
	}}
	w.seen[list[0].String()] = true
	if err := w.read(list[0], 1); err != nil {
		return fmt.Errorf("sitemap %s: %w", list[0].Path, err)
	}
	if err := w.readAll(list[1:], 1); err != nil {
		return err
	}
	if len(w.pages) == 0 && w.outside > 0 {
		return fmt.Errorf("none of the %d pages that the sitemap names is under %s", w.outside, v.scope)
	}
	for _, p := range w.pages {
		if err := v.page(p, v.known(p)); err != nil {
			return err
		}
	}
	return w.full
}

func (v *visit) sitemapsOfRobots() (list []*url.URL, err error) {
	r, err := v.fetcher.robots(v.ctx, v.start)
	if err != nil {
		return nil, err
	}
	for _, loc := range r.sitemaps {
		if u, err := url.Parse(loc); err == nil {
			if u, err = normalURL(v.start.ResolveReference(u)); err == nil && len(list) < mostSitemaps {
				list = append(list, u)
			}
		}
	}
	if list == nil {
		list = append(list, v.start.JoinPath("sitemap.xml"))
	}
	return list, nil
}

// crawl goes breadth first. Pages whose links are wanted are read whole each time: a
// server's word that they are as before does not say what they link to.
func (v *visit) crawl() error {
	if err := v.first(); err != nil {
		return err
	}
	for depth := 1; depth <= v.o.HTTP.Crawl; depth++ {
		level := v.found
		v.found = nil
		for _, u := range level {
			known := v.known(u)
			if v.follow = depth < v.o.HTTP.Crawl; v.follow {
				known = nil
			}
			if err := v.page(u, known); err != nil {
				return err
			}
		}
	}
	v.follow = false
	return nil
}

// first takes the page a crawl starts at: without it there is nothing.
func (v *visit) first() error {
	v.follow = true
	a, err := v.fetcher.get(v.ctx, v.start, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", v.start.Path, err)
	}
	if !v.inScope(a.url.String()) {
		a.body.Close()
		return fmt.Errorf("it redirects to %s://%s%s: start there", a.url.Scheme, a.url.Host, a.url.Path)
	}
	v.pages++
	v.seen[v.start.String()], v.seen[a.url.String()] = true, true
	return v.offer(a.url.String(), a)
}

// unnamed asks for the pages that are stored and that nothing led to.
func (v *visit) unnamed() error {
	for _, uri := range slices.Sorted(maps.Keys(v.stored)) {
		page, _, _ := strings.Cut(uri, "#")
		u, err := parseURL(page)
		if err != nil || u.String() != page || !v.inScope(page) {
			continue
		}
		if err := v.page(u, v.known(u)); err != nil {
			return err
		}
	}
	return nil
}

// page takes one page of several, once.
func (v *visit) page(u *url.URL, known func(*url.URL) pageToken) error {
	uri := u.String()
	if v.seen[uri] || !v.inScope(uri) {
		return nil
	}
	v.seen[uri] = true
	if v.pages++; v.pages > v.o.HTTP.MaxPages {
		return errTooManyPages(v.o.HTTP.MaxPages)
	}
	a, err := v.fetcher.get(v.ctx, u, known)
	if err == nil && a.url.String() != uri {
		uri = a.url.String()
		if v.seen[uri] || !v.inScope(uri) {
			if a.body != nil {
				a.body.Close()
			}
			return nil
		}
		v.seen[uri] = true
	}
	switch _, isStored := v.stored[uri]; {
	case err == nil:
		return v.offer(uri, a)
	case errors.Is(err, errGone), errors.Is(err, errDisallowed) && !isStored:
		return nil
	}
	return v.fail(uri, err)
}

func (v *visit) fail(uri string, err error) error {
	if v.ctx.Err() != nil {
		return v.ctx.Err()
	}
	if !v.yield(ingest.Item{URI: uri, Size: -1}, asUnreadable(err)) {
		return errStopped
	}
	return nil
}

// offer yields the page, or its records.
func (v *visit) offer(uri string, a *answer) error {
	if a.body == nil {
		return v.item(uri, a.url, a.same, "", -1, true)
	}
	defer a.body.Close()
	token := tokenOf(a.url, a.header)
	kind := mediaType(token.mime)
	body := &atMost{a.body, v.o.HTTP.MaxBytes, v.o.HTTP.MaxBytes}
	if isRecordFile(a.url.Path) && kind != "text/html" {
		modified, _ := http.ParseTime(a.header.Get("Last-Modified"))
		if !v.spooled.records(v.ctx, uri, body, modified, v.yield) {
			return errStopped
		}
		return nil
	}
	if isMedia(kind) { // nothing of it would be read
		return v.item(uri, a.url, token, "", -1, v.one)
	}
	kept, err := v.spooled.add(v.ctx, body)
	if err != nil {
		return v.fail(uri, err)
	}
	if v.follow && (kind == "text/html" || kind == "application/xhtml+xml") {
		if err := v.gather(a.url, kept); err != nil {
			return v.fail(uri, err)
		}
	}
	size := body.most - body.left
	if v.kept+size > v.o.HTTP.KeptBytes {
		v.spooled.remove(kept)
		kept = ""
	} else {
		v.kept += size
	}
	return v.item(uri, a.url, token, kept, size, v.one)
}

// gather finds the pages that the one at u, kept in a file, links to.
func (v *visit) gather(u *url.URL, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, l := range linksOf(u, f) {
		if uri := l.String(); v.inScope(uri) && !v.seen[uri] && !v.queued[uri] && len(v.queued) <= v.o.HTTP.MaxPages {
			v.queued[uri] = true
			v.found = append(v.found, l)
		}
	}
	return nil
}

// item yields a page that is kept in a file, or has to be asked for again when kept is "".
// explicit is also a page that is as it was: whatever its name, it could be read.
func (v *visit) item(uri string, at *url.URL, token pageToken, kept string, size int64, explicit bool) error {
	it := ingest.Item{
		URI: uri, URL: at.String(), Name: pageName(at, token.mime), MIME: token.mime, Size: size, Token: token.String(), Explicit: explicit,
		Open: func(ctx context.Context) (io.ReadCloser, error) {
			if kept != "" {
				return os.Open(kept)
			}
			return v.again(ctx, at, token)
		},
	}
	if !v.yield(it, nil) {
		return errStopped
	}
	return nil
}

// again asks for a page whose version is known, and takes no other.
func (s *site) again(ctx context.Context, at *url.URL, token pageToken) (io.ReadCloser, error) {
	a, err := s.fetcher.get(ctx, at, nil)
	if err != nil {
		return nil, err
	}
	if now := tokenOf(a.url, a.header); a.url.String() != at.String() || token.validator != "" && now.validator != token.validator {
		a.body.Close()
		return nil, ingest.Failf(ingest.Unreadable, "the page changed after the plan was made")
	}
	return struct {
		io.Reader
		io.Closer
	}{&atMost{a.body, s.o.HTTP.MaxBytes, s.o.HTTP.MaxBytes}, a.body}, nil
}
