package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// passList is an allow-list of paths. A * stands for one segment or the rest of one, a **
// at the end for one or more.
type passList []passRule

type passRule struct {
	method   string
	segments []string
}

func newPassList(rules []string) passList {
	var out passList
	for _, rule := range rules {
		method, path, _ := strings.Cut(rule, " ")
		out = append(out, passRule{method, strings.Split(path, "/")})
	}
	return out
}

// allows reports whether a request goes on. Its path is looked at as it was sent: an
// escaped slash parts nothing, and a path that means another one is not allowed.
func (l passList) allows(method string, u *url.URL) bool {
	segments := strings.Split(u.EscapedPath(), "/")
	for _, s := range segments[1:] {
		if plain, err := url.PathUnescape(s); err != nil || s == "" || plain == "." || plain == ".." {
			return false
		}
	}
	return slices.ContainsFunc(l, func(r passRule) bool { return r.allows(method, segments) })
}

func (r passRule) allows(method string, segments []string) bool {
	if r.method != method && !(r.method == http.MethodGet && method == http.MethodHead) {
		return false
	}
	for i, want := range r.segments {
		switch {
		case i >= len(segments):
			return false
		case want == "**":
			return true
		case !segmentMatches(want, segments[i]):
			return false
		}
	}
	return len(r.segments) == len(segments)
}

func segmentMatches(pattern, segment string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == segment
	}
	return len(segment) > len(before)+len(after) && strings.HasPrefix(segment, before) && strings.HasSuffix(segment, after)
}
