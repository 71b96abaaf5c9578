package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"ragway/retriever"
)

// linkSigner makes links to one document that work without a key until they expire, so
// that a person can click a citation. A link acts for its tenant and at most one
// principal: once the document's access list no longer names that one, the link is dead.
type linkSigner struct {
	key      []byte
	now      func() time.Time
	lifetime time.Duration
}

// Fields of a signed link's query.
const (
	linkTenant    = "tenant"
	linkPrincipal = "as"
	linkExpires   = "expires" // Unix seconds
	linkSignature = "signature"
)

// query signs access to d for whoever has scope, which must allow d. Links made within
// one minute are equal.
func (l linkSigner) query(d retriever.Document, scope retriever.Scope) url.Values {
	expires := l.now().Add(l.lifetime).Truncate(time.Minute).Add(time.Minute).Unix()
	v := url.Values{linkTenant: {scope.Tenant}, linkExpires: {strconv.FormatInt(expires, 10)}}
	principal := ""
	for _, p := range d.ACL {
		if slices.Contains(scope.Principals, p) {
			principal = p
			v.Set(linkPrincipal, p)
			break
		}
	}
	v.Set(linkSignature, l.sign(d.ID, scope.Tenant, principal, expires))
	return v
}

// scope checks a link's query for the document id and returns what it may see.
func (l linkSigner) scope(id string, v url.Values) (retriever.Scope, error) {
	expires, err := strconv.ParseInt(v.Get(linkExpires), 10, 64)
	if err != nil {
		return retriever.Scope{}, errSignature
	}
	tenant, principal := v.Get(linkTenant), v.Get(linkPrincipal)
	want := l.sign(id, tenant, principal, expires)
	if !hmac.Equal([]byte(want), []byte(v.Get(linkSignature))) || l.now().Unix() >= expires {
		return retriever.Scope{}, errSignature
	}
	s := retriever.Scope{Tenant: tenant, Collections: []string{retriever.AllCollections}}
	if principal != "" {
		s.Principals = []string{principal}
	}
	return s, nil
}

func (l linkSigner) sign(id, tenant, principal string, expires int64) string {
	h := hmac.New(sha256.New, l.key)
	for _, part := range []string{id, tenant, principal} {
		_, _ = fmt.Fprintf(h, "%d:%s,", len(part), part) // a hash never fails
	}
	_, _ = fmt.Fprintf(h, "%d", expires)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
