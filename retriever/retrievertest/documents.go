package retrievertest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func testRoundTrip(e *env) {
	e.create("docs")
	want := spec{
		uri: "dir/ünï.md", texts: []string{"größe und \"quotes\" \\ 漢字", "second\n\npart"}, context: "Title > Part",
		metadata: retriever.Metadata{"year": 2024.0, "draft": false, "lang": "de", "tags": []any{"a", "b"}, "nums": []any{1.0, -2.5}},
		acl:      []string{"group:hr", "user:ann"},
	}.upsert()
	e.putAll([]retriever.Upsert{want})

	doc, chunks, err := e.store.Document(e.ctx, retriever.Operator(), want.Document.ID)
	e.must(err)
	if doc.UpdatedAt.IsZero() {
		e.Error("UpdatedAt is not set")
	}
	if diff := cmp.Diff(want, retriever.Upsert{Document: doc, Chunks: chunks}, storedDocument); diff != "" {
		e.Errorf("Document (-want +got):\n%s", diff)
	}
	listed := e.documents("docs", "")
	if diff := cmp.Diff([]retriever.Document{want.Document}, listed, storedDocument); diff != "" {
		e.Errorf("Documents (-want +got):\n%s", diff)
	}
	set := e.candidates(query("second", 5))
	for _, c := range set.Candidates {
		chunk := want.Chunks[c.Chunk.Ordinal]
		chunk.Vector = nil
		if diff := cmp.Diff(retriever.Upsert{Document: want.Document, Chunks: []retriever.Chunk{chunk}},
			retriever.Upsert{Document: c.Document, Chunks: []retriever.Chunk{c.Chunk}}, storedDocument); diff != "" {
			e.Errorf("candidate (-want +got):\n%s", diff)
		}
	}
	if len(set.Candidates) == 0 {
		e.Error("no candidates")
	}
}

func (e *env) wantCounts(documents, chunks, vectors int) {
	e.Helper()
	info, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.must(err)
	if got, want := [3]int{info.Documents, info.Chunks, info.Vectors}, [3]int{documents, chunks, vectors}; got != want {
		e.Errorf("documents, chunks, vectors: got %v, want %v", got, want)
	}
	if info.LastIngest.IsZero() {
		e.Error("LastIngest is not set")
	}
}

func testPutTwice(e *env) {
	e.create("docs")
	a := spec{uri: "a", texts: []string{"one shared", "two shared"}}
	first := e.put(a, spec{uri: "b", texts: []string{"three shared"}})
	before, _, err := e.store.Document(e.ctx, retriever.Operator(), a.id())
	e.must(err)
	e.put(a, a)
	e.wantCounts(2, 3, 3)
	after, chunks, err := e.store.Document(e.ctx, retriever.Operator(), a.id())
	e.must(err)
	if after.UpdatedAt.Before(before.UpdatedAt) {
		e.Errorf("UpdatedAt went back from %v to %v", before.UpdatedAt, after.UpdatedAt)
	}
	if diff := cmp.Diff(first[0], retriever.Upsert{Document: after, Chunks: chunks}, storedDocument); diff != "" {
		e.Errorf("after the second Put (-want +got):\n%s", diff)
	}
	if set := e.candidates(query("shared", 10)); len(set.Candidates) != 3 {
		e.Errorf("%d candidates, want 3", len(set.Candidates))
	}
}

func testReplace(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"oldword shared", "oldword shared again", "oldword third"}, metadata: retriever.Metadata{"v": 1.0}},
		spec{uri: "b", texts: []string{"bystander shared"}, metadata: retriever.Metadata{"v": 1.0}})
	now := e.put(spec{uri: "a", texts: []string{"newword shared"}, metadata: retriever.Metadata{"v": 2.0}})[0]

	e.wantCounts(2, 2, 2)
	old := query("oldword", 10)
	old.Vector = nil
	if set := e.candidates(old); len(set.Candidates) != 0 {
		e.Errorf("a chunk of the old version is found by its word: %v", set.Candidates[0].Chunk.Text)
	}
	set := e.candidates(query("oldword shared", 10))
	var texts []string
	for _, c := range set.Candidates {
		texts = append(texts, c.Chunk.Text)
	}
	slices.Sort(texts)
	if want := []string{"bystander shared", "newword shared"}; !slices.Equal(texts, want) {
		e.Errorf("candidates: got %q, want %q", texts, want)
	}
	q := query("shared", 10)
	q.Filter = &retriever.Filter{Op: retriever.OpEq, Key: "v", Value: 1.0}
	e.wantURIs(uris(e.candidates(q)), []string{"b"}, "filter on the old value")
	_, chunks, err := e.store.Document(e.ctx, retriever.Operator(), now.Document.ID)
	e.must(err)
	if diff := cmp.Diff(now.Chunks, chunks, storedDocument); diff != "" {
		e.Errorf("chunks (-want +got):\n%s", diff)
	}
}

