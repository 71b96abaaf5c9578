package qdrant

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

const (
	// maxAnswer replaces grpc's 4 MB, which a page of large chunks with vectors exceeds.
	maxAnswer = 64 << 20
	// attempts of a call while no server takes it; with backoff they span about a second,
	// which covers a fail-over to the next address.
	attempts  = 5
	firstWait = 50 * time.Millisecond
)

// dial makes a client of one gRPC channel that uses the addresses in turn and leaves out
// those that do not answer. connected is called whenever a connection is made.
func dial(o Options, connected func()) (*api.Client, error) {
	endpoints, err := parseAddresses(o.Addresses)
	if err != nil {
		return nil, err
	}
	addresses := manual.NewBuilderWithScheme("ragway")
	addresses.InitialState(resolver.State{Endpoints: endpoints})
	config := &api.Config{
		Host:      "ragway:///qdrant", // go-client appends a port, which the resolver ignores
		UseTLS:    o.TLS,
		TLSConfig: o.TLSConfig,
		PoolSize:  1, // larger pools multiply interceptors
		// Its check only logs, and blocks for a minute on a server that accepts and is mute.
		SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{
			grpc.WithResolvers(addresses),
			grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
				MinConnectTimeout: 5 * time.Second,
			}),
			grpc.WithChainUnaryInterceptor(bound(o), retry),
			grpc.WithStatsHandler(connectionWatch(connected)),
		},
	}
	if o.APIKey != "" {
		// Config.APIKey sends the same and logs a warning to the default logger.
		config.Headers = map[string]string{"api-key": o.APIKey}
	}
	return api.NewClient(config)
}

func parseAddresses(addresses []string) ([]resolver.Endpoint, error) {
	var out []resolver.Endpoint
	for _, a := range addresses {
		host, port, err := net.SplitHostPort(a)
		if err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("address %q: want host:port", a)
		}
		// ServerName is what a certificate must be for; without it, it would be "qdrant".
		out = append(out, resolver.Endpoint{Addresses: []resolver.Address{{Addr: a, ServerName: host}}})
	}
	return out, nil
}

// writes are the methods that get the longer deadline.
var writes = map[string]bool{
	"/qdrant.Points/Upsert":             true,
	"/qdrant.Points/Delete":             true,
	"/qdrant.Points/SetPayload":         true,
	"/qdrant.Points/CreateFieldIndex":   true,
	"/qdrant.Collections/Create":        true,
	"/qdrant.Collections/Update":        true,
	"/qdrant.Collections/Delete":        true,
	"/qdrant.Collections/UpdateAliases": true,
}

// snapshotTimeout is of one snapshot, which copies all that a node holds of a collection.
const snapshotTimeout = time.Hour

// onceOnly are the methods whose repetition has another result than their first success.
var onceOnly = map[string]bool{
	"/qdrant.Collections/Create":        true,
	"/qdrant.Collections/Delete":        true,
	api.Snapshots_Create_FullMethodName: true,
}

// bound gives each call, retries included, a deadline: go-client sets none.
func bound(o Options) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		timeout := o.Timeout
		switch {
		case writes[method]:
			timeout = o.WriteTimeout
		case method == api.Snapshots_Create_FullMethodName:
			timeout = snapshotTimeout
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return invoke(ctx, method, req, reply, cc, opts...)
	}
}

// retry repeats calls that no server took or that were cut off, the next address taking the
// next attempt. Ids are deterministic and deletes are by filter, so that a call that landed
// after all may land again.
func retry(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		err := invoke(ctx, method, req, reply, cc, opts...)
		if attempt == attempts || !mayPass(method, status.Code(err)) {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
			wait *= 2
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// mayPass reports whether another attempt may have another result. A node that has just
// come back answers reads with Internal while it has not found its shards.
func mayPass(method string, code codes.Code) bool {
	switch code {
	case codes.Unavailable:
		return !onceOnly[method]
	case codes.Internal:
		return !onceOnly[method] && !writes[method]
	}
	return false
}

// connectionWatch is a stats.Handler that only counts connections made.
type connectionWatch func()

func (connectionWatch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connectionWatch) HandleRPC(context.Context, stats.RPCStats)                       {}
func (connectionWatch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}
func (w connectionWatch) HandleConn(_ context.Context, s stats.ConnStats) {
	if _, ok := s.(*stats.ConnBegin); ok {
		w()
	}
}
