package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ragway/ingest"
	"ragway/retriever"
)

// shelf is a Source of texts by relative path.
type shelf struct {
	name   string
	origin string
	items  map[string]ingest.Item
	texts  map[string]string
	broken map[string]error // items the source cannot look at
	opened atomic.Int64
}

func newShelf(texts map[string]string) *shelf {
	s := &shelf{name: "docs", origin: "folder:/srv/docs", items: map[string]ingest.Item{}, texts: map[string]string{}, broken: map[string]error{}}
	for rel, text := range texts {
		s.put(rel, text)
	}
	return s
}

var longAgo = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// put sets a text, with another modification time than the one before.
func (s *shelf) put(rel, text string) {
	it := s.items[rel]
	modTime := longAgo
	if !it.ModTime.IsZero() {
		modTime = it.ModTime.Add(time.Hour)
	}
	it.URI, it.Size, it.ModTime = "docs/"+rel, int64(len(text)), modTime
	s.items[rel], s.texts[rel] = it, text
}

func (s *shelf) edit(rel string, change func(*ingest.Item)) {
	it := s.items[rel]
	change(&it)
	s.items[rel] = it
}

func (s *shelf) remove(rel string) { delete(s.items, rel) }

func (s *shelf) Name() string   { return s.name }
func (s *shelf) Prefix() string { return "docs/" }
func (s *shelf) Origin() string { return s.origin }

func (s *shelf) Items(context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		for _, rel := range slices.Sorted(maps.Keys(s.items)) {
			it := s.items[rel]
			text := s.texts[rel]
			it.Open = func(context.Context) (io.ReadCloser, error) {
				s.opened.Add(1)
				return io.NopCloser(strings.NewReader(text)), nil
			}
			if !yield(it, s.broken[rel]) {
				return
			}
		}
	}
}

// fakeEmbedder gives each text a unit vector and counts what it is asked.
type fakeEmbedder struct {
	model string
	mu    sync.Mutex
	texts []string // all but probes
	fail  func(text string) error
}

func (e *fakeEmbedder) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: e.model, Dimension: 4}
}

func (e *fakeEmbedder) Embed(ctx context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []retriever.Vector
	for _, t := range texts {
		if e.fail != nil {
			if err := e.fail(t); err != nil {
				return out, err
			}
		}
		if !strings.HasPrefix(t, retriever.ProbeText) {
			e.texts = append(e.texts, t)
		}
		v := retriever.Vector{1, float32(len(t) % 7), 0, 1}
		if err := retriever.Normalize(v); err != nil {
			return out, err
		}
		out = append(out, v)
	}
	return out, ctx.Err()
}

func (e *fakeEmbedder) embedded() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.texts)
}

// takeText takes a text as it is. Texts that start with "!" misbehave.
func takeText(ctx context.Context, in ingest.Input) (ingest.Extracted, error) {
	text := string(in.Data)
	switch {
	case strings.HasPrefix(text, "!panic"):
		panic("out of luck")
	case strings.HasPrefix(text, "!hang"):
		<-ctx.Done()
		return ingest.Extracted{}, ctx.Err()
	case strings.HasPrefix(text, "!corrupt"):
		return ingest.Extracted{}, ingest.Failf(ingest.Corrupt, "not a text")
	case strings.HasPrefix(text, "!plain"):
		return ingest.Extracted{}, errors.New("something odd")
	}
	title, _, _ := strings.Cut(text, "\n")
	found := ingest.Extracted{Format: "text", MIME: "text/plain", Title: title, Text: text}
	if acl, ok := strings.CutPrefix(title, "acl="); ok {
		found.Metadata = retriever.Metadata{"acl": acl}
	}
	return found, nil
}

// cutLines makes one chunk a line.
func cutLines(doc ingest.Extracted, title string) ([]retriever.Chunk, error) {
	var out []retriever.Chunk
	start := 0
	if strings.Contains(doc.Text, "!nothing") {
		return nil, nil
	}
	for line := range strings.SplitSeq(doc.Text, "\n") {
		end := start + len([]rune(line))
		if strings.TrimSpace(line) != "" {
			out = append(out, retriever.Chunk{Text: line, Span: retriever.Span{Start: start, End: end}, Context: title})
		}
		start = end + 1
	}
	return out, nil
}

// lineCutter cuts lines whatever the chunking, and names it.
func lineCutter(c retriever.Chunking) (ingest.Cutter, error) {
	if c.Tokens < 0 {
		return ingest.Cutter{}, errors.New("fewer than no tokens")
	}
	return ingest.Cutter{Chunk: cutLines, ID: fmt.Sprint("lines ", c.Tokens)}, nil
}

// bench is an engine's surroundings.
type bench struct {
	t        *testing.T
	store    *memoryStore
	embedder *fakeEmbedder
	src      *shelf
	now      time.Time
}

func newBench(t *testing.T, texts map[string]string) *bench {
	return &bench{t: t, store: newMemoryStore(), embedder: &fakeEmbedder{model: "fake"}, src: newShelf(texts), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (b *bench) engine(change ...func(*ingest.Options)) *ingest.Engine {
	b.t.Helper()
	o := ingest.Options{
		Store: b.store, Scope: retriever.Operator(), Embedder: b.embedder, Extract: takeText, ExtractID: func(string) string { return "x1" }, Cut: lineCutter,
		Claims:     func(name string) bool { return path.Ext(name) != ".png" },
		Collection: "test", Owner: "me", Now: func() time.Time { return b.now }, Workers: 2,
	}
	for _, c := range change {
		c(&o)
	}
	e, err := ingest.New(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

func (b *bench) plan(change ...func(*ingest.Options)) *ingest.Plan {
	b.t.Helper()
	p, err := b.engine(change...).Plan(b.t.Context(), b.src)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

// run plans and applies and returns the counts.
func (b *bench) run(change ...func(*ingest.Options)) ingest.Counts {
	b.t.Helper()
	e := b.engine(change...)
	p, err := e.Plan(b.t.Context(), b.src)
	if err != nil {
		b.t.Fatal(err)
	}
	sum, err := e.Apply(b.t.Context(), p, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return sum.Counts
}

func (b *bench) failures() []ingest.FailureRecord {
	b.t.Helper()
	f, err := ingest.Failures(b.t.Context(), b.store, "test")
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}
