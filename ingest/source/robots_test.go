package source

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRobots(t *testing.T) {
	tests := map[string]struct {
		text    string
		allowed []string
		denied  []string
	}{
		"nothing":            {"", []string{"/", "/x"}, nil},
		"everyone":           {"User-agent: *\nDisallow: /a\n", []string{"/", "/b", "/A"}, []string{"/a", "/ab", "/a/b?c"}},
		"all":                {"user-agent:*\ndisallow:/", []string{"/robots.txt"}, []string{"/", "/x"}},
		"empty disallow":     {"User-agent: *\nDisallow:\n", []string{"/", "/x"}, nil},
		"own group wins":     {"User-agent: *\nDisallow: /\nUser-agent: RagWay/2.0\nDisallow: /own", []string{"/x"}, []string{"/own"}},
		"another's group":    {"User-agent: ragwaybot\nDisallow: /\n", []string{"/x"}, nil},
		"own group, empty":   {"User-agent: *\nDisallow: /\nUser-agent: ragway\nAllow: /", []string{"/x"}, nil},
		"groups are merged":  {"User-agent: ragway\nDisallow: /a\n\nUser-agent: x\nDisallow: /c\nUser-agent: ragway\nDisallow: /b", []string{"/c"}, []string{"/a", "/b"}},
		"shared group":       {"User-agent: x\nUser-agent: ragway\nDisallow: /a\nUser-agent: y\nDisallow: /b", []string{"/b"}, []string{"/a"}},
		"longest match":      {"User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c", []string{"/a/b", "/a/b/x"}, []string{"/a", "/a/x", "/a/b/c"}},
		"allow wins a tie":   {"User-agent: *\nDisallow: /page\nAllow: /page", []string{"/page"}, nil},
		"asterisk":           {"User-agent: *\nDisallow: /*.php\nDisallow: *secret", []string{"/x.ph"}, []string{"/x.php", "/a/b.php?x", "/my/secret"}},
		"dollar":             {"User-agent: *\nDisallow: /*.php$\nDisallow: /$", []string{"/x.php?a", "/x.php5", "/a"}, []string{"/x.php", "/"}},
		"dollar inside":      {"User-agent: *\nDisallow: /a$b", []string{"/a"}, []string{"/a$b"}},
		"several asterisks":  {"User-agent: *\nDisallow: /a*b*c$", []string{"/abcd", "/ac"}, []string{"/abc", "/axbxbxcxc"}},
		"escapes":            {"User-agent: *\nDisallow: /%7Ejoe/\nDisallow: /a%3cd\nDisallow: /ü", []string{"/joe"}, []string{"/~joe/", "/%7ejoe/x", "/a%3Cd", "/%C3%BC", "/%c3%bc"}},
		"comments, nonsense": {"# x\nUser-agent: * # all\nnonsense\nfoo: bar\nDisallow: /a # b\nCrawl-delay: 1\nDisallow: /c", []string{"/b"}, []string{"/a", "/c"}},
		"rules before any":   {"Disallow: /\nUser-agent: *\nDisallow: /a", []string{"/"}, []string{"/a"}},
		"line ends and mark": {"\xef\xbb\xbfUser-agent: *\r\nDisallow: /a\r\n", []string{"/b"}, []string{"/a"}},
		"query":              {"User-agent: *\nDisallow: /*?session=", []string{"/a?x=1"}, []string{"/a?session=1"}},
	}
	for name, tt := range tests {
		r := parseRobots(strings.NewReader(tt.text))
		for _, p := range tt.allowed {
			if !r.allows(p) {
				t.Errorf("%s: %s is not allowed", name, p)
			}
		}
		for _, p := range tt.denied {
			if r.allows(p) {
				t.Errorf("%s: %s is allowed", name, p)
			}
		}
	}
}

func TestRobotsDelayAndSitemaps(t *testing.T) {
	r := parseRobots(strings.NewReader("Sitemap: https://e.org/a.xml\nUser-agent: *\nCrawl-delay: 2.5\nUser-agent: x\nCrawl-delay: 9\nsitemap: /b.xml\n"))
	if diff := cmp.Diff([]string{"https://e.org/a.xml", "/b.xml"}, r.sitemaps); diff != "" || r.delay != 2500*time.Millisecond {
		t.Errorf("%v %s", r.delay, diff)
	}
	for text, want := range map[string]time.Duration{"1": time.Second, "1e9": longestDelay, "-1": 0, "0": 0, "NaN": 0, "Inf": longestDelay, "soon": 0} {
		if got := crawlDelay(text); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}

// FuzzRobots holds whatever a server may send to: no panic, and an end.
func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /*a*b$\nAllow: %7", "/a%zzb")
	f.Add("User-agent: ragway\nCrawl-delay: 1e400\nSitemap:", "")
	f.Fuzz(func(t *testing.T, text, path string) {
		r := parseRobots(strings.NewReader(text))
		r.allows(path)
		if !r.allows("/robots.txt") {
			t.Error("the file that says what is allowed is not")
		}
	})
}
