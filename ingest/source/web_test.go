package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
)

// webServer serves texts by path with an ETag of each, and counts what it is asked for.
type webServer struct {
	t     *testing.T
	url   string
	mu    sync.Mutex
	pages map[string]string
	types map[string]string
	other map[string]http.HandlerFunc // instead of a text
	asked []string                    // "PATH STATUS"
}

func newWebServer(t *testing.T, pages map[string]string) *webServer {
	w := &webServer{t: t, pages: pages, types: map[string]string{}, other: map[string]http.HandlerFunc{}}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *webServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rec := httptest.NewRecorder()
	text, ok := w.pages[r.URL.Path]
	switch {
	case w.other[r.URL.Path] != nil:
		w.other[r.URL.Path](rec, r)
	case !ok:
		rec.WriteHeader(http.StatusNotFound)
	default:
		kind := w.types[r.URL.Path]
		if kind == "" {
			kind = "text/html; charset=utf-8"
		}
		rec.Header().Set("Content-Type", kind)
		rec.Header().Set("ETag", fmt.Sprintf("\"%x\"", sha256.Sum256([]byte(text))))
		http.ServeContent(rec, r, "", time.Time{}, strings.NewReader(text))
	}
	w.asked = append(w.asked, fmt.Sprintf("%s %d", r.URL.RequestURI(), rec.Code))
	for k, v := range rec.Header() {
		rw.Header()[k] = v
	}
	rw.WriteHeader(rec.Code)
	_, _ = rw.Write(rec.Body.Bytes())
}

// requests are those since the last call, without those for robots.txt.
func (w *webServer) requests() (out []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if !strings.HasPrefix(a, "/robots.txt") {
			out = append(out, a)
		}
	}
	w.asked = nil
	return out
}

func (w *webServer) open(path string, o Options) Source {
	w.t.Helper()
	o.HTTP.AllowPrivate, o.HTTP.Rate = true, 1e6
	return mustOpen(w.t, w.url+path, o)
}

// take lists a site and says what it offers, without the server's address. The tokens are
// what it is told the next time.
func (w *webServer) take(s Source, stored map[string]string) (got []offered, tokens map[string]string) {
	w.t.Helper()
	s.(ingest.Revalidator).Revalidate(stored)
	tokens = map[string]string{}
	for it, err := range s.Items(w.t.Context()) {
		o := offered{URI: strings.TrimPrefix(it.URI, w.url)}
		switch {
		case err != nil:
			o.Err = strings.ReplaceAll(err.Error(), w.url, "SITE")
		default:
			r, err := it.Open(w.t.Context())
			if err != nil {
				w.t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil {
				w.t.Fatal(err)
			}
			r.Close()
			o.Text = string(b)
			tokens[it.URI] = it.Token
		}
		got = append(got, o)
	}
	return got, tokens
}

// paths lists without reading.
func (w *webServer) paths(s Source, stored map[string]string) (got []string) {
	w.t.Helper()
	s.(ingest.Revalidator).Revalidate(stored)
	for it, err := range s.Items(w.t.Context()) {
		p := strings.TrimPrefix(it.URI, w.url)
		if err != nil {
			p += " " + strings.ReplaceAll(err.Error(), w.url, "SITE")
		}
		got = append(got, strings.TrimSpace(p))
	}
	return got
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s", what, d)
	}
}

