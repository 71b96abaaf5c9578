package source

import (
	"bytes"
	"compress/gzip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
)

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func urlset(locs ...string) string {
	return `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>` + strings.Join(locs, `</loc></url><url><loc>`) + `</loc></url></urlset>`
}

func TestSitemapLocations(t *testing.T) {
	tests := map[string]struct {
		text         string
		pages, index []string
		want         ingest.Reason
	}{
		"pages":    {urlset("https://e.org/a", " https://e.org/b?x=1&amp;y=2\n"), []string{"https://e.org/a", "https://e.org/b?x=1&y=2"}, nil, ""},
		"index":    {`<sitemapindex><sitemap><loc>https://e.org/1.xml</loc></sitemap></sitemapindex>`, nil, []string{"https://e.org/1.xml"}, ""},
		"packed":   {gzipped(urlset("https://e.org/a")), []string{"https://e.org/a"}, nil, ""},
		"images":   {`<urlset><url><loc>a</loc><image:image><image:loc>i</image:loc></image:image></url><loc>z</loc></urlset>`, []string{"a"}, nil, ""},
		"empty":    {`<urlset/>`, nil, nil, ""},
		"a page":   {`<html><body>404</body></html>`, nil, nil, ingest.Corrupt},
		"nothing":  {``, nil, nil, ingest.Corrupt},
		"cut off":  {`<urlset><url><loc>a</loc></url><url>`, []string{"a"}, nil, ingest.Corrupt},
		"entities": {`<!DOCTYPE x [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>`, nil, nil, ingest.Corrupt},
		"bomb":     {gzipped(`<urlset>` + strings.Repeat(" ", longestSitemap)), nil, nil, ingest.TooLarge},
	}
	for name, tt := range tests {
		var pages, index []string
		err := parseSitemap(strings.NewReader(tt.text),
			func(loc string) bool { pages = append(pages, loc); return true },
			func(loc string) bool { index = append(index, loc); return true })
		if (err != nil) != (tt.want != "") || err != nil && ingest.ReasonOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff([][]string{tt.pages, tt.index}, [][]string{pages, index}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSitemapNames(t *testing.T) {
	for arg, want := range map[string]bool{
		"https://e.org/sitemap.xml": true, "https://e.org/x/sitemap_index.xml": true, "https://e.org/sitemap-2.xml.gz": true, "https://e.org/Sitemap.XML?x": true,
		"https://e.org/": false, "https://e.org/sitemap.html": false, "https://e.org/feed.xml": false, "https://e.org/sitemap/": false,
	} {
		u, err := url.Parse(arg)
		if err != nil || isSitemap(u) != want {
			t.Error(arg, err)
		}
	}
}

// FuzzSitemap holds whatever a server may send to: no panic, an end, only typed errors.
func FuzzSitemap(f *testing.F) {
	for _, seed := range []string{urlset("a"), gzipped(urlset("a")), "<sitemapindex><sitemap><loc>a<b>c</b></loc>", "\x1f\x8b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := 0
		count := func(string) bool { n++; return n < 100 }
		if err := parseSitemap(strings.NewReader(text), count, count); err != nil && ingest.ReasonOf(err) == ingest.Internal {
			t.Errorf("untyped: %v", err)
		}
	})
}

func TestLinks(t *testing.T) {
	page := `<a href="b">B</a><a href='/c?x=1#part'>C</a><A HREF="../d/./e">D</A><a href="https://OTHER.org:443">O</a><a name=x>no</a>
		<a href="mailto:a@b">m</a><a href="javascript:alert(1)">j</a><a href="p.png">p</a><area href="f"><iframe src="g"></iframe><img src="h">
		<a href="http://user:pw@h/">u</a><a href="http://[bad">x</a><!-- <a href="no"> --><script>"<a href='no2'>"</script>
		<base href="/base/"><a href="after">A</a><a href="">self</a>`
	at, err := url.Parse("https://e.org/a/index.html")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range linksOf(at, strings.NewReader(page)) {
		got = append(got, u.String())
	}
	want := []string{"https://e.org/a/b", "https://e.org/c?x=1", "https://e.org/d/e", "https://other.org/", "https://e.org/a/f", "https://e.org/a/g", "https://e.org/base/after"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(linksOf(at, strings.NewReader(strings.Repeat(`<a href=x>`, mostLinks+5)))); n != mostLinks {
		t.Errorf("%d links", n)
	}
}

// FuzzLinks holds every page to: no panic, and only addresses of pages.
func FuzzLinks(f *testing.F) {
	f.Add(`<base href="x:"><a href="//[::1]:0/%zz">`)
	f.Add("<a href=\"\x00\"><a href='?a=b#c'>")
	f.Fuzz(func(t *testing.T, page string) {
		for _, u := range linksOf(&url.URL{Scheme: "https", Host: "e.org", Path: "/"}, strings.NewReader(page)) {
			if u.Host == "" || u.Fragment != "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
				t.Errorf("%q", u)
			}
		}
	})
}
