package ingest_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/ingest/chunk"
	"ragway/ingest/extract"
	"ragway/ingest/source"
	"ragway/retriever"
	"ragway/retriever/builtin"
	"ragway/retriever/local"
)

// plant is an engine made of the real parts, over a data folder.
type plant struct {
	t       testing.TB
	store   *local.Store
	options ingest.Options
}

func newPlant(t testing.TB, dir string) *plant {
	t.Helper()
	store, err := local.Open(t.Context(), local.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	embedder, err := builtin.New()
	if err != nil {
		t.Fatal(err)
	}
	registry, err := extract.New(extract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	splitter, err := chunk.New(chunk.Options{Count: func(s string) int { return len(s) / 4 }, Tokenizer: "quarter"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(registry.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return &plant{t, store, ingest.Options{
		Store: store, Scope: retriever.Operator(), Embedder: embedder, Extract: registry.Extract, Claims: registry.Claims,
		ExtractID: registry.ID, Cut: func(retriever.Chunking) (ingest.Cutter, error) {
			return ingest.Cutter{Chunk: splitter.Split, ID: splitter.ID()}, nil
		}, Collection: "real", Owner: "test",
		Template: retriever.Collection{Chunking: retriever.Chunking{Strategy: "auto", Tokens: 400, Tokenizer: "quarter"}},
	}}
}

func (p *plant) run(ctx context.Context, arg string, change ...func(*ingest.Options)) (ingest.Summary, error) {
	p.t.Helper()
	o := p.options
	for _, c := range change {
		c(&o)
	}
	e, err := ingest.New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	src, err := source.Open(ctx, arg, source.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer src.Close()
	plan, err := e.Plan(ctx, src)
	if err != nil {
		p.t.Fatal(err)
	}
	return e.Apply(ctx, plan, nil)
}

func dataFolder(t testing.TB) string {
	t.Helper()
	data := os.Getenv("RAGWAY_TEST_DATA")
	if data == "" {
		data = "../../shared/data"
	}
	if _, err := os.Stat(data); err != nil {
		t.Skip("no test data; RAGWAY_TEST_DATA names its folder")
	}
	return data
}

// TestDateOfARecordIsSearchedWithIt holds that what a record says of its date reaches the
// context of its chunks, as a document's own date does.
func TestDateOfARecordIsSearchedWithIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notes.jsonl")
	records := `{"id":"1","title":"Leave","text":"Sixteen weeks.","date":"2026-03-01"}` + "\n" + `{"id":"2","title":"Bikes","text":"In the yard."}`
	if err := os.WriteFile(path, []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPlant(t, t.TempDir())
	if sum, err := p.run(t.Context(), path); err != nil || sum.Added != 2 {
		t.Fatalf("%+v, %v", sum, err)
	}
	got := map[string]string{}
	for d, err := range p.store.Documents(t.Context(), retriever.Operator(), "real", "") {
		if err != nil {
			t.Fatal(err)
		}
		_, chunks, err := p.store.Document(t.Context(), retriever.Operator(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		got[d.RecordID] = chunks[0].Context
	}
	if diff := cmp.Diff(map[string]string{"1": "Leave\n2026-03-01", "2": "Bikes"}, got); diff != "" {
		t.Errorf("contexts (-want +got):\n%s", diff)
	}
}

// TestRecordsIntoTheLocalStore takes the shortest real set through all real parts.
func TestRecordsIntoTheLocalStore(t *testing.T) {
	corpus := filepath.Join(dataFolder(t), "arcd", "corpus.jsonl")
	p := newPlant(t, t.TempDir())
	sum, err := p.run(t.Context(), corpus)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ingest.Counts{Added: 460}, sum.Counts); diff != "" {
		t.Fatal(diff)
	}
	again, err := p.run(t.Context(), corpus, func(o *ingest.Options) { o.Embedder = unusable{o.Embedder} })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ingest.Counts{Unchanged: 460}, again.Counts); diff != "" {
		t.Error(diff)
	}
	closed, err := p.run(t.Context(), corpus, func(o *ingest.Options) {
		o.ACL, o.Metadata, o.Embedder = []string{"group:hr"}, retriever.Metadata{"n": 1}, unusable{o.Embedder}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ingest.Counts{Changed: 460, Rewritten: 460}, closed.Counts); diff != "" {
		t.Error(diff)
	}
	everyone := retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{"real"}}
	for d, err := range p.store.Documents(t.Context(), everyone, "real", "") {
		t.Fatalf("still visible to everyone: %s, %v", d.URI, err)
	}
}

// unusable is an embedder that must not be asked for anything.
type unusable struct{ retriever.Embedder }

func (unusable) Embed(context.Context, retriever.TextKind, []string) ([]retriever.Vector, error) {
	return nil, errors.New("nothing was to be embedded")
}

func TestFolderOfRealFormatsIntoTheLocalStore(t *testing.T) {
	root := filepath.Join(t.TempDir(), "docs")
	for rel, text := range map[string]string{
		"a.md": "---\ntitle: Front\nacl: group:hr\n---\n# Head\n\nBody text here.\n", "b/c.html": "<title>T</title><p>One paragraph of some length.</p>",
		"prices.csv": "id,text\n1,apples\n2,pears\n", "empty.txt": "", "picture.png": "\x89PNG", "broken.docx": "PK\x03\x04 nothing",
	} {
		path := filepath.Join(root, rel)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := newPlant(t, t.TempDir())
	sum, err := p.run(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ingest.Counts{Added: 4, Skipped: 2, Failed: 1}, sum.Counts); diff != "" {
		t.Error(diff)
	}
	acl := map[string]string{}
	for d, err := range p.store.Documents(t.Context(), retriever.Operator(), "real", "docs/") {
		if err != nil {
			t.Fatal(err)
		}
		acl[d.URI] = strings.Join(d.ACL, ",")
	}
	want := map[string]string{"docs/a.md": "group:hr", "docs/b/c.html": "", "docs/prices.csv#1": "", "docs/prices.csv#2": ""}
	if diff := cmp.Diff(want, acl); diff != "" {
		t.Error(diff)
	}
	again, err := p.run(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ingest.Counts{Unchanged: 4, Skipped: 2, Failed: 1}, again.Counts); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkScifact is the first and the second ingest of 5,183 records with the built-in
// embedder into SQLite; both are reported, in seconds.
func BenchmarkScifact(b *testing.B) {
	corpus := filepath.Join(dataFolder(b), "scifact", "corpus.jsonl")
	for b.Loop() {
		p := newPlant(b, b.TempDir())
		start := time.Now()
		first, err := p.run(b.Context(), corpus)
		if err != nil || first.Added != 5183 {
			b.Fatal(first, err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "first-s")
		start = time.Now()
		second, err := p.run(b.Context(), corpus)
		if err != nil || second.Unchanged != 5183 {
			b.Fatal(second, err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "again-s")
	}
}