func TestPageIsAskedForOnceAndThenWhetherItChanged(t *testing.T) {
	w := newWebServer(t, map[string]string{"/about": "<h1>About</h1>"})
	s := w.open("/about#team", Options{})
	if s.Prefix() != w.url+"/about" || s.Name() != w.url || s.Origin() != w.url {
		t.Errorf("%s, %s, %s", s.Prefix(), s.Name(), s.Origin())
	}
	got, tokens := w.take(s, nil)
	diff(t, "first", []offered{{URI: "/about", Text: "<h1>About</h1>"}}, got)
	diff(t, "first", []string{"/about 200"}, w.requests())
	for it := range s.Items(t.Context()) {
		if it.Name != "about.html" || it.MIME != "text/html; charset=utf-8" || it.URL != w.url+"/about" || !it.Explicit || it.Size != 14 {
			t.Errorf("%+v", it)
		}
	}
	w.requests()
	diff(t, "again", []string{"/about"}, w.paths(s, tokens))
	diff(t, "again", []string{"/about 304"}, w.requests())
	for it := range s.Items(t.Context()) {
		if it.Token != tokens[it.URI] || it.Name != "about.html" || it.MIME == "" || it.Size != -1 || !it.Explicit {
			t.Errorf("%+v", it)
		}
	}
	w.requests()
	got, same := w.take(s, tokens) // and it can still be read
	diff(t, "read", []offered{{URI: "/about", Text: "<h1>About</h1>"}}, got)
	diff(t, "read", []string{"/about 304", "/about 200"}, w.requests())
	diff(t, "token", tokens, same)

	w.pages["/about"] = "<h1>More</h1>"
	got, now := w.take(s, tokens)
	diff(t, "changed", []offered{{URI: "/about", Text: "<h1>More</h1>"}}, got)
	if now[w.url+"/about"] == tokens[w.url+"/about"] {
		t.Error("the token stayed")
	}
	delete(w.pages, "/about")
	diff(t, "gone", []string(nil), w.paths(s, now))
	diff(t, "never there", []string{"/about unreadable: the page is not there"}, w.paths(s, nil))
}

func TestLastModifiedIsATokenOnceItIsOld(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for age, want := range map[time.Duration]string{time.Hour: "since Thu, 01 Jan 2026 11:00:00 GMT", 2 * time.Second: "", 0: "", -time.Hour: ""} {
		h := http.Header{"Date": {now.Format(http.TimeFormat)}, "Last-Modified": {now.Add(-age).Format(http.TimeFormat)}}
		u, _ := parseURL("https://e.org/a")
		token := tokenOf(u, h)
		if token.validator != want {
			t.Errorf("%v: %q", age, token.validator)
		}
		back := parsePageToken(token.String())
		if want != "" && back != token {
			t.Errorf("%+v, %+v", token, back)
		}
		ask := http.Header{}
		back.condition(ask)
		if got := ask.Get("If-Modified-Since"); got != strings.TrimPrefix(want, "since ") {
			t.Errorf("%v: asked %q", age, got)
		}
	}
	u, _ := parseURL("https://e.org/a")
	if token := tokenOf(u, http.Header{"Etag": {strings.Repeat("x", mostValidator+1)}}); token.String() != "" {
		t.Error("kept an endless ETag")
	}
}

func TestRedirectsAreFollowedWithinBounds(t *testing.T) {
	to := func(where string) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, where, http.StatusMovedPermanently)
		}
	}
	w := newWebServer(t, map[string]string{"/new": "new", "/robots.txt": "User-agent: *\nDisallow: /secret"})
	w.types["/robots.txt"] = "text/plain"
	w.other["/old"], w.other["/loop"], w.other["/file"], w.other["/in"] = to("/new"), to("/loop"), to("file:///etc/passwd"), to("/secret/x")
	w.other["/bad"] = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusFound) }
	s := w.open("/old", Options{})
	got, tokens := w.take(s, nil)
	diff(t, "redirected", []offered{{URI: "/old", Text: "new"}}, got)
	for it := range s.Items(t.Context()) {
		if it.URL != w.url+"/new" {
			t.Error(it.URL)
		}
	}
	w.requests()
	w.paths(s, tokens)
	diff(t, "again", []string{"/old 301", "/new 304"}, w.requests())
	for path, want := range map[string]string{
		"/loop": "/loop unreadable: more than 10 redirects", "/bad": "/bad unreadable: redirected to what is not an address of a page",
		"/file": "/file unreadable: redirected to what is not an address of a page", "/in": "/in unreadable: robots.txt does not allow it",
	} {
		diff(t, path, []string{want}, w.paths(w.open(path, Options{}), nil))
	}
}

