package gateway_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/upstream"
	"ragway/retriever"
)

const (
	hrKey    = "key-of-hr-0001"
	plainKey = "key-of-anyone-02"
	otherKey = "key-of-another-tenant"
	narrow   = "key-of-one-collection"
)

func withKeys(o *gateway.Options) {
	o.Keys = []gateway.Key{
		{SHA256: sha256Of(plainKey), User: "ann"},
		{SHA256: sha256Of(hrKey), User: "bob", Groups: []string{"hr"}},
		{SHA256: sha256Of(otherKey), Tenant: "other"},
		{SHA256: sha256Of(narrow), Collections: []string{"manuals"}},
	}
}

func sha256Of(key string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(key))) }

func TestCredentialIsTakenWhereverAnSDKPutsIt(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen [1]."), withKeys)
	for _, tc := range []struct {
		name, query string
		header      []string
		status      int
	}{
		{name: "none", status: 401},
		{name: "wrong", header: []string{"Authorization", "Bearer nope"}, status: 401},
		{name: "empty bearer", header: []string{"Authorization", "Bearer "}, status: 401},
		{name: "another scheme", header: []string{"Authorization", "Basic " + plainKey}, status: 401},
		{name: "the hash itself", header: []string{"Authorization", "Bearer " + sha256Of(plainKey)}, status: 401},
		{name: "bearer", header: []string{"Authorization", "Bearer " + plainKey}, status: 200},
		{name: "bearer in small letters", header: []string{"Authorization", "bearer " + plainKey}, status: 200},
		{name: "x-api-key", header: []string{"x-api-key", plainKey}, status: 200},
		{name: "x-goog-api-key", header: []string{"x-goog-api-key", plainKey}, status: 200},
		{name: "query", query: "?key=" + url.QueryEscape(plainKey), status: 200},
		{name: "wrong bearer beside a right key", header: []string{"Authorization", "Bearer nope", "x-api-key", plainKey}, status: 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := g.post(t, "/v1/chat/completions"+tc.query, chatBody("How long is parental leave?", ""), tc.header...)
			if a.status != tc.status {
				t.Fatalf("got %d %s, want %d", a.status, a.body, tc.status)
			}
			if a.status == 401 && (a.code(t) != "invalid_api_key" || a.header.Get("WWW-Authenticate") == "") {
				t.Errorf("got %s %v", a.body, a.header)
			}
		})
	}
	for _, r := range g.model.Received() {
		all := r.Path
		for name, values := range r.Header {
			all += name + strings.Join(values, " ")
		}
		if strings.Contains(all, plainKey) || r.Header.Get("Authorization") != "Bearer sk-upstream-0123456789abcdef" {
			t.Fatalf("a client's key went to the model server: %s", all)
		}
	}
	if log := g.log.String(); strings.Contains(log, plainKey) || strings.Contains(log, "parental") {
		t.Errorf("the log holds a key or content: %s", log)
	}
}

func TestScopeComesFromTheKeyAlone(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withKeys)
	for _, tc := range []struct {
		key  string
		want retriever.Scope
	}{
		{plainKey, retriever.Scope{Tenant: "default", Principals: []string{"user:ann"}, Collections: []string{"*"}}},
		{hrKey, retriever.Scope{Tenant: "default", Principals: []string{"user:bob", "group:hr"}, Collections: []string{"*"}}},
		{otherKey, retriever.Scope{Tenant: "other", Collections: []string{"*"}}},
	} {
		body := chatBody("parental salaries", `"user":"root","tenant":"other","metadata":{"tenant":"x"}`)
		g.post(t, "/v1/chat/completions", body, "Authorization", "Bearer "+tc.key, "X-Tenant", "other", "X-Ragway-Tenant", "other")
		if diff := cmp.Diff(tc.want.Key(), g.library.lastQuery(t).Scope.Key()); diff != "" {
			t.Errorf("%s: scope (-want +got)\n%s", tc.key, diff)
		}
	}
	sources := func(key string) []gateway.Source {
		a := g.post(t, "/v1/chat/completions", chatBody("parental salaries", ""), "Authorization", "Bearer "+key)
		return decode[completion](t, a.body).Rag.Sources
	}
	if got := len(sources(hrKey)); got != 3 {
		t.Errorf("hr sees %d sources, want 3", got)
	}
	if got := len(sources(plainKey)); got != 2 {
		t.Errorf("anyone sees %d sources, want 2", got)
	}
	if got := len(sources(otherKey)); got != 0 {
		t.Errorf("another tenant sees %d sources, want 0", got)
	}
}

