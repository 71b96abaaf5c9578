package retriever_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// mapCache is an EmbeddingCache in memory.
type mapCache struct {
	mu   sync.Mutex
	rows map[string]retriever.Vector
	err  error
}

func (m *mapCache) Lookup(_ context.Context, space string, hashes [][32]byte) ([]retriever.Vector, []bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	vectors, found := make([]retriever.Vector, len(hashes)), make([]bool, len(hashes))
	for i, h := range hashes {
		vectors[i], found[i] = m.rows[space+string(h[:])], m.rows[space+string(h[:])] != nil
	}
	return vectors, found, m.err
}

func (m *mapCache) Save(_ context.Context, space string, hashes [][32]byte, vectors []retriever.Vector) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows = map[string]retriever.Vector{}
	}
	for i, h := range hashes {
		m.rows[space+string(h[:])] = vectors[i]
	}
	return m.err
}

// countingEmbedder puts a text on one of two axes by its length and remembers what it was
// asked; it fails before the text "bad".
type countingEmbedder struct {
	model string
	asked []string
	turn  bool // swaps the axes, as another model would
}

var errBad = errors.New("bad text")

func (e *countingEmbedder) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: e.model, Dimension: 2}
}

func (e *countingEmbedder) Embed(_ context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	var out []retriever.Vector
	for _, t := range texts {
		if t == "bad" {
			return out, errBad
		}
		e.asked = append(e.asked, t)
		switch {
		case t == "":
			out = append(out, nil)
		case (len(t)%2 == 0) != e.turn:
			out = append(out, retriever.Vector{1, 0})
		default:
			out = append(out, retriever.Vector{0, 1})
		}
	}
	return out, nil
}

func embedDocuments(t *testing.T, e retriever.Embedder, texts ...string) []retriever.Vector {
	t.Helper()
	v, err := e.Embed(context.Background(), retriever.DocumentText, texts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCachedTextsAreNotEmbeddedAgain(t *testing.T) {
	cache := &mapCache{}
	inner := &countingEmbedder{model: "m"}
	var hits, misses int
	opts := retriever.CachingOptions{OnLookup: func(h, m int) { hits += h; misses += m }}
	first := embedDocuments(t, retriever.NewCachingEmbedder(inner, cache, opts), "a", "bb", "a")
	second := embedDocuments(t, retriever.NewCachingEmbedder(inner, cache, opts), "bb", "ccc", "a")
	if diff := cmp.Diff([]string{"a", "bb", "ccc"}, inner.asked); diff != "" {
		t.Errorf("embedded (-want +got)\n%s", diff)
	}
	x, y := retriever.Vector{1, 0}, retriever.Vector{0, 1}
	if diff := cmp.Diff([][]retriever.Vector{{y, x, y}, {x, y, y}}, [][]retriever.Vector{first, second}); diff != "" {
		t.Errorf("vectors (-want +got)\n%s", diff)
	}
	if hits != 3 || misses != 3 {
		t.Errorf("%d hits, %d misses; want 3, 3", hits, misses)
	}
}

func TestFailureKeepsFinishedPrefix(t *testing.T) {
	cache := &mapCache{}
	inner := &countingEmbedder{model: "m"}
	e := retriever.NewCachingEmbedder(inner, cache, retriever.CachingOptions{})
	embedDocuments(t, e, "known")
	got, err := e.Embed(context.Background(), retriever.DocumentText, []string{"a", "known", "a", "bad", "known"})
	if !errors.Is(err, errBad) || len(got) != 3 {
		t.Fatalf("%d vectors and %v, want 3 and %v", len(got), err, errBad)
	}
	inner.asked = nil
	embedDocuments(t, retriever.NewCachingEmbedder(inner, cache, retriever.CachingOptions{}), "a", "known")
	if inner.asked != nil {
		t.Errorf("paid again for %q", inner.asked)
	}
}

func TestSpacesDoNotMix(t *testing.T) {
	cache := &mapCache{}
	for _, model := range []string{"m", "n"} {
		inner := &countingEmbedder{model: model}
		embedDocuments(t, retriever.NewCachingEmbedder(inner, cache, retriever.CachingOptions{}), "a")
		if len(inner.asked) != 1 {
			t.Errorf("%s: embedded %q, want one text", model, inner.asked)
		}
	}
}

func TestChangedModelBehindOneNameIsEmbeddedAgain(t *testing.T) {
	cache := &mapCache{}
	ingest := func(turn bool) (asked []string, v retriever.Vector) {
		inner := &countingEmbedder{model: "m", turn: turn}
		e := retriever.NewCachingEmbedder(inner, cache, retriever.CachingOptions{})
		if _, err := retriever.Probe(context.Background(), e); err != nil {
			t.Fatal(err)
		}
		inner.asked = nil
		v = embedDocuments(t, e, "a")[0]
		return inner.asked, v
	}
	ingest(false)
	if asked, _ := ingest(false); len(asked) != 0 {
		t.Errorf("the same model was asked for %q again", asked)
	}
	if asked, v := ingest(true); len(asked) != 1 || v[0] != 1 {
		t.Errorf("another model was asked for %q and the vector is %v, want its own", asked, v)
	}
}

func TestProbeIsNeverAnsweredFromCache(t *testing.T) {
	inner := &countingEmbedder{model: "m"}
	e := retriever.NewCachingEmbedder(inner, &mapCache{}, retriever.CachingOptions{})
	embedDocuments(t, e, retriever.ProbeText)
	embedDocuments(t, e, retriever.ProbeText)
	if len(inner.asked) != 2 {
		t.Errorf("embedder asked %d times, want 2", len(inner.asked))
	}
}

func TestQueriesAreNotCached(t *testing.T) {
	cache := &mapCache{}
	e := retriever.NewCachingEmbedder(&countingEmbedder{model: "m"}, cache, retriever.CachingOptions{})
	if _, err := e.Embed(context.Background(), retriever.QueryText, []string{"who asks?"}); err != nil {
		t.Fatal(err)
	}
	if len(cache.rows) != 0 {
		t.Errorf("%d entries, want none", len(cache.rows))
	}
}

func TestBrokenCacheIsLoggedAndIgnored(t *testing.T) {
	var log bytes.Buffer
	e := retriever.NewCachingEmbedder(&countingEmbedder{model: "m"}, &mapCache{err: errors.New("disk full")},
		retriever.CachingOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if got := embedDocuments(t, e, "a", "bb"); len(got) != 2 || got[0] == nil {
		t.Errorf("vectors %v, want two", got)
	}
	if n := strings.Count(log.String(), "disk full"); n == 0 {
		t.Errorf("nothing logged")
	}
}

func TestTextWithoutEmbeddingStaysWithout(t *testing.T) {
	e := retriever.NewCachingEmbedder(&countingEmbedder{model: "m"}, &mapCache{}, retriever.CachingOptions{})
	for range 2 {
		if got := embedDocuments(t, e, "", "a"); got[0] != nil || got[1] == nil {
			t.Errorf("vectors %v, want none and one", got)
		}
	}
}
