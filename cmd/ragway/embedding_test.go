package main

import (
	"log/slog"
	"testing"

	"ragway/configs"
	"ragway/retriever"
)

// TestEmbedderIsMadeOnceForAllIngests holds that a server that ingests again and again does
// not open its cache, and make its embedder, each time.
func TestEmbedderIsMadeOnceForAllIngests(t *testing.T) {
	cfg := configs.Default()
	cfg.DataDir = t.TempDir()
	cfg.Embedder.Kind, cfg.Embedder.BaseURL, cfg.Embedder.Model = "openai", "http://127.0.0.1:9/v1", "m"
	a := &app{cfg: cfg, log: slog.New(slog.DiscardHandler)}
	e := a.newEmbedders(nil) // as for a store that is elsewhere
	first, err := e.of(t.Context(), retriever.Fingerprint{})
	if err != nil {
		t.Fatal(err)
	}
	cache := e.cache
	for _, space := range []retriever.Fingerprint{{}, first.Fingerprint(), {Model: "another", Dimension: 3}} {
		again, err := e.of(t.Context(), space)
		if err != nil || again != first || e.cache != cache {
			t.Errorf("space %v: another embedder or cache, %v", space, err)
		}
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
