// Package qdranttest is a Qdrant server for tests: in this process, in memory, with the
// calls that ragway makes and the behaviour that a real 1.18 server was seen to have where
// it surprises. Results of equal score come in random order, an empty filter matches
// everything, unindexed filters are refused under strict mode, vectors with NaN are taken
// and rank first, a batch of queries is not a snapshot, and an update filter inserts what
// does not exist. Only tests import it.
package qdranttest

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Server is the state of one server. The zero value is an empty one.
type Server struct {
	// APIKey, if set, is asked of every call but HealthCheck.
	APIKey string
	// Version is what HealthCheck says; "1.18.3" when empty.
	Version string

	mu          sync.Mutex
	collections map[string]*collection
	aliases     map[string]string

	hook    atomic.Pointer[grpc.UnaryServerInterceptor]
	queue   atomic.Uint64
	indexed atomic.Uint64
	calls   sync.Map // method ▶ *atomic.Int64
	clients sync.Map // address ▶ *atomic.Int64
}

// Start serves on a loopback port until the test ends and returns its address.
func (s *Server) Start(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := s.Serve(t, listener)
	t.Cleanup(stop)
	return listener.Addr().String()
}

// Serve serves on the listener until stop is called, which breaks open connections.
func (s *Server) Serve(t *testing.T, listener net.Listener) (stop func()) {
	t.Helper()
	// go-client pings more often than grpc-go allows by default, which Qdrant does.
	pings := grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true})
	listener = counted{listener, counter(&s.clients, listener.Addr().String())}
	server := grpc.NewServer(pings, grpc.ChainUnaryInterceptor(s.authenticate, s.intercept))
	api.RegisterQdrantServer(server, healthService{s: s})
	api.RegisterCollectionsServer(server, collectionService{s: s})
	api.RegisterPointsServer(server, pointService{s: s})
	api.RegisterSnapshotsServer(server, snapshotService{s: s})
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	return sync.OnceFunc(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
}

// Intercept runs every call through hook, which may fail it before or after it happened,
// or change its answer. A nil hook ends that.
func (s *Server) Intercept(hook grpc.UnaryServerInterceptor) {
	if hook == nil {
		s.hook.Store(nil)
		return
	}
	s.hook.Store(&hook)
}

// SetQueue is the number of writes that every collection says it has not applied yet.
func (s *Server) SetQueue(n uint64) { s.queue.Store(n) }

// SetIndexed is the number of vectors that every collection says are in its index.
func (s *Server) SetIndexed(n uint64) { s.indexed.Store(n) }

// Calls is how often a method, e.g. "/qdrant.Points/Get", was called.
func (s *Server) Calls(method string) int64 { return counter(&s.calls, method).Load() }

// Connections is how many were made to an address that the server serves on.
func (s *Server) Connections(address string) int64 { return counter(&s.clients, address).Load() }

func counter(m *sync.Map, key string) *atomic.Int64 {
	n, _ := m.LoadOrStore(key, new(atomic.Int64))
	return n.(*atomic.Int64)
}

// counted is a listener that counts.
type counted struct {
	net.Listener
	n *atomic.Int64
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.n.Add(1)
	}
	return c, err
}

func (s *Server) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	counter(&s.calls, info.FullMethod).Add(1)
	if hook := s.hook.Load(); hook != nil {
		return (*hook)(ctx, req, info, handle)
	}
	return handle(ctx, req)
}

func (s *Server) authenticate(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if s.APIKey != "" && info.FullMethod != api.Qdrant_HealthCheck_FullMethodName {
		md, _ := metadata.FromIncomingContext(ctx)
		if keys := md.Get("api-key"); len(keys) != 1 || keys[0] != s.APIKey {
			return nil, status.Error(codes.Unauthenticated, "Must provide an API key or an Authorization bearer token")
		}
	}
	return handle(ctx, req)
}

type healthService struct {
	api.UnimplementedQdrantServer
	s *Server
}

func (h healthService) HealthCheck(context.Context, *api.HealthCheckRequest) (*api.HealthCheckReply, error) {
	if h.s.Version == "" {
		return &api.HealthCheckReply{Version: "1.18.3"}, nil
	}
	return &api.HealthCheckReply{Version: h.s.Version}, nil
}

func invalid(message string) error { return status.Error(codes.InvalidArgument, message) }
