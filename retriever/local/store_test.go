package local_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"ragway/retriever"
	"ragway/retriever/local"
	"ragway/retriever/retrievertest"
)

func open(t testing.TB, folder string) *local.Store {
	t.Helper()
	s, err := local.Open(context.Background(), local.Options{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestStore(t *testing.T) {
	defer goleak.VerifyNone(t)
	retrievertest.TestStore(t, retrievertest.Harness{Open: func(t *testing.T) retrievertest.Opened {
		folder := t.TempDir()
		store := open(t, folder)
		return retrievertest.Opened{
			Store:  store,
			Second: func() retriever.Store { return open(t, folder) },
			Reopen: func() retriever.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t, folder)
			},
		}
	}})
}
