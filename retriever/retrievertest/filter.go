package retrievertest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"ragway/retriever"
)

var filterSpecs = []spec{
	{uri: "none", texts: []string{"shared none"}},
	{uri: "a", texts: []string{"shared a"}, metadata: retriever.Metadata{"lang": "de", "year": 2020.0, "draft": true, "tags": []any{"x", "y"}, "scores": []any{1.0, 9.0}}},
	{uri: "b", texts: []string{"shared b"}, metadata: retriever.Metadata{"lang": "en", "year": 2021.0, "draft": false, "tags": []any{"y"}, "scores": []any{5.0}}},
	{uri: "c", texts: []string{"shared c"}, metadata: retriever.Metadata{"lang": "DE", "year": -1.5, "tags": "x", "scores": 2.0, "flags": []any{true, false}}},
	{uri: "d", texts: []string{"shared d"}, metadata: retriever.Metadata{"lang": "", "year": 0.0, "draft": false, "tags": []any{"xy", "z"}, "big": 9007199254740993.0}},
	{uri: "e", texts: []string{"shared e"}, metadata: retriever.Metadata{"year": 1e-9, "flags": true, "big": -1e300, "since": "2024-01-31T09:00:00.0000019Z"}},
	{uri: "f", texts: []string{"shared f"}, metadata: retriever.Metadata{"since": []any{"2024-01-31", "2019-12-31T23:30:00-01:00"}}},
	{uri: "g", texts: []string{"shared g"}, metadata: retriever.Metadata{"since": "2024-02-30"}},
	{uri: "h", texts: []string{"shared h"}, metadata: retriever.Metadata{"since": "1969-07-20T20:17:40Z"}},
	{uri: "i", texts: []string{"shared i"}, metadata: retriever.Metadata{"since": []any{"soon", "9999-12-31T23:59:59.999999Z"}}},
}

func cmpOp(op retriever.FilterOp, key string, value any) retriever.Filter {
	return retriever.Filter{Op: op, Key: key, Value: value}
}

func list(op retriever.FilterOp, key string, values ...any) retriever.Filter {
	return retriever.Filter{Op: op, Key: key, Values: values}
}

func all(f ...retriever.Filter) retriever.Filter {
	return retriever.Filter{Op: retriever.OpAnd, Filters: f}
}
func some(f ...retriever.Filter) retriever.Filter {
	return retriever.Filter{Op: retriever.OpOr, Filters: f}
}

func (e *env) filtered(f retriever.Filter) []string {
	e.Helper()
	q := query("shared", 100)
	q.Filter = &f
	return uris(e.candidates(q))
}

