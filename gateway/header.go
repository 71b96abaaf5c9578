package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// credentialHeaders never leave the gateway.
var credentialHeaders = []string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key", "Cookie", "Proxy-Authorization"}

// connectionHeaders concern the client's connection or this server, not the model server.
// The conditions among them would make it answer half or nothing.
var connectionHeaders = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	"Accept-Encoding", "Content-Length", "Host", "Origin", "Referer", "Expect",
	"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "X-Http-Method-Override",
	"Forwarded", "X-Real-Ip", "True-Client-Ip",
}

// edgePrefixes start the headers in which a proxy in front of the gateway says who the
// caller is, often with a token that proves it, and those of the gateway itself.
var edgePrefixes = []string{"X-Ragway-", "X-Forwarded-", "X-Auth-Request-", "X-Amzn-Oidc-", "X-Goog-Iap-", "Cf-", "Sec-"}

// outgoingHeader is what of the client's header goes to an upstream. A header that holds
// the caller's key stays here, whatever its name.
func (s *Server) outgoingHeader(r *http.Request) http.Header {
	in := r.Header
	out := make(http.Header, len(in)+1)
	named, key := strings.Join(in.Values("Connection"), ","), ""
	if len(s.keys.sums) > 0 {
		key = credential(r)
	}
	for name, values := range in {
		switch {
		case slices.Contains(credentialHeaders, name), slices.Contains(connectionHeaders, name), hasAnyPrefix(name, edgePrefixes):
		case named != "" && listed(named, name):
		case key != "" && strings.Contains(strings.Join(values, "\n"), key):
		default:
			out[name] = values
		}
	}
	out[headerVia] = append(slices.Clone(in[headerVia]), s.loopID)
	return out
}

func listed(list, name string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(item), name) {
			return true
		}
	}
	return false
}

func hasAnyPrefix(s string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
}

// serverHeaders of an upstream say something about its own address and account, or are
// orders to the browser or the proxy in front of it.
var serverHeaders = []string{
	"Alt-Svc", "Clear-Site-Data", "Location", "Refresh", "Server", "Set-Cookie", "Strict-Transport-Security", "Www-Authenticate",
}

var serverPrefixes = []string{"X-Ragway-", "X-Accel-", "Access-Control-"}

// copyHeader adds the upstream's header to ours, which wins.
func copyHeader(dst, src http.Header) {
	for name, values := range src {
		_, ours := dst[name]
		switch {
		case ours, slices.Contains(serverHeaders, name), hasAnyPrefix(name, serverPrefixes):
		default:
			dst[name] = values
		}
	}
}
