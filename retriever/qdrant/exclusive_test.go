package qdrant_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"

	"ragway/retriever"
	"ragway/retriever/qdrant"
)

// killedCreating is a server on which the process "dead" was killed before it could name
// the collection "new" that it had made, nor give up its turn.
func killedCreating(t *testing.T, now func() time.Time) *peer {
	t.Helper()
	p := newPeer(t)
	ctx, kill := context.WithCancel(p.ctx)
	dead := p.open(qdrant.Options{Owner: "dead", Now: now})
	var killed atomic.Bool
	p.server.Intercept(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		// Before kill: once its context ends, the process may call before this returns.
		if info.FullMethod == api.Collections_UpdateAliases_FullMethodName {
			killed.Store(true)
			kill()
		}
		if killed.Load() {
			return nil, crash
		}
		return handle(ctx, req)
	})
	if err := dead.CreateCollection(ctx, retriever.Collection{Name: "new", Fingerprint: testSpace}); err == nil {
		t.Fatal("the creation was to be cut off")
	}
	p.server.Intercept(nil)
	return p
}

func TestKilledCreationIsTakenOverAtOnce(t *testing.T) {
	clock := func() time.Time { return time.Unix(1_800_000_000, 0) } // stands still: nothing expires
	p := killedCreating(t, clock)
	next := p.open(qdrant.Options{Owner: "next", Now: clock, Abandoned: func(owner string) bool { return owner == "dead" }})
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	p.must(next.CreateCollection(ctx, retriever.Collection{Name: "new", Fingerprint: testSpace}))
	if _, err := next.Collection(p.ctx, retriever.Operator(), "new"); err != nil {
		t.Error(err)
	}
}

func TestCreationThatMayStillRunIsWaitedFor(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := killedCreating(t, func() time.Time { return now })
	alive := func(string) bool { return false }
	next := p.open(qdrant.Options{Owner: "next", Now: func() time.Time { return now }, Abandoned: alive})
	ctx, cancel := context.WithTimeout(p.ctx, 200*time.Millisecond)
	defer cancel()
	if err := next.CreateCollection(ctx, retriever.Collection{Name: "new", Fingerprint: testSpace}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want to be kept waiting", err)
	}
	later := p.open(qdrant.Options{Now: func() time.Time { return now.Add(11 * time.Second) }, Abandoned: alive})
	p.must(later.CreateCollection(p.ctx, retriever.Collection{Name: "new", Fingerprint: testSpace}))
}
