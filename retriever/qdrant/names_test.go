package qdrant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/qdrant"
)

func TestPrefixesThatBeginAlikeStayApart(t *testing.T) {
	p := newPeer(t)
	longer := p.open(qdrant.Options{CollectionPrefix: "ragway_a_"})
	p.must(longer.CreateCollection(p.ctx, retriever.Collection{Name: "hidden"}))
	infos, err := p.store.Collections(p.ctx, retriever.Operator())
	p.must(err)
	if len(infos) != 1 || infos[0].Name != "docs" {
		t.Errorf("collections %+v, want docs alone", infos)
	}
	if _, err := p.store.Collection(p.ctx, retriever.Operator(), "a_hidden"); err == nil {
		t.Error("the other store's collection is shown under another name")
	}
}

func TestCollectionMayBeNamedState(t *testing.T) {
	p := newPeer(t)
	p.must(p.store.CreateCollection(p.ctx, retriever.Collection{Name: "state"}))
	infos, err := p.store.Collections(p.ctx, retriever.Operator())
	p.must(err)
	var names []string
	for _, i := range infos {
		names = append(names, i.Name)
	}
	if diff := cmp.Diff([]string{"docs", "state"}, names); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
	p.must(p.store.DeleteCollection(p.ctx, "state"))
	p.must(p.store.PutRecords(p.ctx, retriever.Record{Kind: "k", Key: "1", Value: []byte("1")}))
}

func TestUnfinishedCreationIsTakenOver(t *testing.T) {
	p := newPeer(t)
	p.must(rawClient(t, p.address).DeleteAlias(p.ctx, "ragway_docs"))
	p.must(p.store.CreateCollection(p.ctx, retriever.Collection{Name: "docs", Fingerprint: testSpace}))
	p.put(document("a", "alpha"))
}

func TestAnyMetadataKeyCanBeFilteredBy(t *testing.T) {
	p := newPeer(t)
	for _, key := range []string{"plain", "with.dot", "a[0]", `quo"te`, `back\slash`, "größe", "two words", "漢字"} {
		u := document("doc "+key, "shared "+"word")
		u.Document.Metadata = retriever.Metadata{key: "yes"}
		u.Seal()
		p.put(u)
		set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 50,
			Filter: &retriever.Filter{Op: retriever.OpEq, Key: key, Value: "yes"}})
		if err != nil || len(set.Candidates) != 1 || set.Candidates[0].Document.URI != "doc "+key {
			t.Errorf("%q: %d candidates, error %v", key, len(set.Candidates), err)
		}
	}
}

// Open WebUI and others read a collection by these names.
func TestPayloadHasTheNamesOthersRead(t *testing.T) {
	p := newPeer(t)
	u := document("dir/a.md", "the text")
	u.Document.Title, u.Document.URL, u.Document.Metadata = "A title", "https://example.org/a", retriever.Metadata{"lang": "en"}
	u.Chunks[0].Page = 3
	u.Seal()
	p.put(u)
	points, err := rawClient(t, p.address).Get(p.ctx, &api.GetPoints{CollectionName: "ragway_docs",
		Ids: []*api.PointId{api.NewID(u.Chunks[0].ID)}, WithPayload: api.NewWithPayload(true)})
	p.must(err)
	if len(points) != 1 {
		t.Fatalf("%d points, want the chunk under its own ID", len(points))
	}
	got := map[string]any{"page": points[0].Payload["page"].GetIntegerValue(),
		"lang": points[0].Payload["metadata"].GetStructValue().GetFields()["lang"].GetStringValue()}
	for _, name := range []string{"content", "title", "source", "url", "document_id"} {
		got[name] = points[0].Payload[name].GetStringValue()
	}
	want := map[string]any{"content": "the text", "title": "A title", "source": "dir/a.md", "url": "https://example.org/a",
		"document_id": u.Document.ID, "page": int64(3), "lang": "en"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}