func testFilterOperators(e *env) {
	e.create("docs")
	e.put(filterSpecs...)
	for _, tc := range []struct {
		name   string
		filter retriever.Filter
		want   []string
	}{
		{"eq string", cmpOp(retriever.OpEq, "lang", "de"), []string{"a"}},
		{"eq is case-sensitive", cmpOp(retriever.OpEq, "lang", "DE"), []string{"c"}},
		{"eq empty string", cmpOp(retriever.OpEq, "lang", ""), []string{"d"}},
		{"eq matches no prefix", cmpOp(retriever.OpEq, "tags", "x"), []string{"a", "c"}},
		{"eq number", cmpOp(retriever.OpEq, "year", 2020.0), []string{"a"}},
		{"eq zero", cmpOp(retriever.OpEq, "year", 0.0), []string{"d"}},
		{"eq fraction", cmpOp(retriever.OpEq, "year", -1.5), []string{"c"}},
		{"eq large", cmpOp(retriever.OpEq, "big", 9007199254740993.0), []string{"d"}},
		{"eq true", cmpOp(retriever.OpEq, "draft", true), []string{"a"}},
		{"eq false is not absent", cmpOp(retriever.OpEq, "draft", false), []string{"b", "d"}},
		{"eq number in array", cmpOp(retriever.OpEq, "scores", 9.0), []string{"a"}},
		{"eq bool in array", cmpOp(retriever.OpEq, "flags", false), []string{"c"}},
		{"eq unseen value", cmpOp(retriever.OpEq, "lang", "fr"), nil},
		{"ne matches absent", cmpOp(retriever.OpNe, "lang", "de"), []string{"b", "c", "d", "e", "f", "g", "h", "i", "none"}},
		{"ne array", cmpOp(retriever.OpNe, "tags", "y"), []string{"c", "d", "e", "f", "g", "h", "i", "none"}},
		{"ne bool", cmpOp(retriever.OpNe, "draft", false), []string{"a", "c", "e", "f", "g", "h", "i", "none"}},
		{"ne unseen value", cmpOp(retriever.OpNe, "year", 7.0), []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "none"}},
		{"gt", cmpOp(retriever.OpGt, "year", 0.0), []string{"a", "b", "e"}},
		{"gte", cmpOp(retriever.OpGte, "year", 0.0), []string{"a", "b", "d", "e"}},
		{"lt", cmpOp(retriever.OpLt, "year", 0.0), []string{"c"}},
		{"lte", cmpOp(retriever.OpLte, "year", 2020.0), []string{"a", "c", "d", "e"}},
		{"gt any of array", cmpOp(retriever.OpGt, "scores", 4.0), []string{"a", "b"}},
		{"lt any of array", cmpOp(retriever.OpLt, "scores", 2.0), []string{"a"}},
		{"range by two bounds", all(cmpOp(retriever.OpGte, "year", 2020.0), cmpOp(retriever.OpLt, "year", 2021.0)), []string{"a"}},
		{"two bounds on an array may meet in two elements", all(cmpOp(retriever.OpGt, "scores", 8.0), cmpOp(retriever.OpLt, "scores", 2.0)), []string{"a"}},
		{"in", list(retriever.OpIn, "lang", "de", "en", "fr"), []string{"a", "b"}},
		{"in numbers", list(retriever.OpIn, "year", 0.0, 1e-9), []string{"d", "e"}},
		{"in booleans", list(retriever.OpIn, "flags", true), []string{"c", "e"}},
		{"in array", list(retriever.OpIn, "tags", "z", "y"), []string{"a", "b", "d"}},
		{"in nothing", list(retriever.OpIn, "lang"), nil},
		{"nin", list(retriever.OpNin, "lang", "de", "en"), []string{"c", "d", "e", "f", "g", "h", "i", "none"}},
		{"nin numbers", list(retriever.OpNin, "year", 2020.0, -1.5), []string{"b", "d", "e", "f", "g", "h", "i", "none"}},
		{"nin nothing", list(retriever.OpNin, "lang"), []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "none"}},
		{"date from a day", cmpOp(retriever.OpGte, "since", "2024-01-31"), []string{"e", "f", "i"}},
		{"date after a day", cmpOp(retriever.OpGt, "since", "2024-01-31"), []string{"e", "i"}},
		{"date up to a moment", cmpOp(retriever.OpLte, "since", "2024-01-31T09:00:00.000001Z"), []string{"e", "f", "h"}},
		{"date before a moment", cmpOp(retriever.OpLt, "since", "2024-01-31T09:00:00.0000015Z"), []string{"f", "h"}},
		{"date in another zone", cmpOp(retriever.OpLte, "since", "2020-01-01T02:00:00+01:30"), []string{"f", "h"}},
		{"date before 1970", cmpOp(retriever.OpLt, "since", "1970-01-01"), []string{"h"}},
		{"date beyond all", cmpOp(retriever.OpGt, "since", "9999-12-31T23:59:59.999999Z"), nil},
		{"dates from and until", all(cmpOp(retriever.OpGte, "since", "2024-01-01"), cmpOp(retriever.OpLt, "since", "2025-01-01")), []string{"e", "f"}},
		{"eq of a date is that of its string", cmpOp(retriever.OpEq, "since", "2024-01-31"), []string{"f"}},
		{"dates in a field without any", cmpOp(retriever.OpGte, "lang", "2000-01-01"), nil},
		{"or", some(cmpOp(retriever.OpEq, "lang", "en"), cmpOp(retriever.OpEq, "draft", true)), []string{"a", "b"}},
		{"nested", some(all(cmpOp(retriever.OpNe, "tags", "x"), cmpOp(retriever.OpEq, "draft", false)), cmpOp(retriever.OpLt, "year", -1.0)), []string{"b", "c", "d"}},
		{"or of negations", some(cmpOp(retriever.OpNe, "lang", "de"), list(retriever.OpNin, "tags", "x")), []string{"b", "c", "d", "e", "f", "g", "h", "i", "none"}},
		{"and of one", all(cmpOp(retriever.OpEq, "lang", "de")), []string{"a"}},
		{"contradiction", all(cmpOp(retriever.OpEq, "lang", "de"), cmpOp(retriever.OpNe, "lang", "de")), nil},
	} {
		e.wantURIs(e.filtered(tc.filter), tc.want, tc.name)
	}
}