func TestPrivateAddressesAreRefusedAtEachHop(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "a", "/sitemap.xml": urlset()})
	port := w.url[strings.LastIndex(w.url, ":"):]
	for _, arg := range []string{w.url + "/a", "http://localhost" + port + "/a", w.url + "/sitemap.xml", "http://[::ffff:127.0.0.1]" + port + "/"} {
		n := 0
		for it, err := range mustOpen(t, arg, Options{}).Items(t.Context()) {
			if n++; it.URI != "" || !errors.Is(err, ErrPrivateAddress) || !strings.Contains(err.Error(), ": not a public address: add --allow-private if it is meant") {
				t.Errorf("%s: %+v, %v", arg, it.URI, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d items", arg, n)
		}
	}
	if got := w.requests(); got != nil {
		t.Errorf("asked %q", got)
	}
}

func TestAnswersThatAreNoPages(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
	}
	w := newWebServer(t, map[string]string{})
	stored := map[string]string{w.url + "/x": "", w.url + "/y": ""}
	for code, want := range map[int][]string{
		404: nil, 410: nil, 500: {"/x unreadable: the server answered 500 Internal Server Error"}, 403: {"/x unreadable: the server answered 403 Forbidden"},
		401: {"/x unreadable: the server answered 401 Unauthorized"}, 304: {"/x unreadable: the server answered 304 Not Modified"}, 206: {"/x unreadable: the server answered 206 Partial Content"},
	} {
		w.other["/x"] = status(code)
		diff(t, fmt.Sprint(code), want, w.paths(w.open("/x", Options{}), stored))
	}
}

func TestBusyServersAreWaitedFor(t *testing.T) {
	tests := map[string]struct {
		status int
		after  string
		times  int // that it is busy
		want   []time.Duration
		text   string
	}{
		"seconds":         {429, "7", 1, []time.Duration{7 * time.Second}, "page"},
		"date":            {503, "Thu, 01 Jan 2026 12:00:30 GMT", 1, []time.Duration{30 * time.Second}, "page"},
		"past":            {503, "Thu, 01 Jan 2026 11:00:00 GMT", 1, []time.Duration{0}, "page"},
		"not said":        {429, "", 2, []time.Duration{time.Second, 2 * time.Second}, "page"},
		"for too long":    {429, "3600", 9, nil, ""},
		"again and again": {503, "1", 9, []time.Duration{time.Second, time.Second, time.Second}, ""},
		"another error":   {500, "1", 9, nil, ""},
	}
	for name, tt := range tests {
		w := newWebServer(t, map[string]string{})
		asked := 0
		w.other["/x"] = func(rw http.ResponseWriter, _ *http.Request) {
			if asked++; asked <= tt.times {
				rw.Header().Set("Date", "Thu, 01 Jan 2026 12:00:00 GMT")
				rw.Header().Set("Retry-After", tt.after)
				rw.WriteHeader(tt.status)
				return
			}
			fmt.Fprint(rw, "page")
		}
		s := w.open("/x", Options{})
		var waits []time.Duration
		s.(*site).fetcher.pause = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
		got, _ := w.take(s, nil)
		if len(got) != 1 || got[0].Text != tt.text || (got[0].Err == "") != (tt.text != "") {
			t.Errorf("%s: %+v", name, got)
		}
		diff(t, name, tt.want, waits)
	}
}

func TestRateIsTheHostsOwnWhereItAsksForLess(t *testing.T) {
	w := newWebServer(t, map[string]string{"/robots.txt": "User-agent: *\nCrawl-delay: 5", "/a": "a"})
	s := w.open("/a", Options{})
	f := s.(*site).fetcher
	u, _ := parseURL(w.url + "/a")
	if f.host(u).limiter.Limit() != 1e6 {
		t.Error(f.host(u).limiter.Limit())
	}
	if _, err := f.robots(t.Context(), u); err != nil || f.host(u).limiter.Limit() != 0.2 {
		t.Error(f.host(u).limiter.Limit(), err)
	}
	if o := (Options{}); true {
		o.applyDefaults()
		if newFetcher(o).host(u).limiter.Limit() != 4 {
			t.Error("another default rate")
		}
	}
}

