package qdrant_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	api "github.com/qdrant/go-client/qdrant"
	"pgregory.net/rapid"

	"ragway/retriever"
	"ragway/retriever/qdrant/qdranttest"
)

// dateValues are dates at their bounds and close together, and strings that are none.
var dateValues = []string{
	"0001-01-01", "0001-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.999999Z", "1970-01-01", "2026-01-31", "2026-01-31T02:00:00+02:00",
	"2026-01-31T00:00:00.0000009Z", "2026-01-31T00:00:00.000001Z", "2026-01-30T23:59:59.9999999-00:30", "2255-06-05T23:47:34.740993Z",
	"2255-06-05T23:47:34.740994Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.9999999Z",
	"", "soon", "2026-13-01", "2026-01-31 09:00", "0000-12-31", "9999-12-31T23:59:59-01:00", "20260131",
}

func TestDateRangesMeanWhatMatchSays(t *testing.T) {
	t.Run("in this process", func(t *testing.T) { testDateRanges(t, new(qdranttest.Server).Start(t)) })
	t.Run("on a server", func(t *testing.T) { testDateRanges(t, server(t)) })
}

func testDateRanges(t *testing.T, address string) {
	store := opened(t, address).Store
	if err := store.CreateCollection(t.Context(), retriever.Collection{Name: "docs"}); err != nil {
		t.Fatal(err)
	}
	fields := []string{"published", "wann, genau?"}
	stored := map[string]retriever.Metadata{"none": nil}
	for i, v := range dateValues {
		next := dateValues[(i+7)%len(dateValues)]
		stored[fmt.Sprint("one ", i)] = retriever.Metadata{fields[0]: v, fields[1]: next}
		stored[fmt.Sprint("array ", i)] = retriever.Metadata{fields[0]: []any{v, "word", next}}
	}
	var docs []retriever.Upsert
	for _, uri := range slices.Sorted(maps.Keys(stored)) {
		u := retriever.Upsert{Document: retriever.Document{Collection: "docs", Tenant: "default", URI: uri, Hash: uri, Metadata: stored[uri]},
			Chunks: []retriever.Chunk{{Text: "shared"}}}
		u.Seal()
		docs = append(docs, u)
	}
	put(t, store, docs)
	bounds := slices.DeleteFunc(slices.Clone(dateValues), func(s string) bool { _, ok := retriever.ParseDate(s); return !ok })
	rapid.Check(t, func(rt *rapid.T) {
		f := drawDates(rt, fields, bounds)
		var want []string
		for uri, m := range stored {
			if f.Match(m) {
				want = append(want, uri)
			}
		}
		slices.Sort(want)
		set, err := store.Candidates(t.Context(), retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 100, Filter: &f})
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, c := range set.Candidates {
			got = append(got, c.Document.URI)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("%+v (-want +got):\n%s", f, diff)
		}
	})
}

func drawDates(t *rapid.T, fields, bounds []string) retriever.Filter {
	one := func() retriever.Filter {
		return retriever.Filter{
			Op:    rapid.SampledFrom([]retriever.FilterOp{retriever.OpGt, retriever.OpGte, retriever.OpLt, retriever.OpLte}).Draw(t, "op"),
			Key:   rapid.SampledFrom(fields).Draw(t, "field"),
			Value: rapid.SampledFrom(bounds).Draw(t, "bound"),
		}
	}
	return retriever.Filter{Op: rapid.SampledFrom([]retriever.FilterOp{retriever.OpAnd, retriever.OpOr}).Draw(t, "join"),
		Filters: []retriever.Filter{one(), one()}}
}

func TestFieldWithoutADateIsInNoRange(t *testing.T) {
	p := newPeer(t)
	u := document("a", "shared")
	u.Document.Metadata = retriever.Metadata{"when": "soon"}
	u.Seal()
	p.put(u)
	set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 5,
		Filter: &retriever.Filter{Op: retriever.OpGte, Key: "when", Value: "2026-01-31"}})
	p.must(err)
	info, err := rawClient(t, p.address).GetCollectionInfo(p.ctx, "ragway_docs")
	p.must(err)
	if n := len(set.Candidates); n != 0 || info.PayloadSchema["dates.when"].GetDataType() == api.PayloadSchemaType_Datetime {
		t.Errorf("%d candidates, indexes %v; want none, and no index for dates", n, info.PayloadSchema)
	}
}

func TestDocumentsRestrictAndNeverOpen(t *testing.T) {
	p := newPeer(t)
	a, b := document("a", "shared"), document("b", "shared")
	p.put(a, b)
	for _, tc := range []struct {
		name string
		ids  []string
		want int
	}{
		{"none are all", nil, 2},
		{"one", []string{a.Document.ID}, 1},
		{"both, one twice", []string{a.Document.ID, b.Document.ID, a.Document.ID}, 2},
		{"unknown", []string{"7c9e6679-7425-40de-944b-e07fc1f90ae7"}, 0},
		{"no ID at all", []string{""}, 0},
		{"not even text", []string{"\xff", a.Document.ID}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared",
				Vector: retriever.Vector{1, 0}, Depth: 5, Documents: tc.ids})
			if err != nil || len(set.Candidates) != tc.want {
				t.Errorf("%d candidates, error %v; want %d", len(set.Candidates), err, tc.want)
			}
		})
	}
}
