package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// crossOrigin recognises what another site's page makes a browser send.
var crossOrigin = http.NewCrossOriginProtection()

// guardBrowser keeps web pages from using a server that asks nobody for a key through the
// browser of somebody who may reach it: by sending requests across origins, and by giving
// their own name this machine's address (DNS rebinding), which makes the server's answers
// theirs to read.
func (s *Server) guardBrowser(c *gin.Context) {
	if len(s.keys.sums) > 0 {
		return
	}
	switch {
	case s.rebound(c.Request):
		s.answerError(c, fail(stageAuthenticate, fmt.Errorf("%w: set server.public_url to be reached under this name", errHost)))
	case crossOrigin.Check(c.Request) != nil:
		s.answerError(c, fail(stageAuthenticate, errOrigin))
	}
}

// rebound reports whether a request came over the loopback interface under a name that
// public DNS could have pointed there.
func (s *Server) rebound(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.IP.IsLoopback() && !privateName(hostname(r.Host)) && !s.isPublicName(hostname(r.Host))
}

// privateDomains are those nobody can register.
var privateDomains = []string{"localhost", "local", "internal", "lan", "home.arpa", "localdomain"}

func privateName(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || !strings.Contains(host, ".") {
		return true
	}
	return slices.ContainsFunc(privateDomains, func(d string) bool { return strings.HasSuffix(host, "."+d) })
}

func (s *Server) isPublicName(host string) bool {
	u, err := url.Parse(s.opt.PublicURL)
	return err == nil && u.Host != "" && strings.EqualFold(u.Hostname(), host)
}

// hostname is a Host header without its port, in small letters.
func hostname(host string) string {
	u := url.URL{Host: host}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}