func TestRobotsThatCannotBeHadClosesTheHost(t *testing.T) {
	for code, want := range map[int][]string{
		404: {"/a"}, 403: {"/a"}, 500: {"/a unreadable: robots.txt: the server answered 500 Internal Server Error, so nothing may be fetched"},
	} {
		w := newWebServer(t, map[string]string{"/a": "a"})
		w.other["/robots.txt"] = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(code) }
		diff(t, fmt.Sprint(code), want, w.paths(w.open("/a", Options{}), nil))
	}
}

func TestRequestsSayWhoAsks(t *testing.T) {
	w := newWebServer(t, map[string]string{})
	var agent string
	w.other["/a"] = func(_ http.ResponseWriter, r *http.Request) { agent = r.UserAgent() }
	w.paths(w.open("/a", Options{UserAgent: "ragway/1.2"}), nil)
	if agent != "ragway/1.2" {
		t.Error(agent)
	}
}

func TestSitemapNamesThePages(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "A", "/b": "B", "/c/d": "D", "/moved-to": "M", "/robots.txt": "User-agent: *\nDisallow: /private"})
	w.pages["/sitemap.xml"] = `<sitemapindex><sitemap><loc>` + w.url + `/one.xml</loc></sitemap><sitemap><loc>` + w.url + `/two.xml.gz</loc></sitemap><sitemap><loc>` + w.url + `/none.xml</loc></sitemap></sitemapindex>`
	w.pages["/one.xml"] = urlset(w.url+"/b", w.url+"/a#x", w.url+"/a", "https://elsewhere.example/x", w.url+"/private/p", w.url+"/broken", w.url+"/gone")
	w.pages["/two.xml.gz"] = gzipped(urlset(w.url+"/c/d", w.url+"/moved"))
	w.types["/two.xml.gz"] = "application/gzip"
	w.other["/broken"] = func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(500) }
	w.other["/moved"] = func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/moved-to", http.StatusFound) }
	s := w.open("/sitemap.xml", Options{})
	got, tokens := w.take(s, nil)
	diff(t, "first", []offered{
		{URI: "/none.xml", Err: "unreadable: the page is not there"}, {URI: "/b", Text: "B"}, {URI: "/a", Text: "A"},
		{URI: "/broken", Err: "unreadable: the server answered 500 Internal Server Error"}, {URI: "/c/d", Text: "D"}, {URI: "/moved-to", Text: "M"},
	}, got)
	if s.Prefix() != w.url+"/" {
		t.Error(s.Prefix())
	}

	// What it ceases to name is asked for; what is gone is gone.
	w.pages["/sitemap.xml"] = urlset(w.url + "/a")
	delete(w.pages, "/c/d")
	w.requests()
	tokens[w.url+"/private/old"] = ""
	diff(t, "second", []string{"/a", "/b", "/moved-to", "/private/old unreadable: robots.txt does not allow it"}, w.paths(s, tokens))
	diff(t, "second", []string{"/sitemap.xml 200", "/a 304", "/b 304", "/c/d 404", "/moved-to 304"}, w.requests())
}

func TestSitemapOfASite(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "A", "/b": "B"})
	w.pages["/sitemap.xml"] = urlset(w.url + "/a")
	o := Options{HTTP: HTTPOptions{Sitemap: true}}
	diff(t, "no robots.txt", []string{"/a"}, w.paths(w.open("/", o), nil))
	diff(t, "no slash", []string{"/a"}, w.paths(w.open("", o), nil))
	w.pages["/x"], w.pages["/y"] = urlset(w.url+"/b"), urlset(w.url+"/a", w.url+"/b")
	w.pages["/robots.txt"] = "Sitemap: /x\nSitemap: " + w.url + "/y\n"
	diff(t, "robots.txt", []string{"/b", "/a"}, w.paths(w.open("/", o), nil))
	diff(t, "another name", []string{"/b"}, w.paths(w.open("/x", o), nil))
	diff(t, "a page", []string{"corrupt: sitemap"}, func() []string {
		got := w.paths(w.open("/a", o), nil)
		return []string{strings.NewReplacer("sitemap /a: corrupt: not a sitemap: EOF", "corrupt: sitemap").Replace(got[0])}
	}())
	w.pages["/x"] = urlset("https://www.elsewhere.example/a", "https://www.elsewhere.example/b")
	diff(t, "another host", []string{"none of the 2 pages that the sitemap names is under SITE/"}, w.paths(w.open("/x", o), nil))
}

