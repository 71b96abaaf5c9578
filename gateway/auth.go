package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ragway/retriever"
)

// Key is one caller's credential, kept as its hash, and what it may see.
type Key struct {
	SHA256      string // of the key, hex
	Tenant      string // default: retriever.DefaultTenant
	User        string // the principal user:User
	Groups      []string
	Collections []string // none: all of the tenant
	Write       bool     // may upload files, and change and delete what it may see
}

// caller is who a credential stands for.
type caller struct {
	scope retriever.Scope
	write bool
}

// keyring finds the caller of a credential.
type keyring struct {
	sums    [][sha256.Size]byte
	callers []caller
}

func newKeyring(keys []Key) (keyring, error) {
	var r keyring
	for i, k := range keys {
		sum, err := hex.DecodeString(k.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return r, fmt.Errorf("gateway: Options.Keys[%d]: SHA256: want 64 hexadecimal digits", i)
		}
		if at := slices.Index(r.sums, [sha256.Size]byte(sum)); at >= 0 {
			return r, fmt.Errorf("gateway: Options.Keys[%d] is Options.Keys[%d] again: which Scope it has would be chance", i, at)
		}
		r.sums = append(r.sums, [sha256.Size]byte(sum))
		r.callers = append(r.callers, caller{k.scope(), k.Write})
	}
	return r, nil
}

func (k Key) scope() retriever.Scope {
	s := retriever.Scope{Tenant: k.Tenant, Collections: k.Collections}
	if s.Tenant == "" {
		s.Tenant = retriever.DefaultTenant
	}
	if len(s.Collections) == 0 {
		s.Collections = []string{retriever.AllCollections}
	}
	if k.User != "" {
		s.Principals = append(s.Principals, "user:"+k.User)
	}
	for _, g := range k.Groups {
		s.Principals = append(s.Principals, "group:"+g)
	}
	return s
}

// find compares with every key, so that the time taken tells nothing about any.
func (r keyring) find(credential string) (caller, bool) {
	sum := sha256.Sum256([]byte(credential))
	found := -1
	for i := range r.sums {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], r.sums[i][:]), i, found)
	}
	if found < 0 {
		return caller{}, false
	}
	return r.callers[found], true
}

// headerOwnKey is where the gateway's key comes when a client's own goes on to an upstream.
const headerOwnKey = "X-Ragway-Key"

// credential is what the client's SDK sent, wherever it put it; "" for none.
func credential(r *http.Request) string {
	if v := r.Header.Get(headerOwnKey); v != "" {
		return v
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	for _, name := range []string{"X-Api-Key", "X-Goog-Api-Key", "Api-Key"} {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get("key")
}

// authenticate returns who calls. It comes from the credential and from nothing else in the
// request.
func (s *Server) authenticate(r *http.Request) (caller, error) {
	if len(s.keys.sums) == 0 {
		return caller{*s.opt.OpenScope, s.opt.OpenWrite}, nil
	}
	given := credential(r)
	if given == "" {
		return caller{}, fail(stageAuthenticate, errNoCredential)
	}
	who, ok := s.keys.find(given)
	if !ok {
		return caller{}, fail(stageAuthenticate, errWrongCredential)
	}
	return who, nil
}

// upstreamCredential are the headers of the key that is not the gateway's own: all there are
// where that came in its own header, or where none is asked for.
func (s *Server) upstreamCredential(r *http.Request) http.Header {
	if len(s.keys.sums) > 0 && r.Header.Get(headerOwnKey) == "" {
		return nil
	}
	out := http.Header{}
	for _, name := range []string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key"} {
		if values := r.Header.Values(name); len(values) > 0 {
			out[name] = values
		}
	}
	if r.URL.RawQuery != "" && len(out) == 0 {
		if key := r.URL.Query().Get("key"); key != "" {
			out.Set("X-Goog-Api-Key", key)
		}
	}
	return out
}
