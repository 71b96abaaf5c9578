package local_test

import (
	"context"
	"crypto/sha256"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
	"ragway/retriever/local"
)

func hashes(texts ...string) [][32]byte {
	out := make([][32]byte, len(texts))
	for i, s := range texts {
		out[i] = sha256.Sum256([]byte(s))
	}
	return out
}

func TestCachedEmbeddingsComeBackFromAnyHandle(t *testing.T) {
	ctx := context.Background()
	folder := t.TempDir()
	store := open(t, folder)
	saved := []retriever.Vector{{0.6, 0.8}, nil}
	if err := store.EmbeddingCache().Save(ctx, "space", hashes("a", "empty"), saved); err != nil {
		t.Fatal(err)
	}
	alone, err := local.OpenCache(ctx, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	for name, cache := range map[string]*local.EmbeddingCache{"store": store.EmbeddingCache(), "alone": alone} {
		vectors, found, err := cache.Lookup(ctx, "space", hashes("empty", "missing", "a", "a"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]retriever.Vector{nil, nil, {0.6, 0.8}, {0.6, 0.8}}, vectors); diff != "" {
			t.Errorf("%s: vectors (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]bool{true, false, true, true}, found); diff != "" {
			t.Errorf("%s: found (-want +got):\n%s", name, diff)
		}
	}
}

func TestCachedEmbeddingsOfSpacesDoNotMix(t *testing.T) {
	ctx := context.Background()
	cache := open(t, t.TempDir()).EmbeddingCache()
	for space, v := range map[string]retriever.Vector{"one": {1, 0}, "two": {0, 1}} {
		if err := cache.Save(ctx, space, hashes("a"), []retriever.Vector{v}); err != nil {
			t.Fatal(err)
		}
	}
	if err := cache.Save(ctx, "two", hashes("a"), []retriever.Vector{{0, -1}}); err != nil {
		t.Fatal(err)
	}
	for space, want := range map[string]retriever.Vector{"one": {1, 0}, "two": {0, -1}, "three": nil} {
		vectors, _, err := cache.Lookup(ctx, space, hashes("a"))
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(want, vectors[0]) {
			t.Errorf("%s: %v, want %v", space, vectors[0], want)
		}
	}
	if err := cache.Save(ctx, "one", hashes("a", "b"), []retriever.Vector{{1, 0}}); err == nil {
		t.Error("saved two hashes with one vector")
	}
}
