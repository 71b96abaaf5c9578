package retrievertest

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

var scopeSpecs = []spec{
	{tenant: "acme", uri: "open", texts: []string{"shared acme open"}},
	{tenant: "acme", uri: "hr", texts: []string{"shared acme hr"}, acl: []string{"group:hr"}},
	{tenant: "acme", uri: "ann", texts: []string{"shared acme ann"}, acl: []string{"user:ann", "user:bob"}},
	{tenant: "globex", uri: "open", texts: []string{"shared globex open"}},
	{tenant: "globex", uri: "hr", texts: []string{"shared globex hr"}, acl: []string{"group:hr"}},
}

// wantVisible holds every read method to showing exactly the documents want of "docs",
// named TENANT/URI.
func (e *env) wantVisible(scope retriever.Scope, want ...string) {
	e.Helper()
	slices.Sort(want)
	q := query("shared", 50)
	q.Scope = scope
	got := map[string][]string{"Candidates": {}, "Documents": {}, "Document": {}, "Passages": {}}
	var chunks []string
	for _, s := range scopeSpecs {
		_, stored, err := e.store.Document(e.ctx, retriever.Operator(), s.id())
		e.must(err)
		chunks = append(chunks, stored[0].ID)
	}
	passages, err := e.store.Passages(e.ctx, scope, "docs", chunks)
	e.must(err)
	for _, p := range passages {
		got["Passages"] = append(got["Passages"], p.Document.Tenant+"/"+p.Document.URI)
	}
	for _, c := range e.candidates(q).Candidates {
		got["Candidates"] = append(got["Candidates"], c.Document.Tenant+"/"+c.Document.URI)
	}
	docs, err := collect(e.store.Documents(e.ctx, scope, "docs", ""))
	e.must(err)
	for _, d := range docs {
		got["Documents"] = append(got["Documents"], d.Tenant+"/"+d.URI)
	}
	for _, s := range scopeSpecs {
		d, _, err := e.store.Document(e.ctx, scope, s.id())
		if err == nil {
			got["Document"] = append(got["Document"], d.Tenant+"/"+d.URI)
			continue
		}
		e.wantErr(err, retriever.ErrDocumentNotFound, "Document beyond the scope")
	}
	for method, names := range got {
		slices.Sort(names)
		if !slices.Equal(names, want) {
			e.Errorf("%s shows %v, want %v", method, names, want)
		}
	}
}

func testZeroScope(e *env) {
	e.create("docs")
	e.put(scopeSpecs...)
	for _, scope := range []retriever.Scope{{}, {Tenant: "acme"}, {Tenant: "acme", Principals: []string{"group:hr"}},
		{Collections: []string{"docs"}}, {Collections: []string{retriever.AllCollections}, Principals: []string{"group:hr"}}} {
		if got := e.collectionNames(scope); len(got) != 0 {
			e.Errorf("%+v: Collections shows %v", scope, got)
		}
		e.wantHidden(scope, "docs")
	}
}

// wantHidden checks that nothing of scopeSpecs can be read, and that their collection looks
// the same as one that does not exist.
func (e *env) wantHidden(scope retriever.Scope, collection string) {
	e.Helper()
	e.wantUnknown(scope, collection)
	for _, s := range scopeSpecs {
		_, chunks, err := e.store.Document(e.ctx, scope, s.id())
		e.wantErr(err, retriever.ErrDocumentNotFound, "Document")
		if len(chunks) != 0 {
			e.Errorf("Document returned chunks beside the error")
		}
	}
}

func (e *env) wantUnknown(scope retriever.Scope, collection string) {
	e.Helper()
	_, err := e.store.Collection(e.ctx, scope, collection)
	e.wantErr(err, retriever.ErrCollectionNotFound, "Collection")
	_, err = e.store.Settings(e.ctx, scope, collection)
	e.wantErr(err, retriever.ErrCollectionNotFound, "Settings")
	_, err = collect(e.store.Documents(e.ctx, scope, collection, ""))
	e.wantErr(err, retriever.ErrCollectionNotFound, "Documents")
	q := query("shared", 5)
	q.Scope, q.Collection = scope, collection
	q.Filter = &retriever.Filter{Op: retriever.OpEq, Key: "nofield", Value: "x"} // wrong too, and must not say so
	set, err := e.store.Candidates(e.ctx, q)
	e.wantErr(err, retriever.ErrCollectionNotFound, "Candidates")
	if len(set.Candidates) != 0 || set.Background != (retriever.Distribution{}) {
		e.Errorf("Candidates returned something beside the error: %+v", set)
	}
}

func testTenants(e *env) {
	e.create("docs")
	e.put(scopeSpecs...)
	e.wantVisible(retriever.Scope{Tenant: "acme", Collections: []string{"docs"}}, "acme/open")
	e.wantVisible(retriever.Scope{Tenant: "globex", Collections: []string{"docs"}}, "globex/open")
	e.wantVisible(retriever.Scope{Tenant: "initech", Collections: []string{"docs"}})
	e.wantVisible(retriever.Scope{Tenant: "acm", Collections: []string{"docs"}})
}

