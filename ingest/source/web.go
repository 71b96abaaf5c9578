package source

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"ragway/ingest"
)

// HTTPOptions say which pages are taken and how they are asked for.
type HTTPOptions struct {
	Sitemap      bool    // the URL is a sitemap whatever its name, or a site whose robots.txt names some
	Crawl        int     // how many links deep pages are followed; 0: not at all
	MaxPages     int     // bound on the pages of one source; 0: 10,000
	MaxBytes     int64   // bound on one page; 0: 256 MiB
	KeptBytes    int64   // bound on the pages kept on disk from plan to apply; 0: 1 GiB
	Rate         float64 // requests a second to one host; 0: 4
	AllowPrivate bool    // also of loopback, private and other addresses that are not public
}

func (o *HTTPOptions) applyDefaults() {
	if o.MaxPages <= 0 {
		o.MaxPages = 10_000
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 256 << 20
	}
	if o.KeptBytes <= 0 {
		o.KeptBytes = 1 << 30
	}
	if o.Rate <= 0 {
		o.Rate = 4 // what a person with several tabs asks for
	}
}

// site is one page, the pages of a sitemap, or those that a crawl finds.
//
// A page's URI is its address: of one that was named itself as it was named, of the others
// where redirects end. Each is asked for while a plan is made, with the validators of the
// last time, and read only when the server names another version; it is then kept in a
// temporary file until it is applied.
//
// A page is gone when the server says so (404, 410, or a redirect elsewhere), and not when
// a sitemap or another page ceases to name it: those that are stored and were not come
// upon are asked for one by one. So several sitemaps of a host do not prune each other.
type site struct {
	start   *url.URL
	scope   string // what URIs start with; of one page its own
	one     bool
	fetcher *fetcher
	o       Options
	spooled *spooled
	kept    int64
	stored  map[string]string // tokens by URI
}

var (
	_ Source             = (*site)(nil)
	_ ingest.Coverer     = (*site)(nil)
	_ ingest.Revalidator = (*site)(nil)
)

func openSite(arg string, o Options) (Source, error) {
	u, err := parseURL(arg)
	if err != nil {
		return nil, err
	}
	s := &site{start: u, fetcher: newFetcher(o), o: o, spooled: newSpooled(o)}
	switch {
	case o.HTTP.Crawl > 0 && o.HTTP.Sitemap:
		return nil, errors.New("either a sitemap or a crawl")
	case o.HTTP.Crawl > 0:
		s.scope = s.Name() + u.EscapedPath()[:strings.LastIndex(u.EscapedPath(), "/")+1]
	case o.HTTP.Sitemap || isSitemap(u):
		s.scope = s.Name() + "/"
	default:
		s.scope, s.one = u.String(), true
	}
	return s, nil
}

// parseURL reads an absolute address of a page.
func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("not a URL") // url's own error repeats it, with what may be a password
	}
	return normalURL(u)
}

// normalURL gives each page one spelling: scheme and host in small letters, no default
// port, no dots in the path, no fragment. The query stays as it is.
func normalURL(u *url.URL) (*url.URL, error) {
	if u.Scheme = strings.ToLower(u.Scheme); u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("want http://HOST/… or https://HOST/…")
	}
	if u.User != nil {
		return nil, errors.New("a user in a URL would be stored and shown with it: leave it out")
	}
	out := (&url.URL{}).ResolveReference(u)
	out.Fragment, out.RawFragment, out.ForceQuery = "", "", false
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && (u.Scheme != "http" || port != "80") && (u.Scheme != "https" || port != "443") {
		host += ":" + port
	}
	out.Host = host
	if out.Path == "" {
		out.Path = "/"
	}
	return out, nil
}

func (s *site) Name() string   { return s.start.Scheme + "://" + s.start.Host }
func (s *site) Origin() string { return s.Name() }
func (s *site) Prefix() string { return s.scope }

func (s *site) Covers(uri string) bool {
	page, _, _ := strings.Cut(uri, "#")
	return s.inScope(page)
}

func (s *site) inScope(uri string) bool {
	if s.one {
		return uri == s.scope
	}
	return strings.HasPrefix(uri, s.scope)
}

// Revalidate takes the tokens that pages are asked for with.
func (s *site) Revalidate(tokens map[string]string) { s.stored = tokens }

func (s *site) Close() error {
	s.fetcher.transport.CloseIdleConnections()
	return s.spooled.Close()
}

func (s *site) Items(ctx context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		if err := s.spooled.Close(); err != nil {
			yield(ingest.Item{}, err)
			return
		}
		s.kept = 0
		s.fetcher.forget()
		v := &visit{site: s, ctx: ctx, yield: yield, seen: map[string]bool{}, queued: map[string]bool{}}
		err := v.all()
		switch {
		case errors.Is(err, errStopped):
		case ctx.Err() != nil:
			yield(ingest.Item{}, ctx.Err())
		case err != nil:
			yield(ingest.Item{}, err)
		}
	}
}
