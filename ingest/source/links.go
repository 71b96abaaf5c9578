package source

import (
	"io"
	"net/url"
	"path"
	"strings"

	"golang.org/x/net/html"
)

const (
	longestLinked = 16 << 20 // how much of a page is searched for links
	mostLinks     = 10_000   // of one page
)

// linksOf are the addresses that the page at u links to, in its order.
func linksOf(u *url.URL, r io.Reader) (out []*url.URL) {
	base := u
	z := html.NewTokenizer(io.LimitReader(r, longestLinked))
	z.SetMaxBuf(1 << 20)
	for len(out) < mostLinks {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
		default:
			continue
		}
		name, more := z.TagName()
		tag := string(name)
		if !more || tag != "a" && tag != "area" && tag != "base" && tag != "frame" && tag != "iframe" {
			continue
		}
		target, err := url.Parse(strings.TrimSpace(linkIn(z)))
		if err != nil || target.String() == "" {
			continue
		}
		target = base.ResolveReference(target)
		if tag == "base" {
			base = target
			continue
		}
		if target, err = normalURL(target); err == nil && !mediaExtensions[strings.ToLower(path.Ext(target.Path))] {
			out = append(out, target)
		}
	}
	return out
}

func linkIn(z *html.Tokenizer) string {
	for {
		key, value, more := z.TagAttr()
		if k := string(key); k == "href" || k == "src" {
			return string(value)
		}
		if !more {
			return ""
		}
	}
}

// mediaExtensions are of what a link leads to that is not read, so that a crawl does not
// ask for it.
var mediaExtensions = func() map[string]bool {
	out := map[string]bool{}
	for ext := range strings.FieldsSeq(`.png .jpg .jpeg .gif .svg .webp .avif .ico .bmp .tif .tiff .css .js .mjs .map .woff .woff2 .ttf .otf .eot
		.mp3 .mp4 .m4a .m4v .ogg .ogv .wav .webm .avi .mov .zip .gz .tgz .bz2 .xz .7z .rar .tar .exe .dmg .iso .apk .deb .rpm .jar .whl`) {
		out[ext] = true
	}
	return out
}()