func testFilterManyValues(e *env) {
	e.create("docs")
	e.put(filterSpecs...)
	var strings, numbers []any
	for i := range 5000 {
		strings = append(strings, fmt.Sprintf("value-%d", i))
		numbers = append(numbers, float64(i)+0.25)
	}
	strings, numbers = append(strings, "en"), append(numbers, 2021.0)
	e.wantURIs(e.filtered(list(retriever.OpIn, "lang", strings...)), []string{"b"}, "in strings")
	e.wantURIs(e.filtered(list(retriever.OpNin, "lang", strings...)), []string{"a", "c", "d", "e", "f", "g", "h", "i", "none"}, "nin strings")
	e.wantURIs(e.filtered(list(retriever.OpIn, "year", numbers[4900:]...)), []string{"b"}, "in numbers")
}

func testBadFilters(e *env) {
	e.create("docs", "bare")
	e.put(filterSpecs...)
	bad := map[string]retriever.Filter{
		"unknown field":             cmpOp(retriever.OpEq, "nofield", "x"),
		"unknown field, negated":    cmpOp(retriever.OpNe, "nofield", "x"),
		"unknown field in nothing":  list(retriever.OpIn, "nofield"),
		"number for string":         cmpOp(retriever.OpEq, "lang", 1.0),
		"string for number":         cmpOp(retriever.OpEq, "year", "2020"),
		"string for bool":           cmpOp(retriever.OpNe, "draft", "true"),
		"mixed list":                list(retriever.OpIn, "lang", "de", 1.0),
		"range on string":           cmpOp(retriever.OpGt, "lang", "a"),
		"range on bool":             cmpOp(retriever.OpLte, "draft", true),
		"null":                      cmpOp(retriever.OpEq, "lang", nil),
		"array value":               cmpOp(retriever.OpEq, "tags", []any{"x"}),
		"empty and":                 all(),
		"empty or":                  some(),
		"zero filter":               {},
		"unknown operator":          cmpOp("like", "lang", "d"),
		"bad leaf under a good one": some(cmpOp(retriever.OpEq, "lang", "de"), all(cmpOp(retriever.OpEq, "nofield", 1.0))),
	}
	for name, f := range bad {
		q := query("shared", 10)
		q.Filter = &f
		set, err := e.store.Candidates(e.ctx, q)
		e.wantErr(err, retriever.ErrBadFilter, name)
		if len(set.Candidates) != 0 {
			e.Errorf("%s: candidates beside the error", name)
		}
	}
	q := query("shared", 10)
	f := cmpOp(retriever.OpEq, "lang", "de")
	q.Collection, q.Filter = "bare", &f
	_, err := e.store.Candidates(e.ctx, q)
	e.wantErr(err, retriever.ErrBadFilter, "collection without fields")
}