func TestSitemapsDoNotPruneEachOther(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "A", "/b": "B", "/c": "C"})
	w.pages["/sitemap-1.xml"], w.pages["/sitemap-2.xml"] = urlset(w.url+"/a"), urlset(w.url+"/b")
	_, tokens := w.take(w.open("/c", Options{}), nil)
	for _, arg := range []string{"/sitemap-1.xml", "/sitemap-2.xml"} {
		_, more := w.take(w.open(arg, Options{}), tokens)
		for uri, token := range more {
			tokens[uri] = token
		}
	}
	diff(t, "first", []string{"/a", "/b", "/c"}, w.paths(w.open("/sitemap-1.xml", Options{}), tokens))
	diff(t, "second", []string{"/b", "/a", "/c"}, w.paths(w.open("/sitemap-2.xml", Options{}), tokens))
}

func TestSitemapThatNamesItselfEnds(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "A"})
	w.other["/deep"] = func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(rw, `<sitemapindex><sitemap><loc>%s/deep?%sx</loc></sitemap><sitemap><loc>%s/sitemap.xml</loc></sitemap></sitemapindex>`, w.url, r.URL.RawQuery, w.url)
	}
	w.pages["/sitemap.xml"] = `<sitemapindex><sitemap><loc>` + w.url + `/sitemap.xml</loc></sitemap><sitemap><loc>` + w.url + `/deep?</loc></sitemap></sitemapindex>`
	diff(t, "nested", []string{"/deep?xx too_deep: sitemaps within sitemaps, deeper than 3"}, w.paths(w.open("/sitemap.xml", Options{}), nil))
}

func TestPagesAreBounded(t *testing.T) {
	w := newWebServer(t, map[string]string{})
	var locs []string
	for i := range 5 {
		path := fmt.Sprintf("/%d", i)
		w.pages[path] = fmt.Sprintf(`<a href="/%d">next</a><a href="/%d">after</a>`, i+1, i+2)
		locs = append(locs, w.url+path)
	}
	w.pages["/sitemap.xml"] = urlset(locs...)
	stored := map[string]string{w.url + "/4": ""}
	const more = "more than 3 pages: raise --max-pages to have them all"
	for name, s := range map[string]Source{
		"sitemap": w.open("/sitemap.xml", Options{HTTP: HTTPOptions{MaxPages: 3}}), "crawl": w.open("/0", Options{HTTP: HTTPOptions{MaxPages: 3, Crawl: 9}}),
	} {
		diff(t, name, []string{"/0", "/1", "/2", more}, w.paths(s, stored))
		var last error
		for _, err := range s.Items(t.Context()) {
			last = err
		}
		if _, ok := errors.AsType[*ingest.Incomplete](last); !ok {
			t.Errorf("%s: %v is not incomplete", name, last)
		}
	}
	exact := w.open("/sitemap.xml", Options{HTTP: HTTPOptions{MaxPages: 5}})
	diff(t, "as many as there are", []string{"/0", "/1", "/2", "/3", "/4"}, w.paths(exact, stored))
	small := w.open("/0", Options{HTTP: HTTPOptions{MaxBytes: 10}})
	diff(t, "bytes", []string{"/0 too_large: over the bound of 10 bytes"}, w.paths(small, nil))
}

