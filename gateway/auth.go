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
}

// keyring finds the Scope of a credential.
type keyring struct {
	sums   [][sha256.Size]byte
	scopes []retriever.Scope
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
		r.scopes = append(r.scopes, k.scope())
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

// scope compares with every key, so that the time taken tells nothing about any.
func (r keyring) scope(credential string) (retriever.Scope, bool) {
	sum := sha256.Sum256([]byte(credential))
	found := -1
	for i := range r.sums {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], r.sums[i][:]), i, found)
	}
	if found < 0 {
		return retriever.Scope{}, false
	}
	return r.scopes[found], true
}

// credential is what the client's SDK sent, wherever it put it; "" for none.
func credential(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	for _, name := range []string{"X-Api-Key", "X-Goog-Api-Key"} {
		if v := r.Header.Get(name); v != "" {
			return v
		}
	}
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get("key")
}

// authenticate returns the caller's Scope. It comes from the credential and from nothing
// else in the request.
func (s *Server) authenticate(r *http.Request) (retriever.Scope, error) {
	if len(s.keys.sums) == 0 {
		return *s.opt.OpenScope, nil
	}
	given := credential(r)
	if given == "" {
		return retriever.Scope{}, fail(stageAuthenticate, errNoCredential)
	}
	scope, ok := s.keys.scope(given)
	if !ok {
		return retriever.Scope{}, fail(stageAuthenticate, errWrongCredential)
	}
	return scope, nil
}
