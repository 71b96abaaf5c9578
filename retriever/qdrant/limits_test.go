package qdrant_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ragway/retriever"
	"ragway/retriever/qdrant"
)

// until calls ok, now and every few milliseconds, for as long as nobody would wait.
func (p *peer) until(what string, ok func() bool) {
	p.Helper()
	patience, tick := time.NewTimer(30*time.Second), time.NewTicker(5*time.Millisecond)
	defer patience.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-patience.C:
			p.Fatalf("not in 30 s: %s", what)
		}
	}
}

func TestAnswersMayBeLargerThan4MB(t *testing.T) {
	p := newPeer(t)
	u := document("large", slices.Repeat([]string{strings.Repeat("x", 100<<10)}, 60)...)
	u.Document.Hash = "large"
	u.Seal()
	p.put(u)
	_, chunks, err := p.store.Document(p.ctx, retriever.Operator(), u.Document.ID)
	p.must(err)
	if diff := cmp.Diff(u.Chunks, chunks); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
}

func TestPageBeyondEveryBoundIsReadInHalves(t *testing.T) {
	p := newPeer(t)
	u := document("many", slices.Repeat([]string{"shared"}, 100)...)
	p.put(u)
	p.on(api.Points_Get_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		if len(req.(*api.GetPoints).Ids) > 7 {
			return nil, status.Error(codes.ResourceExhausted, "grpc: received message larger than max")
		}
		return handle()
	})
	_, chunks, err := p.store.Document(p.ctx, retriever.Operator(), u.Document.ID)
	if err != nil || len(chunks) != 100 {
		t.Errorf("%d chunks, error %v", len(chunks), err)
	}
}

// go-client's pool would try each of these 3, 9 and 27 times.
func TestUnavailableIsTriedAFewTimesInAll(t *testing.T) {
	p := newPeer(t)
	p.on(api.Points_QueryBatch_FullMethodName, func(any, func() (any, error)) (any, error) {
		return nil, status.Error(codes.Unavailable, "the test says so")
	})
	for n := int64(1); n <= 3; n++ {
		_, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "x", Depth: 1})
		if got := p.server.Calls(api.Points_QueryBatch_FullMethodName); got != 5*n || !errors.Is(err, retriever.ErrUnavailable) {
			t.Errorf("query %d: %d attempts so far, error %v; want 5 each and ErrUnavailable", n, got, err)
		}
	}
}

func TestReadIsTriedElsewhereWhereANodeMissesItsShard(t *testing.T) {
	p := newPeer(t)
	p.put(document("a", "shared"))
	missing := status.Error(codes.Internal, "Service internal error: Local shard 1 not found")
	var failed atomic.Int64
	p.server.Intercept(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if failed.Add(1) == 1 || info.FullMethod == api.Points_Upsert_FullMethodName {
			return nil, missing
		}
		return handle(ctx, req)
	})
	if got := p.texts("shared"); len(got) != 1 {
		t.Errorf("%d chunks found, want 1", len(got))
	}
	before := p.server.Calls(api.Points_Upsert_FullMethodName)
	_, err := p.store.Put(p.ctx, "docs", []retriever.Upsert{document("b", "shared")})
	if n := p.server.Calls(api.Points_Upsert_FullMethodName) - before; n != 1 || !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("%d attempts of a write that a cluster refused, error %v; want one and ErrUnavailable", n, err)
	}
}

func TestMuteServerIsUnavailable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, answers nothing
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, err = qdrant.Open(t.Context(), qdrant.Options{Addresses: []string{listener.Addr().String()}, Timeout: 100 * time.Millisecond})
	if !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// Nodes go and come back one after the other; at any time one is there.
func TestReadsAndWritesSurviveEachNode(t *testing.T) {
	p := newPeer(t)
	var addresses [2]string
	var stop [2]func()
	serve := func(i int, address string) {
		listener, err := net.Listen("tcp", address)
		p.must(err)
		addresses[i], stop[i] = listener.Addr().String(), p.server.Serve(t, listener)
	}
	serve(0, "127.0.0.1:0")
	serve(1, "127.0.0.1:0")
	defer func() { stop[0](); stop[1]() }()
	store := p.open(qdrant.Options{Addresses: addresses[:]})
	stored := 0
	works := func(when string) {
		for range 6 { // the addresses are used in turn
			n, err := store.Put(p.ctx, "docs", []retriever.Upsert{document(fmt.Sprint("doc ", stored), "shared")})
			if stored += n; err != nil {
				t.Fatalf("%s: %v", when, err)
			}
		}
		set, err := store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 100})
		if err != nil || len(set.Candidates) != stored {
			t.Fatalf("%s: %d candidates, error %v; want %d", when, len(set.Candidates), err, stored)
		}
	}
	works("with both")
	for i := range stop {
		stop[i]()
		works(fmt.Sprintf("without node %d", i))
		serve(i, addresses[i])
		before := p.server.Connections(addresses[i])
		p.until("the node that came back is connected to", func() bool { return p.server.Connections(addresses[i]) > before })
	}
	works("with both again")
}

func TestMovedAliasIsFollowed(t *testing.T) {
	p := newPeer(t)
	p.put(document("old", "shared"))
	other := p.open(qdrant.Options{CollectionPrefix: "other_"})
	p.must(other.CreateCollection(p.ctx, retriever.Collection{Name: "docs", Fingerprint: testSpace}))
	_, err := other.Put(p.ctx, "docs", []retriever.Upsert{document("new", "shared")})
	p.must(err)
	raw := rawClient(t, p.address)
	aliases, err := raw.ListAliases(p.ctx)
	p.must(err)
	at := slices.IndexFunc(aliases, func(a *api.AliasDescription) bool { return a.GetAliasName() == "other_docs" })
	p.must(raw.UpdateAliases(p.ctx, []*api.AliasOperations{api.NewAliasDelete("ragway_docs"), api.NewAliasCreate("ragway_docs", aliases[at].GetCollectionName())}))
	p.until("the store finds what the alias leads to", func() bool {
		set, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 5})
		p.must(err)
		return len(set.Candidates) == 1 && set.Candidates[0].Document.URI == "new"
	})
}

// An empty selector deletes every point of a collection.
func TestEveryDeleteNamesAKind(t *testing.T) {
	p := newPeer(t)
	deletes := 0
	p.on(api.Points_Delete_FullMethodName, func(req any, handle func() (any, error)) (any, error) {
		deletes++
		filter := req.(*api.DeletePoints).GetPoints().GetFilter()
		if must := filter.GetMust(); len(must) < 2 || must[0].GetField().GetKey() != "kind" {
			t.Errorf("a delete of %v", filter)
		}
		return handle()
	})
	a := document("a", "one", "two")
	p.put(a)
	p.put(document("a", "three"))
	_, err := p.store.Delete(p.ctx, "docs", []string{a.Document.ID, "", "not an ID"})
	p.must(err)
	n, err := p.store.Delete(p.ctx, "docs", nil)
	p.must(err)
	p.must(p.store.DeleteRecords(p.ctx, "docs", "kind", "key"))
	p.must(p.store.DeleteCollection(p.ctx, "docs"))
	if n != 0 || deletes < 5 {
		t.Errorf("%d deletes seen, %d documents deleted by no ID", deletes, n)
	}
}
