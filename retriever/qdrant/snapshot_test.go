package qdrant_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
	"ragway/retriever/qdrant"
	"ragway/retriever/qdrant/qdranttest"
)

func TestSnapshotIsOfTheCollectionAndTheState(t *testing.T) {
	t.Run("in this process", func(t *testing.T) { testSnapshot(t, new(qdranttest.Server).Start(t)) })
	t.Run("on a server", func(t *testing.T) { testSnapshot(t, server(t)) })
}

func testSnapshot(t *testing.T, address string) {
	prefix := newPrefix()
	store := openedAs(t, address, prefix).Store.(*qdrant.Store)
	if _, err := store.Snapshots(t.Context(), "docs"); !errors.Is(err, retriever.ErrCollectionNotFound) {
		t.Errorf("of a missing one: %v", err)
	}
	if err := store.CreateCollection(t.Context(), retriever.Collection{Name: "docs", Fingerprint: testSpace}); err != nil {
		t.Fatal(err)
	}
	put(t, store, []retriever.Upsert{document("a", "shared")})
	got, err := store.Snapshots(t.Context(), "docs")
	if err != nil || len(got) != 2 {
		t.Fatalf("snapshots %+v, error %v", got, err)
	}
	for i, want := range []string{prefix + "docs.", prefix + "state"} {
		if s := got[i]; s.Address != address || !strings.HasPrefix(s.Collection, want) || !strings.HasSuffix(s.Name, ".snapshot") || s.Bytes == 0 && i == 0 {
			t.Errorf("snapshot %+v, want one of %s", s, want)
		}
	}
}

func TestEachNodeMakesASnapshot(t *testing.T) {
	p := newPeer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	defer p.server.Serve(t, listener)() // the same server, a node of its own to the client
	second := listener.Addr().String()
	store := p.open(qdrant.Options{Addresses: []string{p.address, second}})
	made, err := store.Snapshots(p.ctx, "docs")
	p.must(err)
	var nodes []string
	for _, s := range made {
		nodes = append(nodes, s.Address)
	}
	if diff := cmp.Diff([]string{p.address, p.address, second, second}, nodes); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
}
