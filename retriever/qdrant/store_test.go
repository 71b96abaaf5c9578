package qdrant_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/qdrant"
	"ragway/retriever/qdrant/qdranttest"
	"ragway/retriever/retrievertest"
)

func TestConformance(t *testing.T) {
	retrievertest.TestStore(t, retrievertest.Harness{Open: func(t *testing.T) retrievertest.Opened {
		return opened(t, new(qdranttest.Server).Start(t))
	}})
}

// TestConformanceOnServer runs the suite on the server that RAGWAY_TEST_QDRANT names.
func TestConformanceOnServer(t *testing.T) {
	address := server(t)
	retrievertest.TestStore(t, retrievertest.Harness{Open: func(t *testing.T) retrievertest.Opened { return opened(t, address) }})
}

// server is the address of the server to test with.
func server(tb testing.TB) string {
	tb.Helper()
	address := os.Getenv("RAGWAY_TEST_QDRANT")
	if address == "" {
		tb.Skip("RAGWAY_TEST_QDRANT=host:6334 names no server")
	}
	return address
}

// opened is a store with a prefix of its own, whose collections are dropped at the end.
func opened(t testing.TB, address string) retrievertest.Opened {
	t.Helper()
	return openedAs(t, address, newPrefix())
}

func newPrefix() string { return "ragway_test_" + uuid.NewString()[:8] + "_" }

func openedAs(t testing.TB, address, prefix string) retrievertest.Opened {
	t.Helper()
	options := qdrant.Options{Addresses: []string{address}, CollectionPrefix: prefix}
	open := func() retriever.Store {
		s, err := qdrant.Open(context.Background(), options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	t.Cleanup(func() { drop(t, address, options.CollectionPrefix) })
	first := open()
	return retrievertest.Opened{Store: first, Second: open, Reopen: func() retriever.Store {
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		return open()
	}}
}

func drop(t testing.TB, address, prefix string) {
	t.Helper()
	client := rawClient(t, address)
	names, err := client.ListCollections(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			if err := client.DeleteCollection(context.Background(), name); err != nil {
				t.Error(err)
			}
		}
	}
}

// rawClient talks to the server beside the store.
func rawClient(t testing.TB, address string) *api.Client {
	t.Helper()
	host, port, _ := strings.Cut(address, ":")
	n := 0
	for _, d := range port {
		n = 10*n + int(d-'0')
	}
	client, err := api.NewClient(&api.Config{Host: host, Port: n, PoolSize: 1, SkipCompatibilityCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}