func testNoChunks(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"alpha"}})
	e.put(spec{uri: "a"}, spec{uri: "b"})
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a", "b"}, "Documents")
	if set := e.candidates(query("alpha", 5)); len(set.Candidates) != 0 {
		e.Errorf("candidates of documents without chunks: %v", uris(set))
	}
	_, chunks, err := e.store.Document(e.ctx, retriever.Operator(), spec{uri: "a"}.id())
	e.must(err)
	if len(chunks) != 0 {
		e.Errorf("%d chunks, want none", len(chunks))
	}
}

func testDelete(e *env) {
	e.create("docs")
	a, b, c := spec{uri: "a", texts: []string{"shared one"}}, spec{uri: "b", texts: []string{"shared two"}}, spec{uri: "c", texts: []string{"shared three"}}
	e.put(a, b, c)
	n, err := e.store.Delete(e.ctx, "docs", []string{a.id(), spec{uri: "never"}.id(), b.id()})
	e.must(err)
	if n != 2 {
		e.Errorf("deleted %d, want 2", n)
	}
	n, err = e.store.Delete(e.ctx, "docs", []string{a.id()})
	e.must(err)
	if n != 0 {
		e.Errorf("deleted %d the second time, want 0", n)
	}
	n, err = e.store.Delete(e.ctx, "docs", nil)
	e.must(err)
	if n != 0 {
		e.Errorf("deleted %d of an empty list", n)
	}
	_, _, err = e.store.Document(e.ctx, retriever.Operator(), a.id())
	e.wantErr(err, retriever.ErrDocumentNotFound, "Document")
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"c"}, "Documents")
	e.wantURIs(uris(e.candidates(query("shared one two", 10))), []string{"c"}, "Candidates")
	e.wantCounts(1, 1, 1)
	e.put(a)
	e.wantURIs(uris(e.candidates(query("shared", 10))), []string{"a", "c"}, "Candidates after putting it back")
}

func testDocumentsOrderAndPrefix(e *env) {
	e.create("docs")
	names := []string{"docs/a.md", "docs/b.md", "docs/B.md", "docs2/a.md", "d%cs/x", "d_cs/x", "docs/é.md", "docs/ü*.md"}
	var specs []spec
	for _, n := range names {
		specs = append(specs, spec{uri: n, texts: []string{n}})
	}
	for i := range 40 { // enough for several pages of a store that pages
		names = append(names, fmt.Sprintf("many/%03d", i))
		specs = append(specs, spec{uri: names[len(names)-1], texts: []string{"filler"}})
	}
	e.put(specs...)
	for _, prefix := range []string{"", "docs", "docs/", "docs/b", "d%", "d_", "docs/é", "docs/ü*", "many/", "nothing", "docs/a.md"} {
		var want []string
		for _, n := range names {
			if strings.HasPrefix(n, prefix) {
				want = append(want, n)
			}
		}
		docs := e.documents("docs", prefix)
		e.wantURIs(documentURIs(docs), want, fmt.Sprintf("prefix %q", prefix))
		if !slices.IsSortedFunc(docs, func(a, b retriever.Document) int { return strings.Compare(a.ID, b.ID) }) {
			e.Errorf("prefix %q: not ordered by ID", prefix)
		}
	}
}

func testDocumentsBreak(e *env) {
	e.create("docs")
	for i := range 5 {
		e.put(spec{uri: fmt.Sprint(i), texts: []string{"text"}})
	}
	for range 50 { // a leaked connection or cursor would run out
		for _, err := range e.store.Documents(e.ctx, retriever.Operator(), "docs", "") {
			e.must(err)
			break
		}
	}
	// A store must be usable from inside the loop.
	for d, err := range e.store.Documents(e.ctx, retriever.Operator(), "docs", "") {
		e.must(err)
		n, err := e.store.Delete(e.ctx, "docs", []string{d.ID})
		e.must(err)
		if n != 1 {
			e.Errorf("deleted %d inside the loop, want 1", n)
		}
	}
	e.wantURIs(documentURIs(e.documents("docs", "")), nil, "after deleting all")
}
