package qdrant

import (
	"slices"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"pgregory.net/rapid"

	"ragway/retriever"
)

// open names the first place in f where the server would match everything.
func open(f *api.Filter, path string) string {
	all := slices.Concat(f.GetMust(), f.GetShould(), f.GetMustNot())
	if len(all) == 0 {
		return path + ": empty filter"
	}
	for _, c := range all {
		switch v := c.GetConditionOneOf().(type) {
		case nil:
			return path + ": condition without a variant"
		case *api.Condition_Filter:
			if where := open(v.Filter, path+"/"); where != "" {
				return where
			}
		}
	}
	return ""
}

func TestFiltersAreNeverEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scope := retriever.Scope{
			Tenant:     rapid.SampledFrom([]string{"", "acme"}).Draw(t, "tenant"),
			Principals: rapid.SliceOfN(rapid.SampledFrom([]string{"user:a", "group:b"}), 0, 2).Draw(t, "principals"),
		}
		if rapid.Bool().Draw(t, "operator") {
			scope = retriever.Operator()
		}
		f := drawFilter(t, 3)
		documents := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(t, "documents")
		got := head{analysis: datesSince, dated: map[string]bool{"k": rapid.Bool().Draw(t, "dated")}}.selected(retriever.CandidateQuery{Scope: scope, Filter: &f, Documents: documents})
		if where := open(got, ""); where != "" {
			t.Fatalf("%+v: %s in %v", f, where, got)
		}
		if !scope.IsOperator() && len(got.Must) < 3 {
			t.Fatalf("the scope is not in %v", got)
		}
	})
}

func drawFilter(t *rapid.T, depth int) retriever.Filter {
	if depth > 0 && rapid.Bool().Draw(t, "inner") {
		f := retriever.Filter{Op: rapid.SampledFrom([]retriever.FilterOp{retriever.OpAnd, retriever.OpOr}).Draw(t, "op")}
		for range rapid.IntRange(0, 3).Draw(t, "children") {
			f.Filters = append(f.Filters, drawFilter(t, depth-1))
		}
		return f
	}
	ops := []retriever.FilterOp{retriever.OpEq, retriever.OpNe, retriever.OpIn, retriever.OpNin, retriever.OpGt, retriever.OpLte, "nonsense"}
	values := []any{"x", "2026-01-31", 1.5, true, nil}
	return retriever.Filter{Op: rapid.SampledFrom(ops).Draw(t, "op"), Key: "k",
		Value: rapid.SampledFrom(values).Draw(t, "value"), Values: rapid.SliceOfN(rapid.SampledFrom(values), 0, 3).Draw(t, "values")}
}

func TestScopeWithoutTenantMatchesNothing(t *testing.T) {
	f := visible(chunkKind, retriever.Scope{Principals: []string{"user:a"}})
	for _, c := range f.Must {
		if m := c.GetField(); m.GetKey() == fieldTenant && m.GetMatch().GetKeywords() != nil && len(m.GetMatch().GetKeywords().GetStrings()) == 0 {
			return
		}
	}
	t.Errorf("nothing in %v shuts out everyone", f)
}

func TestFieldPathsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.String().Draw(t, "key")
		if got, ok := keyOf(fieldPath(key)); !ok || got != key {
			t.Fatalf("%q becomes %q (%v)", key, got, ok)
		}
	})
	for _, own := range []string{fieldTenant, fieldDocumentID, fieldOfKind} {
		if key, ok := keyOf(own); ok {
			t.Errorf("payload field %q is taken for metadata %q", own, key)
		}
	}
}