func TestPagesBeyondWhatIsKeptAreAskedForAgain(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "alpha", "/b": "beta", "/c": "gamma"})
	w.pages["/sitemap.xml"] = urlset(w.url+"/a", w.url+"/b", w.url+"/c")
	s := w.open("/sitemap.xml", Options{HTTP: HTTPOptions{KeptBytes: 9}})
	var items []ingest.Item
	for it := range s.Items(t.Context()) {
		items = append(items, it)
	}
	w.requests()
	for i, want := range []string{"alpha", "beta", "gamma"} {
		if got := text(t, items[i]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	diff(t, "asked again", []string{"/c 200"}, w.requests())
	w.pages["/c"] = "GAMMA"
	if _, err := items[2].Open(t.Context()); err == nil || err.Error() != "unreadable: the page changed after the plan was made" {
		t.Errorf("got %v", err)
	}
}

func TestCrawlStaysInItsFolder(t *testing.T) {
	w := newWebServer(t, map[string]string{
		"/docs/":      `<a href="a">a</a> <a href="/blog/x">out</a> <a href="https://elsewhere.example/docs/">away</a> <a href="p.png">p</a> <a href="#top">top</a>`,
		"/docs/a":     `<a href="b/c">c</a><a href="./">home</a><a href="moved">m</a>`,
		"/docs/b/c":   `<a href="/docs/d">d</a>`,
		"/docs/d":     `deep`,
		"/blog/x":     `out`,
		"/docs/plain": `<a href="/docs/e">no page</a>`,
	})
	w.other["/docs/moved"] = func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/blog/x", http.StatusFound) }
	for depth, want := range map[int][]string{
		1: {"/docs/", "/docs/a"}, 2: {"/docs/", "/docs/a", "/docs/b/c"}, 3: {"/docs/", "/docs/a", "/docs/b/c", "/docs/d"}, 9: {"/docs/", "/docs/a", "/docs/b/c", "/docs/d"},
	} {
		s := w.open("/docs/", Options{HTTP: HTTPOptions{Crawl: depth}})
		diff(t, fmt.Sprint(depth), want, w.paths(s, nil))
		if s.Prefix() != w.url+"/docs/" || !s.(ingest.Coverer).Covers(w.url+"/docs/zz") || s.(ingest.Coverer).Covers(w.url+"/blog/x") {
			t.Error(s.Prefix())
		}
	}
	w.types["/docs/plain"] = "text/plain"
	w.requests()
	diff(t, "not a page", []string{"/docs/plain"}, w.paths(w.open("/docs/plain", Options{HTTP: HTTPOptions{Crawl: 3}}), nil))

	s := w.open("/docs/", Options{HTTP: HTTPOptions{Crawl: 2}})
	_, tokens := w.take(s, nil)
	w.requests()
	w.paths(s, tokens)
	diff(t, "only the outermost are asked for news", []string{"/docs/ 200", "/docs/a 200", "/docs/b/c 304", "/docs/moved 302", "/blog/x 200"}, w.requests())

	w.other["/start"] = func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, "http://localhost:1/x?key=1", http.StatusFound)
	}
	w.other["/out/"] = func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/docs/?key=1", http.StatusFound) }
	diff(t, "redirected away", []string{"it redirects to SITE/docs/: start there"}, w.paths(w.open("/out/", Options{HTTP: HTTPOptions{Crawl: 2}}), nil))
	diff(t, "not there", []string{"/none: unreadable: the page is not there"}, w.paths(w.open("/none", Options{HTTP: HTTPOptions{Crawl: 2}}), nil))
}

