package qdrant

import (
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// The server takes an empty filter, or an empty condition in one, for "everything", in
// deletes too. So every filter of this package starts with ofKind, and nothing hands the
// server a filter that was not made here.

type kind string

const (
	chunkKind    kind = "chunk"
	documentKind kind = "document"
	fieldKind    kind = "field"
	headKind     kind = "head"
	recordKind   kind = "record"
	leaseKind    kind = "lease"
)

// ofKind is a filter that demands the kind and all of must. It never is empty.
func ofKind(k kind, must ...*api.Condition) *api.Filter {
	return &api.Filter{Must: append([]*api.Condition{api.NewMatch(fieldOfKind, string(k))}, must...)}
}

// visible is a filter for the points of a kind that the scope allows and f matches. f
// must be valid for the collection's schema.
func visible(k kind, scope retriever.Scope, f *retriever.Filter) *api.Filter {
	filter := ofKind(k)
	if !scope.IsOperator() {
		filter.Must = append(filter.Must, tenantOf(scope), readableBy(scope))
	}
	if f != nil {
		filter.Must = append(filter.Must, compile(f))
	}
	return filter
}

// tenantOf matches nothing for a scope without a tenant.
func tenantOf(scope retriever.Scope) *api.Condition {
	if scope.Tenant == "" {
		return nothing(fieldTenant)
	}
	return api.NewMatch(fieldTenant, scope.Tenant)
}

func readableBy(scope retriever.Scope) *api.Condition {
	either := []*api.Condition{api.NewMatchBool(fieldEveryone, true)}
	if len(scope.Principals) > 0 {
		either = append(either, api.NewMatchKeywords(fieldACL, scope.Principals...))
	}
	return anyOf(either...)
}

// nothing is a condition that no point meets: a match with no values does so, unlike
// under MustNot, where it would match all.
func nothing(field string) *api.Condition { return api.NewMatchKeywords(field) }

// anyOf, allOf and not nest conditions. Empty ones, which would match everything, match
// nothing.
func anyOf(c ...*api.Condition) *api.Condition {
	if len(c) == 0 {
		return nothing(fieldOfKind)
	}
	return api.NewFilterAsCondition(&api.Filter{Should: c})
}

func allOf(c ...*api.Condition) *api.Condition {
	if len(c) == 0 {
		return nothing(fieldOfKind)
	}
	return api.NewFilterAsCondition(&api.Filter{Must: c})
}

func not(c *api.Condition) *api.Condition {
	return api.NewFilterAsCondition(&api.Filter{MustNot: []*api.Condition{c}})
}

// compile says f in conditions on the indexed fields.
func compile(f *retriever.Filter) *api.Condition {
	switch f.Op {
	case retriever.OpAnd, retriever.OpOr:
		parts := make([]*api.Condition, len(f.Filters))
		for i := range f.Filters {
			parts[i] = compile(&f.Filters[i])
		}
		if f.Op == retriever.OpAnd {
			return allOf(parts...)
		}
		return anyOf(parts...)
	case retriever.OpNe:
		return not(equal(f.Key, []any{f.Value}))
	case retriever.OpNin:
		return not(equal(f.Key, f.Values))
	case retriever.OpIn:
		return equal(f.Key, f.Values)
	case retriever.OpEq:
		return equal(f.Key, []any{f.Value})
	}
	return compileRange(f)
}

func compileRange(f *retriever.Filter) *api.Condition {
	bound, _ := f.Value.(float64)
	r := &api.Range{}
	switch f.Op {
	case retriever.OpGt:
		r.Gt = &bound
	case retriever.OpGte:
		r.Gte = &bound
	case retriever.OpLt:
		r.Lt = &bound
	case retriever.OpLte:
		r.Lte = &bound
	default:
		return nothing(fieldOfKind)
	}
	return api.NewRange(fieldPath(f.Key), r)
}

// equal matches points with any of the values in the field. A number is matched by a
// range of one value, the only match that its index has.
func equal(key string, values []any) *api.Condition {
	path := fieldPath(key)
	var words []string
	var either []*api.Condition
	for _, v := range values {
		switch v := v.(type) {
		case string:
			words = append(words, v)
		case float64:
			either = append(either, api.NewRange(path, &api.Range{Gte: &v, Lte: &v}))
		case bool:
			either = append(either, api.NewMatchBool(path, v))
		}
	}
	if len(words) > 0 {
		either = append(either, api.NewMatchKeywords(path, words...))
	}
	return anyOf(either...)
}
