package retrievertest

import (
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/retriever"
)

// passages asks for chunks of "docs" by the operator.
func (e *env) passages(ids ...string) []retriever.Passage {
	e.Helper()
	got, err := e.store.Passages(e.ctx, retriever.Operator(), "docs", ids)
	e.must(err)
	return got
}

func testPassages(e *env) {
	e.create("docs", "other")
	a := spec{uri: "a", texts: []string{"alpha one", "alpha two"}}.upsert()
	b := spec{uri: "b", texts: []string{"beta"}, acl: []string{"group:hr"}}.upsert()
	elsewhere := spec{collection: "other", uri: "a", texts: []string{"alpha"}}.upsert()
	e.putAll([]retriever.Upsert{a, b})
	e.putAll([]retriever.Upsert{elsewhere})
	ids := []string{b.Chunks[0].ID, a.Chunks[1].ID, "not an id", a.Document.ID, elsewhere.Chunks[0].ID, a.Chunks[0].ID}
	want := []retriever.Passage{{Chunk: b.Chunks[0], Document: b.Document}, {Chunk: a.Chunks[1], Document: a.Document}, {Chunk: a.Chunks[0], Document: a.Document}}
	noVector := cmp.Options{storedDocument, cmpopts.IgnoreFields(retriever.Chunk{}, "Vector")}
	if diff := cmp.Diff(want, e.passages(ids...), noVector); diff != "" {
		e.Errorf("passages (-want +got):\n%s", diff)
	}
	if got := e.passages(); len(got) != 0 {
		e.Errorf("no ids: %d passages", len(got))
	}
	scope := retriever.Scope{Tenant: "default", Collections: []string{"docs"}}
	got, err := e.store.Passages(e.ctx, scope, "docs", ids)
	e.must(err)
	if diff := cmp.Diff(want[1:], got, noVector); diff != "" {
		e.Errorf("without the group (-want +got):\n%s", diff)
	}
	_, err = e.store.Passages(e.ctx, scope, "other", ids)
	e.wantErr(err, retriever.ErrCollectionNotFound, "Passages beyond the scope")
}

func testPassagesOfReplaced(e *env) {
	e.create("docs")
	old := versioned("a", 1)
	gone := spec{uri: "gone", texts: []string{"gone"}}
	e.put(old, gone)
	ids := []string{old.upsert().Chunks[0].ID, gone.upsert().Chunks[0].ID}
	if got := e.passages(ids...); len(got) != len(ids) {
		e.Fatalf("%d passages, want %d", len(got), len(ids))
	}
	e.put(versioned("a", 2))
	_, err := e.store.Delete(e.ctx, "docs", []string{gone.id()})
	e.must(err)
	if got := e.passages(ids...); len(got) != 0 {
		e.Errorf("%d passages of what is no longer there", len(got))
	}
}

func testBareCandidates(e *env) {
	e.create("docs")
	e.put(generated(20, 8)...)
	q := query("shared "+word(1), 15)
	whole := e.candidates(q)
	q.Bare = true
	bare := e.candidates(q)
	var ids []string
	for _, c := range bare.Candidates {
		if c.Chunk.Text != "" || c.Document.URI != "" {
			e.Errorf("candidate %s is not bare", c.Chunk.ID)
		}
		ids = append(ids, c.Chunk.ID)
	}
	found := e.passages(ids...)
	if len(found) != len(ids) || !slices.IsSorted(ids) {
		e.Fatalf("%d passages of %d candidates, sorted %v", len(found), len(ids), slices.IsSorted(ids))
	}
	for i := range bare.Candidates {
		bare.Candidates[i].Passage = found[i]
	}
	if diff := cmp.Diff(whole, bare, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		e.Errorf("filled in (-whole +bare):\n%s", diff)
	}
}