func TestKeyOfOneCollectionNeedNotNameIt(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withKeys)
	g.library.put(retriever.Document{Collection: "manuals", URI: "m/pump.md", Title: "Pump"}, "The pump primes itself.")
	a := g.post(t, "/v1/chat/completions", chatBody("Does the pump prime?", ""), "Authorization", "Bearer "+narrow)
	if got := decode[completion](t, a.body).Rag.Sources; len(got) != 1 || got[0].Title != "Pump" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	a = g.post(t, "/v1/chat/completions", chatBody("parental leave", `"rag":{"collections":["default"]}`), "Authorization", "Bearer "+narrow)
	if a.status != 404 || a.code(t) != "collection_not_found" {
		t.Errorf("beyond the key: %d %s", a.status, a.body)
	}
}

func TestCitationLinksOpenOneDocumentUntilTheyExpire(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g := start(t, gatewaytest.Answer("ok"), withKeys, func(o *gateway.Options) { o.Now = func() time.Time { return now } })
	a := g.post(t, "/v1/chat/completions", chatBody("parental salaries", ""), "Authorization", "Bearer "+hrKey)
	sources := decode[completion](t, a.body).Rag.Sources
	secret := sources[len(sources)-1]
	link := strings.TrimPrefix(secret.URL, g.url)
	if got := g.get(t, link); got.status != 200 || !strings.Contains(got.body, "Salaries of the parental board") {
		t.Fatalf("link %s: %d %s", link, got.status, got.body)
	}
	other := strings.Replace(link, secret.DocumentID, sources[0].DocumentID, 1)
	for name, bad := range map[string]string{
		"another document":  other,
		"another principal": strings.Replace(link, "as=group%3Ahr", "as=group%3Aceo", 1),
		"another tenant":    strings.Replace(link, "tenant=default", "tenant=other", 1),
		"a later expiry":    strings.Replace(link, "expires=1", "expires=2", 1),
		"no signature":      link[:strings.Index(link, "&signature")],
	} {
		if bad == link {
			t.Fatalf("%s: the link has another form: %s", name, link)
		}
		if got := g.get(t, bad); got.status == 200 {
			t.Errorf("%s opens it: %s", name, bad)
		}
	}
	now = now.Add(25 * time.Hour)
	if got := g.get(t, link); got.status != http.StatusForbidden || got.code(t) != "invalid_signature" {
		t.Errorf("expired link: %d", got.status)
	}
}

func TestDocumentIsShownOnlyToWhoMaySeeIt(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withKeys)
	secret := g.library.docs[1]
	for key, want := range map[string]int{"": 401, plainKey: 404, hrKey: 200, otherKey: 404, narrow: 404} {
		if a := g.get(t, "/v1/documents/"+secret.ID, "x-api-key", key); a.status != want {
			t.Errorf("key %q: %d, want %d", key, a.status, want)
		}
	}
}

func TestOwnKeyHasAHeaderOfItsOwnWhereTheClientsGoesOn(t *testing.T) {
	g := start(t, gatewaytest.Answer("ok"), withKeys)
	up, err := upstream.NewHTTP(upstream.HTTPOptions{Name: "theirs", BaseURL: g.model.URL, Passthrough: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(up.CloseIdleConnections)
	p := start(t, gatewaytest.Answer("never"), withKeys, func(o *gateway.Options) { o.Upstream = up })
	a := p.post(t, "/v1/chat/completions", chatBody(leaveQuestion, ""), "X-Ragway-Key", plainKey, "Authorization", "Bearer the-clients-own-key")
	sent := g.model.Last(t).Header
	if a.status != http.StatusOK || sent.Get("Authorization") != "Bearer the-clients-own-key" || sent.Get("X-Ragway-Key") != "" {
		t.Errorf("%d: sent %v", a.status, sent)
	}
	p.post(t, "/v1/chat/completions", chatBody(leaveQuestion, ""), "Authorization", "Bearer "+plainKey)
	if sent := g.model.Last(t).Header.Get("Authorization"); sent != "" {
		t.Errorf("ragway's own key went out: %q", sent)
	}
	if a := p.post(t, "/v1/chat/completions", chatBody(leaveQuestion, ""), "X-Ragway-Key", "wrong", "Authorization", "Bearer "+plainKey); a.status != http.StatusUnauthorized {
		t.Errorf("a wrong key beside a right one: %d", a.status)
	}
}