func testAccessLists(e *env) {
	e.create("docs")
	e.put(scopeSpecs...)
	as := func(principals ...string) retriever.Scope {
		return retriever.Scope{Tenant: "acme", Principals: principals, Collections: []string{retriever.AllCollections}}
	}
	e.wantVisible(as("group:hr"), "acme/open", "acme/hr")
	e.wantVisible(as("user:bob"), "acme/open", "acme/ann")
	e.wantVisible(as("user:bob", "group:hr", "group:none"), "acme/open", "acme/ann", "acme/hr")
	e.wantVisible(as("group:h", "hr", "user:hr", ""), "acme/open")

	// A new access list counts from the moment its Put returns.
	open := scopeSpecs[0]
	open.acl = []string{"user:ann"}
	e.put(open)
	e.wantVisible(as("group:hr"), "acme/hr")
	e.wantVisible(as("user:ann"), "acme/open", "acme/ann")
}

func testCollectionBeyondScope(e *env) {
	e.create("docs", "public")
	e.put(scopeSpecs...)
	scope := retriever.Scope{Tenant: "acme", Principals: []string{"group:hr"}, Collections: []string{"public", "absent"}}
	if got := e.collectionNames(scope); !cmp.Equal(got, []string{"public"}) {
		e.Errorf("Collections shows %v, want public", got)
	}
	e.wantHidden(scope, "docs")
	e.wantHidden(scope, "absent")
}

// The name of a collection may tell of a tenant: without being named to, a scope knows of
// those its own tenant has something in.
func testCollectionOfAnotherTenant(e *env) {
	e.create("docs", "empty")
	e.put(scopeSpecs...)
	everything := func(tenant string) retriever.Scope {
		return retriever.Scope{Tenant: tenant, Principals: []string{"group:hr"}, Collections: []string{retriever.AllCollections}}
	}
	for tenant, want := range map[string][]string{"acme": {"docs"}, "globex": {"docs"}, "initech": {}} {
		if got := e.collectionNames(everything(tenant)); !cmp.Equal(got, want) {
			e.Errorf("Collections shows %s %v, want %v", tenant, got, want)
		}
	}
	e.wantHidden(everything("initech"), "docs")
	e.wantUnknown(everything("acme"), "empty")
	named := everything("initech")
	named.Collections = []string{"docs"}
	e.wantVisible(named)

	first := spec{tenant: "initech", uri: "first", texts: []string{"shared initech"}, acl: []string{"user:ann"}}
	e.put(first)
	e.wantVisible(everything("initech"))
	_, err := e.store.Delete(e.ctx, "docs", []string{first.id()})
	e.must(err)
	e.wantHidden(everything("initech"), "docs")
}

func testFieldsOfHiddenDocuments(e *env) {
	e.create("docs")
	e.put(
		spec{tenant: "acme", uri: "open", texts: []string{"shared open"}, metadata: retriever.Metadata{"lang": "en"}},
		spec{tenant: "acme", uri: "hr", texts: []string{"shared hr"}, acl: []string{"group:hr"}, metadata: retriever.Metadata{"salary": 1.0}},
		spec{tenant: "globex", uri: "open", texts: []string{"shared globex"}, metadata: retriever.Metadata{"merger": true}},
	)
	f := cmpOp(retriever.OpEq, "nofield", "x")
	for want, scope := range map[string]retriever.Scope{
		"the fields lang:":                 {Tenant: "acme", Collections: []string{"docs"}},
		"the fields lang, salary:":         {Tenant: "acme", Principals: []string{"group:hr"}, Collections: []string{"docs"}},
		"no fields:":                       {Tenant: "initech", Collections: []string{"docs"}},
		"the fields lang, merger, salary:": retriever.Operator(),
	} {
		q := query("shared", 5)
		q.Scope, q.Filter = scope, &f
		_, err := e.store.Candidates(e.ctx, q)
		e.wantErr(err, retriever.ErrBadFilter, want)
		if err != nil && !strings.Contains(err.Error(), want) {
			e.Errorf("%+v: got %v, want %q in it", scope, err, want)
		}
	}
}

func testOperator(e *env) {
	e.create("docs")
	e.put(scopeSpecs...)
	var all []string
	for _, s := range scopeSpecs {
		all = append(all, s.tenant+"/"+s.uri)
	}
	e.wantVisible(retriever.Operator(), all...)
	e.wantHidden(retriever.Operator().Within("elsewhere"), "docs")
}

func testScopedCounts(e *env) {
	e.create("docs")
	e.put(scopeSpecs...)
	for _, tc := range []struct {
		scope retriever.Scope
		want  int
	}{
		{retriever.Operator(), 5},
		{retriever.Scope{Tenant: "acme", Collections: []string{"docs"}}, 1},
		{retriever.Scope{Tenant: "acme", Principals: []string{"user:ann", "group:hr"}, Collections: []string{"docs"}}, 3},
		{retriever.Scope{Tenant: "initech", Collections: []string{"docs"}}, 0},
	} {
		infos, err := e.store.Collections(e.ctx, tc.scope)
		e.must(err)
		one, err := e.store.Collection(e.ctx, tc.scope, "docs")
		e.must(err)
		for _, info := range append(infos, one) {
			if info.Documents != tc.want || info.Chunks != tc.want || info.Vectors != tc.want {
				e.Errorf("%+v: counts %d/%d/%d, want %d of each", tc.scope, info.Documents, info.Chunks, info.Vectors, tc.want)
			}
		}
	}
}
