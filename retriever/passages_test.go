package retriever_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
	"ragway/retriever/local"
)

// today is when the tests of dates take place.
var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// library is an engine over a store with these documents in the collection "a", each of
// whose parts is a chunk. A part "H: text" is in the section H.
func library(t *testing.T, documents map[string][]string, metadata map[string]retriever.Metadata) *retriever.Engine {
	t.Helper()
	store, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.CreateCollection(t.Context(), retriever.Collection{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	for uri, parts := range documents {
		u := retriever.Upsert{Document: retriever.Document{Collection: "a", Tenant: "default", URI: uri, Metadata: metadata[uri]}}
		at := 0
		for _, part := range parts {
			heading, text, _ := strings.Cut(part, ": ")
			n := utf8.RuneCountInString(text)
			u.Chunks = append(u.Chunks, retriever.Chunk{Text: text, Headings: []string{heading}, Span: retriever.Span{Start: at, End: at + n}, Tokens: len(strings.Fields(text))})
			at += n + 2
		}
		u.Seal()
		if _, err := store.Put(t.Context(), "a", []retriever.Upsert{u}); err != nil {
			t.Fatal(err)
		}
	}
	e, err := retriever.New(retriever.Options{Store: store, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ask(t *testing.T, e *retriever.Engine, q retriever.Query) retriever.Result {
	t.Helper()
	q.Scope, q.Collections = scope, []string{"a"}
	r, err := e.Retrieve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func texts(hits []retriever.Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.Chunk.Text)
	}
	return out
}

func TestHitsAreWidenedWithinTheirSection(t *testing.T) {
	e := library(t, map[string][]string{"d": {"one: opening words", "two: alpha two", "two: needle here", "two: gamma two", "three: closing words"}}, nil)
	for name, tc := range map[string]struct {
		query retriever.Query
		want  []string
	}{
		"not unless asked":            {retriever.Query{Text: "needle"}, []string{"needle here"}},
		"by one":                      {retriever.Query{Text: "needle", Neighbours: 1}, []string{"alpha two\n\nneedle here\n\ngamma two"}},
		"not beyond the section":      {retriever.Query{Text: "needle", Neighbours: 3}, []string{"alpha two\n\nneedle here\n\ngamma two"}},
		"as far as the budget goes":   {retriever.Query{Text: "needle", Neighbours: 1, TokenBudget: 5}, []string{"needle here\n\ngamma two"}},
		"a hit beside a hit is in it": {retriever.Query{Text: "needle gamma", Neighbours: 1}, []string{"needle here\n\ngamma two"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, e, tc.query)
			if name == "a hit beside a hit is in it" {
				if len(r.Hits) != 1 || len(r.Dropped) != 1 || r.Dropped[0].Dropped != retriever.Merged || len(r.Hits[0].Merged) < 2 {
					t.Errorf("hits %q, dropped %+v", texts(r.Hits), r.Dropped)
				}
				return
			}
			if diff := cmp.Diff(tc.want, texts(r.Hits)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWidenedTextHasWhatChunksShareOnce(t *testing.T) {
	store, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.CreateCollection(t.Context(), retriever.Collection{Name: "a"}); err != nil {
		t.Fatal(err)
	}
	whole := []rune("Ämter öffnen um neun. Sie schließen um fünf. Freitags früher.")
	u := retriever.Upsert{Document: retriever.Document{Collection: "a", Tenant: "default", URI: "d"}}
	for _, s := range []retriever.Span{{Start: 0, End: 44}, {Start: 22, End: len(whole)}} {
		u.Chunks = append(u.Chunks, retriever.Chunk{Text: string(whole[s.Start:s.End]), Span: s})
	}
	u.Seal()
	if _, err := store.Put(t.Context(), "a", []retriever.Upsert{u}); err != nil {
		t.Fatal(err)
	}
	e, err := retriever.New(retriever.Options{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	r := ask(t, e, retriever.Query{Text: "freitags", Neighbours: 1})
	if len(r.Hits) != 1 || r.Hits[0].Chunk.Text != string(whole) || r.Hits[0].Chunk.Span != (retriever.Span{Start: 0, End: len(whole)}) {
		t.Errorf("got %+v", r.Hits)
	}
	if diff := cmp.Diff([]retriever.Span{{Start: 0, End: 44}, {Start: 22, End: len(whole)}}, r.Hits[0].Merged); diff != "" {
		t.Error(diff)
	}
}

func TestFullPutsWholeDocumentsInWhereTheyFit(t *testing.T) {
	e := library(t, map[string][]string{"b": {"x: third part", "y: fourth part"}, "a": {"x: first part", "x: second part"}}, nil)
	both := []string{"first part\n\nsecond part", "third part\n\nfourth part"}
	second := retriever.DocumentID("a", "default", "b")
	for name, tc := range map[string]struct {
		query retriever.Query
		want  []string
		notes int
	}{
		"all":          {retriever.Query{Text: "fourth"}, both, 0},
		"just fitting": {retriever.Query{Text: "fourth", TokenBudget: 8}, both, 0},
		"too many":     {retriever.Query{Text: "fourth", TokenBudget: 7}, []string{"fourth part"}, 1},
		"of one":       {retriever.Query{Text: "fourth", TokenBudget: 4, Documents: []string{second, "unknown"}}, both[1:], 0},
		"of none":      {retriever.Query{Text: "fourth", Documents: []string{"unknown"}}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			tc.query.Mode, tc.query.MinScore = retriever.Full, 0.9
			r := ask(t, e, tc.query)
			if diff := cmp.Diff(tc.want, texts(r.Hits)); diff != "" || len(r.Notes) != tc.notes {
				t.Errorf("notes %q: %s", r.Notes, diff)
			}
		})
	}
}

func TestDocumentsOutOfDateAreLeftOut(t *testing.T) {
	documents, metadata := map[string][]string{}, map[string]retriever.Metadata{}
	for uri, m := range map[string]retriever.Metadata{
		"always":     nil,
		"since":      {"valid_from": "2026-03-01T12:00:00Z"},
		"not yet":    {"valid_from": "2026-03-02"},
		"last day":   {"valid_until": "2026-03-01"},
		"over":       {"valid_until": "2026-03-01T13:59:59+02:00"},
		"in between": {"valid_from": "2026-01-01", "valid_until": "2026-12-31"},
		"unclear":    {"valid_until": "when revoked"},
	} {
		documents[uri], metadata[uri] = []string{"h: rule " + uri}, m
	}
	e := library(t, documents, metadata)
	r := ask(t, e, retriever.Query{Text: "rule", K: 10})
	got := map[string]bool{}
	for _, h := range r.Hits {
		got[h.Document.URI] = true
	}
	if diff := cmp.Diff(map[string]bool{"always": true, "since": true, "last day": true, "in between": true, "unclear": true}, got); diff != "" {
		t.Error(diff)
	}
	for _, h := range r.Dropped {
		if h.Dropped != retriever.NotValid {
			t.Errorf("%s dropped as %s", h.Document.URI, h.Dropped)
		}
	}
	if full := ask(t, e, retriever.Query{Text: "rule", Mode: retriever.Full}); len(full.Hits) != len(got) {
		t.Errorf("full has %d documents, want %d", len(full.Hits), len(got))
	}
}

func TestRecencyRaisesNewDocuments(t *testing.T) {
	documents, metadata := map[string][]string{}, map[string]retriever.Metadata{}
	for uri, date := range map[string]string{"old": "2025-03-01", "new": "2026-02-27", "undated": ""} {
		documents[uri] = []string{"h: report of the year"}
		if date != "" {
			metadata[uri] = retriever.Metadata{"date": date}
		}
	}
	documents["better"], metadata["better"] = []string{"h: report report"}, retriever.Metadata{"date": "2020-01-01"}
	e := library(t, documents, metadata)
	order := func(r retriever.Recency) string {
		var uris []string
		for _, h := range ask(t, e, retriever.Query{Text: "report", Recency: r, Raw: true, K: 10}).Hits {
			uris = append(uris, h.Document.URI)
		}
		return strings.Join(uris, " ")
	}
	month := 30 * 24 * time.Hour
	if got := order(retriever.Recency{}); !strings.HasPrefix(got, "better ") {
		t.Errorf("off: %s", got)
	}
	if got, want := order(retriever.Recency{Field: "date", HalfLife: month, Weight: 1}), "new undated old better"; got != want {
		t.Errorf("alone: %s, want %s", got, want)
	}
	if got, want := order(retriever.Recency{Field: "date", HalfLife: month, Weight: 0.1}), "better new undated old"; got != want {
		t.Errorf("a little: %s, want %s", got, want)
	}
}

func TestOnlyDocumentsAskedForAreSearched(t *testing.T) {
	documents := map[string][]string{}
	for i := range 5 {
		documents[fmt.Sprint(i)] = []string{fmt.Sprintf("h: shared word %d", i)}
	}
	e := library(t, documents, nil)
	r := ask(t, e, retriever.Query{Text: "shared", Documents: []string{retriever.DocumentID("a", "default", "3"), "no id"}})
	if len(r.Hits) != 1 || r.Hits[0].Document.URI != "3" {
		t.Errorf("got %q", texts(r.Hits))
	}
}

func TestDroppedHitsHaveTextsWhenExplained(t *testing.T) {
	e := library(t, map[string][]string{"a": {"h: alpha 1"}, "b": {"h: alpha 2"}, "c": {"h: alpha 3"}, "d": {"h: alpha 4"}, "e": {"h: alpha 5"}}, nil)
	for explain, want := range map[bool]bool{false: false, true: true} {
		r := ask(t, e, retriever.Query{Text: "alpha", K: 1, Explain: explain, MinScore: 0})
		if len(r.Dropped) != 4 {
			t.Fatalf("%d dropped", len(r.Dropped))
		}
		if last := r.Dropped[3]; (last.Chunk.Text != "" && last.Document.URI != "") != want {
			t.Errorf("explain %v: dropped %+v", explain, last)
		}
	}
}
