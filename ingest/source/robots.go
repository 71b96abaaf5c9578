package source

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

const (
	// longestRobots is how much of a robots.txt counts; RFC 9309 asks for at least 500 KiB.
	longestRobots = 512 << 10
	// longestDelay bounds Crawl-delay: a site that wants a page a day fetched says it wrong.
	longestDelay = time.Minute
	// robotsName is what the groups for ragway are called.
	robotsName = "ragway"
)

// robots is what a robots.txt says to ragway (RFC 9309). The zero value allows all.
type robots struct {
	rules    []robotsRule
	delay    time.Duration // between requests, from Crawl-delay; 0: not said
	sitemaps []string
}

type robotsRule struct {
	allow   bool
	pattern string // with * and a last $
}

// parseRobots reads the groups for ragway, or else those for everyone; several for the
// same are one. Lines that mean nothing are left out.
func parseRobots(r io.Reader) robots {
	var own, everyone robots
	var sitemaps []string
	found := false
	var group []*robots // those that the current group's rules are for
	naming := false
	lines := bufio.NewScanner(io.LimitReader(r, longestRobots))
	lines.Buffer(nil, longestRobots)
	for lines.Scan() {
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\xef\xbb\xbf"), "#")
		key, value, ok := strings.Cut(text, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "user-agent":
			if !naming {
				group = nil
			}
			naming = true
			switch {
			case value == "*":
				group = append(group, &everyone)
			case strings.EqualFold(productOf(value), robotsName):
				group, found = append(group, &own), true
			}
			continue
		case "sitemap":
			sitemaps = append(sitemaps, value)
			continue
		case "allow", "disallow":
			allow := len(strings.TrimSpace(key)) == len("allow")
			for _, g := range group {
				if value != "" {
					g.rules = append(g.rules, robotsRule{allow, normalEscapes(value)})
				}
			}
		case "crawl-delay":
			for _, g := range group {
				g.delay = crawlDelay(value)
			}
		}
		naming = false
	}
	out := everyone
	if found {
		out = own
	}
	out.sitemaps = sitemaps
	return out
}

// productOf is a user agent's name without version and comment.
func productOf(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return s
	}
	return s[:end]
}

func crawlDelay(s string) time.Duration {
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, longestDelay.Seconds()) * float64(time.Second))
}

// allows takes the path with its query. The longest rule that matches decides, and of two
// that are equally long the one that allows.
func (r robots) allows(path string) bool {
	path = normalEscapes(path)
	longest, allowed := -1, true
	for _, rule := range r.rules {
		if len(rule.pattern) < longest || !robotsMatch(rule.pattern, path) {
			continue
		}
		if len(rule.pattern) > longest || rule.allow {
			longest, allowed = len(rule.pattern), rule.allow
		}
	}
	return allowed || path == "/robots.txt"
}

// robotsMatch matches a pattern with the beginning of path, with all of it where the
// pattern ends in $. Each part between asterisks takes the first place it can, which
// leaves most to the rest: no pattern takes more than its length times the path's.
func robotsMatch(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(path, parts[0])
	if !ok {
		return false
	}
	for i, part := range parts[1:] {
		if whole && i == len(parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		rest = after
	}
	return !whole || rest == ""
}

// normalEscapes writes a path so that two spellings of it are equal: what needs no escape
// has none, the rest has one in capitals.
func normalEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				i += 2
				if unreserved(byte(v)) {
					b.WriteByte(byte(v))
				} else {
					fmt.Fprintf(&b, "%%%02X", v)
				}
				continue
			}
		}
		if c >= 0x80 || c <= ' ' {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
