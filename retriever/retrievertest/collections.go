package retrievertest

import (
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/retriever"
)

func (e *env) collectionNames(scope retriever.Scope) []string {
	e.Helper()
	infos, err := e.store.Collections(e.ctx, scope)
	e.must(err)
	names := []string{}
	for _, info := range infos {
		names = append(names, info.Name)
	}
	return names
}

func testCreateAndList(e *env) {
	if got := e.collectionNames(retriever.Operator()); len(got) != 0 {
		e.Fatalf("a new store has collections: %v", got)
	}
	e.create("zebra", "docs", "a_1-x")
	want := []string{"a_1-x", "docs", "zebra"}
	if diff := cmp.Diff(want, e.collectionNames(retriever.Operator())); diff != "" {
		e.Errorf("collections (-want +got):\n%s", diff)
	}
}

func testSettingsComeBack(e *env) {
	f := space
	f.QueryPrefix, f.DocumentPrefix, f.Probe = "query: ", "passage: ", embedder.Vector(retriever.ProbeText)
	want := retriever.Collection{
		Name: "docs", Fingerprint: f, Language: "de", CreatedAt: time.Date(2025, 2, 3, 4, 5, 6, 0, time.UTC),
		Chunking: retriever.Chunking{Strategy: "auto", Tokens: 400, Overlap: 40, Tokenizer: "o200k_base"},
	}
	e.must(e.store.CreateCollection(e.ctx, want))
	got, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.must(err)
	if diff := cmp.Diff(want, got.Collection, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		e.Errorf("collection (-want +got):\n%s", diff)
	}
	if got.Documents != 0 || got.Chunks != 0 || got.Vectors != 0 || !got.LastIngest.IsZero() {
		e.Errorf("an empty collection counts something: %+v", got)
	}
}

func testCreateTwice(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"first"}})
	err := e.store.CreateCollection(e.ctx, retriever.Collection{Name: "docs", Language: "de"})
	e.wantErr(err, retriever.ErrCollectionExists, "create again with other settings")
	info, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.must(err)
	if info.Language != "" || info.Documents != 1 {
		e.Errorf("the collection was touched: %+v", info)
	}
}

func testBadNames(e *env) {
	for _, name := range []string{"", "Docs", "a b", "-a", "_a", "a/b", "*", "a;drop"} {
		if err := e.store.CreateCollection(e.ctx, retriever.Collection{Name: name}); err == nil {
			e.Errorf("created a collection named %q", name)
		}
	}
	if got := e.collectionNames(retriever.Operator()); len(got) != 0 {
		e.Errorf("collections after refused names: %v", got)
	}
}

func testDeleteCollection(e *env) {
	e.create("docs", "other")
	a := spec{uri: "a", texts: []string{"alpha"}, metadata: retriever.Metadata{"n": 1.0}}
	e.put(a)
	e.put(spec{collection: "other", uri: "a", texts: []string{"alpha"}})
	for _, c := range []string{"docs", "other"} {
		e.must(e.store.PutRecords(e.ctx, retriever.Record{Collection: c, Kind: "k", Key: "1", Value: []byte(`1`)}))
	}
	e.must(e.store.DeleteCollection(e.ctx, "docs"))
	e.wantErr(e.store.DeleteCollection(e.ctx, "docs"), retriever.ErrCollectionNotFound, "delete again")

	_, _, err := e.store.Document(e.ctx, retriever.Operator(), a.id())
	e.wantErr(err, retriever.ErrDocumentNotFound, "document of the deleted collection")
	if got := e.collectionNames(retriever.Operator()); !cmp.Equal(got, []string{"other"}) {
		e.Errorf("collections: %v", got)
	}
	for c, want := range map[string]int{"docs": 0, "other": 1} {
		records, err := e.store.Records(e.ctx, c, "k")
		e.must(err)
		if len(records) != want {
			e.Errorf("%s: %d records, want %d", c, len(records), want)
		}
	}

	// The name may come back with another space and other field types.
	e.must(e.store.CreateCollection(e.ctx, retriever.Collection{Name: "docs", Fingerprint: retriever.Fingerprint{Model: "m", Dimension: 2}}))
	if docs := e.documents("docs", ""); len(docs) != 0 {
		e.Errorf("documents in the new collection: %v", documentURIs(docs))
	}
	u := spec{uri: "b", texts: []string{"beta"}, metadata: retriever.Metadata{"n": "text"}}.upsert()
	u.Space = retriever.Fingerprint{Model: "m", Dimension: 2}
	u.Chunks[0].Vector = retriever.Vector{0, 1}
	e.putAll([]retriever.Upsert{u})
	set := e.candidates(retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "alpha beta", Depth: 5})
	e.wantURIs(uris(set), []string{"b"}, "new collection")
}

func testMissingCollection(e *env) {
	_, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.wantErr(err, retriever.ErrCollectionNotFound, "Collection")
	_, err = e.store.Put(e.ctx, "docs", []retriever.Upsert{spec{uri: "a", texts: []string{"x"}}.upsert()})
	e.wantErr(err, retriever.ErrCollectionNotFound, "Put")
	_, err = e.store.Delete(e.ctx, "docs", []string{spec{uri: "a"}.id()})
	e.wantErr(err, retriever.ErrCollectionNotFound, "Delete")
	_, err = collect(e.store.Documents(e.ctx, retriever.Operator(), "docs", ""))
	e.wantErr(err, retriever.ErrCollectionNotFound, "Documents")
	_, err = e.store.Candidates(e.ctx, query("x", 5))
	e.wantErr(err, retriever.ErrCollectionNotFound, "Candidates")
	e.wantErr(e.store.DeleteCollection(e.ctx, "docs"), retriever.ErrCollectionNotFound, "DeleteCollection")
}
