package qdrant_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"ragway/retriever"
	"ragway/retriever/qdrant"
	"ragway/retriever/qdrant/qdranttest"
)

func TestServerErrorsBecomeTheirs(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want error
	}{
		{"server-side timeout", status.Error(codes.Canceled, "Timeout expired"), retriever.ErrUnavailable},
		{"deadline", status.Error(codes.DeadlineExceeded, "deadline"), retriever.ErrUnavailable},
		{"lost majority", status.Error(codes.Internal, "2 out of 3 shards failed"), retriever.ErrUnavailable},
		{"collection dropped meanwhile", status.Error(codes.NotFound, "no such"), retriever.ErrCollectionNotFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPeer(t)
			p.on(api.Points_QueryBatch_FullMethodName, func(any, func() (any, error)) (any, error) { return nil, tc.err })
			_, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "x", Depth: 1})
			if !errors.Is(err, tc.want) || errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestRateLimitIsUnavailable(t *testing.T) {
	p := newPeer(t)
	p.server.Intercept(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		if info.FullMethod != api.Points_QueryBatch_FullMethodName {
			return handle(ctx, req)
		}
		_ = grpc.SetTrailer(ctx, metadata.Pairs("retry-after", "7"))
		return nil, status.Error(codes.ResourceExhausted, "Rate limiting exceeded")
	})
	_, err := p.store.Candidates(p.ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "x", Depth: 1})
	if !errors.Is(err, retriever.ErrUnavailable) || !strings.Contains(err.Error(), "7 s") {
		t.Errorf("got %v, want ErrUnavailable that says when", err)
	}
}

func TestUnavailableIsRetriedOnTheSameIDs(t *testing.T) {
	p := newPeer(t)
	var failed atomic.Int32
	p.on(api.Points_Upsert_FullMethodName, func(_ any, handle func() (any, error)) (any, error) {
		if failed.Add(1) <= 2 {
			_, _ = handle() // it landed, and the answer was lost
			return nil, status.Error(codes.Unavailable, "connection reset")
		}
		return handle()
	})
	p.put(document("a", "shared one"))
	if n := p.stored(); n != 1 || failed.Load() < 3 {
		t.Errorf("%d chunks after %d upserts, want 1 after at least 3", n, failed.Load())
	}
}

func TestDeadServerIsUnavailable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	if _, err := qdrant.Open(context.Background(), qdrant.Options{Addresses: []string{address}}); !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

func TestAnotherAddressTakesOver(t *testing.T) {
	p := newPeer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	stop := p.server.Serve(t, listener)
	defer stop()
	store := p.open(qdrant.Options{Addresses: []string{listener.Addr().String(), p.address}})
	for range 4 {
		p.must(store.Ping(p.ctx))
	}
	stop()
	for range 20 {
		if _, err := store.Collection(p.ctx, retriever.Operator(), "docs"); err != nil {
			t.Fatalf("with one address down: %v", err)
		}
	}
}

func TestKeyIsSentAndAWrongOneNamed(t *testing.T) {
	server := &qdranttest.Server{APIKey: "secret"}
	address := server.Start(t)
	good, err := qdrant.Open(context.Background(), qdrant.Options{Addresses: []string{address}, APIKey: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	if err := good.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"", "wrong"} {
		_, err := qdrant.Open(context.Background(), qdrant.Options{Addresses: []string{address}, APIKey: key})
		if err == nil || !strings.Contains(err.Error(), "API key") || key != "" && strings.Contains(err.Error(), key) {
			t.Errorf("key %q: got %v, want an error about the key, without it", key, err)
		}
	}
}

func TestOldServerIsRefused(t *testing.T) {
	for version, ok := range map[string]bool{"1.16.3": false, "0.11.0": false, "dev": false, "1.17.0": true, "1.20.1": true, "2.0.0": true} {
		server := &qdranttest.Server{Version: version}
		s, err := qdrant.Open(context.Background(), qdrant.Options{Addresses: []string{server.Start(t)}})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), version) {
			t.Errorf("version %s: %v", version, err)
		}
		if err == nil {
			_ = s.Close()
		}
	}
}

func TestNewerFormatIsLeftAlone(t *testing.T) {
	p := newPeer(t)
	newer := func(collection string) {
		p.must(rawClient(t, p.address).UpdateCollection(p.ctx, &api.UpdateCollection{CollectionName: collection,
			Metadata: api.NewValueMap(map[string]any{"ragway_format": 99})}))
	}
	newer("ragway_docs")
	fresh := p.open(qdrant.Options{})
	_, err := fresh.Put(p.ctx, "docs", []retriever.Upsert{document("a", "alpha")})
	if !errors.Is(err, retriever.ErrNewerFormat) || p.stored() != 0 {
		t.Errorf("Put: %v with %d chunks, want ErrNewerFormat and none", err, p.stored())
	}
	newer("ragway_state")
	if _, err := qdrant.Open(p.ctx, qdrant.Options{Addresses: []string{p.address}}); !errors.Is(err, retriever.ErrNewerFormat) {
		t.Errorf("Open: %v, want ErrNewerFormat", err)
	}
}

func TestPingWaitsForTheReplayOfAcknowledgedWrites(t *testing.T) {
	p := newPeer(t)
	p.server.SetQueue(3)
	store := p.open(qdrant.Options{})
	if err := store.Ping(p.ctx); !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("during the replay: %v, want ErrUnavailable", err)
	}
	p.server.SetQueue(0)
	p.must(store.Ping(p.ctx))
	p.server.SetQueue(5) // an ingest under way is no replay
	p.must(store.Ping(p.ctx))
}
