package qdrant_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/qdrant"
	"ragway/retriever/qdrant/qdranttest"
	"ragway/retriever/text"
)

// aged turns a collection into one that an older analysis made: its chunks hold one word
// that no query has, no dates, and its Metadata says nothing of an analysis.
func aged(t *testing.T, address, alias string) {
	t.Helper()
	raw := rawClient(t, address)
	points, err := raw.Scroll(t.Context(), &api.ScrollPoints{CollectionName: alias, Limit: api.PtrOf[uint32](10_000),
		Filter:      &api.Filter{Must: []*api.Condition{api.NewMatch("kind", "chunk")}},
		WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectorsInclude("dense")})
	if err != nil {
		t.Fatal(err)
	}
	var old []*api.PointStruct
	for _, p := range points {
		delete(p.Payload, "dates")
		old = append(old, &api.PointStruct{Id: p.Id, Payload: p.Payload, Vectors: api.NewVectorsMap(map[string]*api.Vector{
			"dense": api.NewVectorDense(p.GetVectors().GetVectors().GetVectors()["dense"].GetDenseVector().GetData()),
			"bm25":  api.NewVectorSparse([]uint32{7}, []float32{1})})})
	}
	if _, err := raw.Upsert(t.Context(), &api.UpsertPoints{CollectionName: alias, Wait: api.PtrOf(true), Points: old}); err != nil {
		t.Fatal(err)
	}
	if err := raw.UpdateCollection(t.Context(), &api.UpdateCollection{CollectionName: alias,
		Metadata: api.NewValueMap(map[string]any{"ragway_format": 1, "ragway_analysis": nil})}); err != nil {
		t.Fatal(err)
	}
}

func TestWordsOfAnOlderAnalysisAreRewritten(t *testing.T) {
	t.Run("in this process", func(t *testing.T) { testRewriting(t, new(qdranttest.Server).Start(t)) })
	t.Run("on a server", func(t *testing.T) { testRewriting(t, server(t)) })
}

func testRewriting(t *testing.T, address string) {
	prefix := newPrefix()
	opened := openedAs(t, address, prefix)
	if err := opened.Store.CreateCollection(t.Context(), retriever.Collection{Name: "docs", Fingerprint: testSpace}); err != nil {
		t.Fatal(err)
	}
	var docs []retriever.Upsert
	for i := range 600 { // pages of 256
		u := document(fmt.Sprint("doc ", i), "shared words")
		u.Document.Metadata = retriever.Metadata{"when": []any{"soon", fmt.Sprintf("2026-01-%02d", 1+i%28)}, "who's": "2026-01-31"}
		u.Seal()
		docs = append(docs, u)
	}
	put(t, opened.Store, docs)
	alias := prefix + "docs"
	before := chunks(t, address, alias)
	aged(t, address, alias)

	store := opened.Reopen()
	find := func(q retriever.CandidateQuery) int {
		q.Collection, q.Scope, q.Depth = "docs", retriever.Operator(), 700
		set, err := store.Candidates(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return len(set.Candidates)
	}
	late := &retriever.Filter{Op: retriever.OpGte, Key: "when", Value: "2026-01-28"}
	if n := find(retriever.CandidateQuery{Vector: retriever.Vector{1, 0}, Filter: late}); n != 600/28 {
		t.Errorf("%d chunks in a range of dates before the rewrite, want %d", n, 600/28)
	}
	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		info, err := rawClient(t, address).GetCollectionInfo(t.Context(), alias)
		if err != nil {
			t.Fatal(err)
		}
		meta := info.GetConfig().GetMetadata()
		if meta["ragway_analysis"].GetIntegerValue() == text.Version && meta["ragway_format"].GetIntegerValue() == 2 {
			break
		}
		select {
		case <-tick.C:
		case <-patience.C:
			t.Fatal("the collection is not rewritten")
		}
	}
	if diff := cmp.Diff(before, chunks(t, address, alias)); diff != "" {
		t.Errorf("chunks differ from what Put stored (-want +got):\n%s", diff)
	}
	store = opened.Second()
	if n := find(retriever.CandidateQuery{Text: "shared"}); n != 600 {
		t.Errorf("%d chunks found by a word, want 600", n)
	}
	if n := find(retriever.CandidateQuery{Vector: retriever.Vector{1, 0}, Filter: late}); n != 600/28 {
		t.Errorf("%d chunks in a range of dates, want %d", n, 600/28)
	}
}

// chunks are the chunk points as the server has them, by ID.
func chunks(t *testing.T, address, alias string) []string {
	t.Helper()
	points, err := rawClient(t, address).Scroll(t.Context(), &api.ScrollPoints{CollectionName: alias, Limit: api.PtrOf[uint32](10_000),
		Filter:      &api.Filter{Must: []*api.Condition{api.NewMatch("kind", "chunk")}},
		WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectorsInclude("dense", "bm25")})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range points {
		v := p.GetVectors().GetVectors().GetVectors()
		sparse := v["bm25"].GetSparseVector()
		var terms []string
		for i, id := range sparse.GetIndices() {
			terms = append(terms, fmt.Sprint(id, sparse.GetValues()[i]))
		}
		slices.Sort(terms)
		out = append(out, fmt.Sprint(p.Id.GetUuid(), " ", v["dense"].GetDenseVector().GetData(), terms, " ", api.NewValueStruct(&api.Struct{Fields: p.Payload}).String()))
	}
	return out
}

func TestWordsOfANewerAnalysisAreLeftAlone(t *testing.T) {
	p := newPeer(t)
	p.must(rawClient(t, p.address).UpdateCollection(p.ctx, &api.UpdateCollection{CollectionName: "ragway_docs",
		Metadata: api.NewValueMap(map[string]any{"ragway_analysis": text.Version + 1})}))
	_, err := p.open(qdrant.Options{}).Put(p.ctx, "docs", []retriever.Upsert{document("a", "alpha")})
	if !errors.Is(err, retriever.ErrNewerFormat) || p.stored() != 0 {
		t.Errorf("Put: %v with %d chunks, want ErrNewerFormat and none", err, p.stored())
	}
}
