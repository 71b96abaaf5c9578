package local_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"ragway/retriever"
	"ragway/retriever/local"
)

// The benchmarks' collection: 20,000 chunks of about 90 words from a Zipf-like vocabulary,
// with vectors of 256 dimensions around 200 centres.
const (
	benchChunks    = 20_000
	benchPerDoc    = 4
	benchDimension = 256
)

type bench struct {
	rng     *rand.Rand
	centres []retriever.Vector
}

func newBench() *bench {
	b := &bench{rng: rand.New(rand.NewPCG(3, 4))}
	for range 200 {
		b.centres = append(b.centres, b.near(make(retriever.Vector, benchDimension)))
	}
	return b
}

func (b *bench) near(centre retriever.Vector) retriever.Vector {
	v := make(retriever.Vector, benchDimension)
	for i := range v {
		v[i] = centre[i] + float32(b.rng.NormFloat64())*0.05
	}
	if err := retriever.Normalize(v); err != nil {
		panic(err)
	}
	return v
}

func (b *bench) vector() retriever.Vector { return b.near(b.centres[b.rng.IntN(len(b.centres))]) }

func (b *bench) words(n int) string {
	var out strings.Builder
	for range n {
		fmt.Fprintf(&out, "w%dk ", int(math.Exp(b.rng.Float64()*10))) // 22,000 words, log-uniform
	}
	return out.String()
}

func (b *bench) documents(from, n int) []retriever.Upsert {
	out := make([]retriever.Upsert, n)
	for i := range out {
		u := retriever.Upsert{Space: benchSpace, Document: retriever.Document{Collection: "docs", Tenant: retriever.DefaultTenant,
			URI: fmt.Sprintf("bench/%d", from+i), Title: "A title", Hash: fmt.Sprint(from + i), Metadata: retriever.Metadata{"n": float64(i % 50)}}}
		for range benchPerDoc {
			u.Chunks = append(u.Chunks, retriever.Chunk{Text: b.words(90), Vector: b.vector()})
		}
		u.Seal()
		out[i] = u
	}
	return out
}

var benchSpace = retriever.Fingerprint{Model: "bench", Dimension: benchDimension}

func (b *bench) fill(tb testing.TB, store *local.Store) {
	tb.Helper()
	ctx := context.Background()
	if err := store.CreateCollection(ctx, retriever.Collection{Name: "docs", Fingerprint: benchSpace}); err != nil {
		tb.Fatal(err)
	}
	for from := 0; from < benchChunks/benchPerDoc; from += 250 {
		if _, err := store.Put(ctx, "docs", b.documents(from, 250)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := store.Ping(ctx); err != nil {
		tb.Fatal(err)
	}
}

func BenchmarkOpen20k(b *testing.B) {
	folder := b.TempDir()
	newBench().fill(b, open(b, folder))
	for b.Loop() {
		store, err := local.Open(context.Background(), local.Options{Path: folder})
		if err != nil {
			b.Fatal(err)
		}
		if err := store.Ping(context.Background()); err != nil {
			b.Fatal(err)
		}
		store.Close()
	}
}

func BenchmarkCandidates20k(b *testing.B) {
	made := newBench()
	store := open(b, b.TempDir())
	made.fill(b, store)
	filter := &retriever.Filter{Op: retriever.OpLt, Key: "n", Value: 5.0} // a tenth
	for _, bc := range []struct {
		name         string
		words, depth int
		dense        bool
		filter       *retriever.Filter
	}{
		{"lexical-top10", 6, 10, false, nil},
		{"dense-top10", 0, 10, true, nil},
		{"hybrid-depth100", 6, 100, true, nil},
		{"hybrid-depth100-filtered", 6, 100, true, filter},
	} {
		b.Run(bc.name, func(b *testing.B) {
			scope := retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{"docs"}}
			for b.Loop() {
				q := retriever.CandidateQuery{Collection: "docs", Scope: scope, Filter: bc.filter, Text: made.words(bc.words), Depth: bc.depth}
				if bc.dense {
					q.Vector = made.vector()
				}
				set, err := store.Candidates(context.Background(), q)
				if err != nil || len(set.Candidates) == 0 {
					b.Fatalf("%d candidates, error %v", len(set.Candidates), err)
				}
			}
		})
	}
}

func BenchmarkPut(b *testing.B) {
	for _, batch := range []int{1, 64} {
		b.Run(fmt.Sprintf("documents-%d", batch), func(b *testing.B) {
			made, store, from := newBench(), open(b, b.TempDir()), 0
			if err := store.CreateCollection(context.Background(), retriever.Collection{Name: "docs", Fingerprint: benchSpace}); err != nil {
				b.Fatal(err)
			}
			docs := made.documents(0, batch)
			for b.Loop() {
				for i := range docs {
					docs[i].Document.URI = fmt.Sprintf("bench/%d", from)
					docs[i].Seal()
					from++
				}
				if _, err := store.Put(context.Background(), "docs", docs); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(from*benchPerDoc)/b.Elapsed().Seconds(), "chunks/s")
		})
	}
}
