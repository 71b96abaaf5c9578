package qdrant_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/proto"

	"ragway/retriever"
	"ragway/retriever/qdrant"
)

func TestBatchesAreBoundedInPointsBytesAndNumber(t *testing.T) {
	const streams = 3
	p := newPeer(t)
	store := p.open(qdrant.Options{WriteStreams: streams})
	var docs []retriever.Upsert
	for i := range 20 {
		docs = append(docs, document(fmt.Sprint("small ", i), slices.Repeat([]string{fmt.Sprint("shared ", i)}, 40)...))
	}
	wide := document("wide", slices.Repeat([]string{strings.Repeat("x", 100<<10)}, 100)...)
	wide.Document.Hash = "wide"
	wide.Seal()
	docs = append(docs, document("long", slices.Repeat([]string{"shared"}, 700)...), wide)
	var under, most, calls atomic.Int64
	p.on(api.Points_Upsert_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		now := under.Add(1)
		defer under.Add(-1)
		for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
		}
		calls.Add(1)
		u := req.(*api.UpsertPoints)
		if n, size := len(u.Points), proto.Size(u); n > 256 || size > 4<<20 {
			t.Errorf("a batch of %d points and %d bytes", n, size)
		}
		return handle()
	})
	n, err := store.Put(p.ctx, "docs", docs)
	p.must(err)
	p.server.Intercept(nil)
	if n != len(docs) || p.stored() != 20*40+700+100 {
		t.Errorf("%d documents and %d chunks stored", n, p.stored())
	}
	if most.Load() > streams {
		t.Errorf("%d batches at once, at most %d allowed", most.Load(), streams)
	}
}

func TestDocumentTwiceInOnePutEndsInItsLaterVersion(t *testing.T) {
	p := newPeer(t)
	var docs []retriever.Upsert
	versions := []string{"alpha", "beta", "gamma", "delta", "epsilon"}
	for _, version := range versions {
		for i := range 100 {
			docs = append(docs, document(fmt.Sprint("doc ", i), version, "shared"))
		}
	}
	n, err := p.store.Put(p.ctx, "docs", docs)
	p.must(err)
	if n != len(docs) || p.stored() != 200 {
		t.Errorf("%d stored, %d chunks on the server; want %d and 200", n, p.stored(), len(docs))
	}
	for _, version := range versions[:4] {
		if got := p.texts(version); len(got) != 0 {
			t.Errorf("version %s is still found in %d chunks", version, len(got))
		}
	}
}

// A group fails while later ones are under way or done: what is reported is the prefix.
func TestFailedGroupEndsThePrefix(t *testing.T) {
	p := newPeer(t)
	var docs []retriever.Upsert
	for i := range 256 {
		docs = append(docs, document(fmt.Sprint("doc ", i), "shared"))
	}
	third := docs[2*64].Document.ID
	p.on(api.Points_Upsert_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		for _, point := range req.(*api.UpsertPoints).Points {
			if point.Id.GetUuid() == third {
				return nil, crash
			}
		}
		return handle()
	})
	n, err := p.store.Put(p.ctx, "docs", docs)
	if err == nil || n != 128 {
		t.Fatalf("stored %d, error %v; want the 128 of the two groups before", n, err)
	}
	p.server.Intercept(nil)
	for i, d := range docs[:128] {
		if _, _, err := p.store.Document(p.ctx, retriever.Operator(), d.Document.ID); err != nil {
			t.Fatalf("document %d of the prefix: %v", i, err)
		}
	}
	n, err = p.store.Put(p.ctx, "docs", docs)
	p.must(err)
	if n != 256 || p.stored() != 256 {
		t.Errorf("again: %d stored, %d chunks", n, p.stored())
	}
}
