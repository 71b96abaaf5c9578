package retriever

import (
	"slices"
	"strings"
)

// AllCollections in Scope.Collections stands for every collection in which the tenant has
// a document, those created later included. It has to be written out: an empty list
// allows none.
const AllCollections = "*"

// DefaultTenant owns documents and callers that name no tenant.
const DefaultTenant = "default"

// Scope is what a caller may see. The zero Scope sees nothing, and every read takes one,
// so that forgetting it fails closed.
type Scope struct {
	Tenant      string
	Principals  []string // "user:ann", "group:hr"
	Collections []string // names, or AllCollections

	operator bool
}

// Operator returns the Scope of whoever holds the data folder: every tenant, every
// document, every collection. Only cmd constructs it; it never comes from a request.
func Operator() Scope { return Scope{Collections: []string{AllCollections}, operator: true} }

// IsOperator reports whether s ignores tenants and access lists.
func (s Scope) IsOperator() bool { return s.operator }

// AllowsCollection reports whether s may ask for the collection. Whether it may know that
// the collection exists is another question, see Names. Staged and former collections are
// the operator's alone.
func (s Scope) AllowsCollection(name string) bool {
	if _, served := ServedName(name); s.Tenant == "" && !s.operator || !served && !s.operator {
		return false
	}
	return slices.Contains(s.Collections, AllCollections) || slices.Contains(s.Collections, name)
}

// AllowsByID reports whether s reads documents of the collection by their ID alone. A
// staged and a former collection must be spelled out for that.
func (s Scope) AllowsByID(collection string) bool {
	_, served := ServedName(collection)
	return s.AllowsCollection(collection) && (served || slices.Contains(s.Collections, collection))
}

// Names reports whether s knows the collection by name, whatever is in it: it is spelled
// out, or s is the operator's. AllCollections alone stands for the collections that hold a
// document of the tenant, because the names of the others tell of other tenants.
func (s Scope) Names(collection string) bool {
	return s.AllowsCollection(collection) && (s.operator || slices.Contains(s.Collections, collection))
}

// Allows reports whether s may read d: same tenant, and an access list that is empty or
// names one of the caller's principals. The collection is asked separately.
func (s Scope) Allows(d Document) bool {
	switch {
	case s.operator:
		return true
	case s.Tenant == "" || s.Tenant != d.Tenant:
		return false
	case len(d.ACL) == 0:
		return true
	}
	return slices.ContainsFunc(d.ACL, func(p string) bool { return slices.Contains(s.Principals, p) })
}

// Within returns s limited to the collections named, those it may not see left out.
func (s Scope) Within(names ...string) Scope {
	var kept []string
	for _, n := range names {
		if s.AllowsCollection(n) {
			kept = append(kept, n)
		}
	}
	s.Collections = kept
	return s
}

// Key is a canonical spelling of s: equal scopes, and only those, have equal keys.
func (s Scope) Key() string {
	p, c := slices.Clone(s.Principals), slices.Clone(s.Collections)
	slices.Sort(p)
	slices.Sort(c)
	parts := []string{"t", s.Tenant, "p", strings.Join(p, "\x1f"), "c", strings.Join(c, "\x1f")}
	if s.operator {
		parts = append(parts, "operator")
	}
	return strings.Join(parts, "\x1e")
}