func TestPagesOfOtherTypes(t *testing.T) {
	w := newWebServer(t, map[string]string{"/r.jsonl": `{"id":1,"text":"one"}` + "\n" + `{"id":2,"text":"two"}`, "/p": "picture", "/index.php": "x", "/t": "x", "/a.pdf": "x", "/d.csv": "<html>log in"})
	w.types["/r.jsonl"], w.types["/p"], w.types["/t"], w.types["/a.pdf"] = "application/jsonl", "image/png", "text/plain", "application/octet-stream"
	got, tokens := w.take(w.open("/r.jsonl", Options{}), nil)
	diff(t, "records", []offered{{URI: "/r.jsonl#1", Text: "one"}, {URI: "/r.jsonl#2", Text: "two"}}, got)
	diff(t, "records again", []string{"/r.jsonl#1", "/r.jsonl#2"}, w.paths(w.open("/r.jsonl", Options{}), tokens))
	w.pages["/sitemap.xml"] = urlset(w.url+"/p", w.url+"/index.php", w.url+"/t", w.url+"/a.pdf", w.url+"/", w.url+"/d.csv", w.url+"/r.jsonl")
	w.pages["/"] = "root"
	names := map[string]string{}
	for it, err := range w.open("/sitemap.xml", Options{}).Items(t.Context()) {
		if err != nil || it.Explicit {
			t.Errorf("%+v, %v", it, err)
		}
		names[strings.TrimPrefix(it.URI, w.url)] = it.Name
	}
	diff(t, "names", map[string]string{"/p": "p", "/index.php": "index.html", "/t": "t.txt", "/a.pdf": "a.pdf", "/": "index.html", "/d.csv": "d.html", "/r.jsonl#1": "record.txt", "/r.jsonl#2": "record.txt"}, names)
	_, tokens = w.take(w.open("/sitemap.xml", Options{}), tokens)
	diff(t, "records that nothing names any more", []string{"/r.jsonl#1", "/r.jsonl#2"}, func() (out []string) {
		w.pages["/sitemap.xml"] = urlset(w.url + "/t")
		for _, p := range w.paths(w.open("/sitemap.xml", Options{}), tokens) {
			if strings.Contains(p, "#") {
				out = append(out, p)
			}
		}
		return out
	}())
}

func TestURLsHaveOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"HTTP://E.Org": "http://e.org/", "https://e.org:443/a/../b?x=1#f": "https://e.org/b?x=1", "http://e.org:80/": "http://e.org/", "https://e.org:80": "https://e.org:80/",
		"http://e.org/a%2Fb": "http://e.org/a%2Fb", "https://e.org./?": "https://e.org/", "http://BÜCHER.example/ä": "http://xn--bcher-kva.example/%C3%A4", "http://[2001:DB8::1]:80/x": "http://[2001:db8::1]/x",
	} {
		u, err := parseURL(in)
		if err != nil || u.String() != want {
			t.Errorf("%s: %v, %v, want %s", in, u, err, want)
			continue
		}
		if again, err := parseURL(u.String()); err != nil || again.String() != want {
			t.Errorf("%s: a second time %v, %v", in, again, err)
		}
	}
	for in, want := range map[string]string{
		"https://":          `source "https://": want http://HOST/… or https://HOST/…`,
		"http://u:p@e.org/": `source "http://u:p@e.org/": a user in a URL would be stored and shown with it: leave it out`,
		"http://e.org:x/":   `source "http://e.org:x/": not a URL`,
		"https://:443/a":    `source "https://:443/a": want http://HOST/… or https://HOST/…`,
		"ftp://e.org/a":     `source "ftp://e.org/a": ftp:// is not one of http://, https:// and s3://: not supported`,
	} {
		if _, err := Open(t.Context(), in, Options{}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := Open(t.Context(), "https://e.org", Options{HTTP: HTTPOptions{Crawl: 1, Sitemap: true}}); err == nil {
		t.Error("a crawl of a sitemap")
	}
}

func TestSiteEndsWithTheContextAndWithItsCaller(t *testing.T) {
	w := newWebServer(t, map[string]string{"/a": "A", "/b": "B"})
	w.pages["/sitemap.xml"] = urlset(w.url+"/a", w.url+"/b", w.url+"/broken")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	n := 0
	s := w.open("/sitemap.xml", Options{})
	for _, err := range s.Items(ctx) {
		last, n = err, n+1
		cancel()
	}
	if n != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d items, %v", n, last)
	}
	for range s.Items(t.Context()) {
		break
	}
}