func testFilterAgreesWithMatch(e *env) {
	e.create("docs")
	e.put(filterSpecs...)
	rapid.Check(e.T, func(t *rapid.T) {
		f := drawFilter(t, 3)
		want := []string{}
		for _, s := range filterSpecs {
			if f.Match(s.metadata) {
				want = append(want, s.uri)
			}
		}
		slices.Sort(want)
		q := query("shared", 100)
		q.Filter = &f
		set, err := e.store.Candidates(e.ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		if got := uris(set); !slices.Equal(got, want) {
			t.Fatalf("%+v: got %v, want %v", f, got, want)
		}
	})
}

// drawn are the values a random filter compares each field with: those that occur, and
// some between and beyond.
var drawn = map[string][]any{
	"lang":   {"de", "en", "DE", "", "fr"},
	"tags":   {"x", "y", "z", "xy", "q"},
	"year":   {2020.0, 2021.0, -1.5, 0.0, 1e-9, 3.0},
	"scores": {1.0, 9.0, 5.0, 2.0, 4.5},
	"big":    {9007199254740993.0, -1e300, 0.0},
	"draft":  {true, false},
	"since": {"2024-01-31", "2024-01-31T09:00:00.000001Z", "2024-01-31T09:00:00Z", "2020-01-01T00:30:00Z", "2019-12-31T23:30:00-01:00",
		"1970-01-01", "1969-07-20T20:17:40Z", "9999-12-31T23:59:59.999999Z", "0001-01-01"},
	"flags": {true, false},
}

func drawFilter(t *rapid.T, depth int) retriever.Filter {
	if depth > 0 && rapid.IntRange(0, 2).Draw(t, "inner") > 0 {
		f := retriever.Filter{Op: rapid.SampledFrom([]retriever.FilterOp{retriever.OpAnd, retriever.OpOr}).Draw(t, "op")}
		for range rapid.IntRange(1, 3).Draw(t, "children") {
			f.Filters = append(f.Filters, drawFilter(t, depth-1))
		}
		return f
	}
	key := rapid.SampledFrom([]string{"big", "draft", "flags", "lang", "scores", "since", "tags", "year"}).Draw(t, "key")
	ops := []retriever.FilterOp{retriever.OpEq, retriever.OpNe, retriever.OpIn, retriever.OpNin}
	if _, number := drawn[key][0].(float64); number || key == "since" {
		ops = append(ops, retriever.OpGt, retriever.OpGte, retriever.OpLt, retriever.OpLte)
	}
	f := retriever.Filter{Op: rapid.SampledFrom(ops).Draw(t, "op"), Key: key}
	if f.Op == retriever.OpIn || f.Op == retriever.OpNin {
		f.Values = rapid.SliceOfN(rapid.SampledFrom(drawn[key]), 0, 3).Draw(t, "values")
		return f
	}
	f.Value = rapid.SampledFrom(drawn[key]).Draw(t, "value")
	return f
}

// testFilterBeforeSelection: the few that match are far from the query, so that a store
// which selects first and filters then finds none of them.
func testFilterBeforeSelection(e *env) {
	e.create("docs")
	specs := []spec{{uri: "far", texts: []string{"target among many other words that thin it out completely"}, metadata: retriever.Metadata{"rare": true}}}
	for i := range 150 {
		specs = append(specs, spec{uri: fmt.Sprintf("near%d", i), texts: []string{"target target"}, metadata: retriever.Metadata{"rare": false}})
	}
	e.put(specs...)
	q := query("target", 3)
	f := cmpOp(retriever.OpEq, "rare", true)
	q.Filter = &f
	set := e.candidates(q)
	e.wantURIs(uris(set), []string{"far"}, "filtered")
	if len(set.Candidates) == 1 && (set.Candidates[0].Lexical.Rank != 1 || set.Candidates[0].Dense.Rank != 1) {
		e.Errorf("ranks %+v %+v, want first in both lists", set.Candidates[0].Lexical, set.Candidates[0].Dense)
	}
}

func testDocumentFilter(e *env) {
	e.create("docs", "other")
	e.put(filterSpecs...)
	e.put(spec{uri: "secret", texts: []string{"shared secret"}, acl: []string{"group:hr"}})
	elsewhere := spec{collection: "other", uri: "a", texts: []string{"shared elsewhere"}}
	e.put(elsewhere)
	a, b, d, secret := filterSpecs[1].id(), filterSpecs[2].id(), filterSpecs[4].id(), spec{uri: "secret"}.id()
	early := cmpOp(retriever.OpLt, "year", 2021.0)
	reader := retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{"docs"}}
	for _, tc := range []struct {
		name   string
		ids    []string
		filter *retriever.Filter
		scope  retriever.Scope
		want   []string
	}{
		{"one", []string{b}, nil, retriever.Operator(), []string{"b"}},
		{"several, one twice", []string{d, a, d}, nil, retriever.Operator(), []string{"a", "d"}},
		{"unknown beside a known one", []string{"nothing", a}, nil, retriever.Operator(), []string{"a"}},
		{"only unknown ones", []string{"nothing", ""}, nil, retriever.Operator(), nil},
		{"of another collection", []string{elsewhere.id()}, nil, retriever.Operator(), nil},
		{"with a filter", []string{a, b, d}, &early, retriever.Operator(), []string{"a", "d"}},
		{"beyond the scope", []string{secret, b}, nil, reader, []string{"b"}},
	} {
		q := query("shared", 100)
		q.Documents, q.Filter, q.Scope = tc.ids, tc.filter, tc.scope
		e.wantURIs(uris(e.candidates(q)), tc.want, tc.name)
	}
	q := query("shared", 1)
	q.Documents = []string{b}
	set := e.candidates(q)
	if len(set.Candidates) != 1 || set.Candidates[0].Lexical.Rank != 1 || set.Candidates[0].Dense.Rank != 1 {
		e.Errorf("one document, depth 1: %+v, want it first in both lists", set.Candidates)
	}
}
