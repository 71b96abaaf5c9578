package qdrant_test

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/eval"
)

// BenchmarkCandidates asks SciFact's 300 questions of its 5,183 abstracts with MiniLM's
// vectors of 384 dimensions, at depth 100, and reports the median in milliseconds.
func BenchmarkCandidates(b *testing.B) {
	dir := sciFact(b)
	address := server(b)
	prefix := newPrefix()
	store := openedAs(b, address, prefix).Store
	space := retriever.Fingerprint{Model: "all-MiniLM-L6-v2", Dimension: 384}
	if err := store.CreateCollection(b.Context(), retriever.Collection{Name: "docs", Fingerprint: space}); err != nil {
		b.Fatal(err)
	}
	docs := abstracts(b, dir)
	for i, v := range halves(b, dir+"-minilm/docs.f16", space.Dimension) {
		docs[i].Chunks[0].Vector = v
	}
	put(b, store, docs)
	settle(b, address, prefix+"docs")
	questions, err := eval.ReadBEIR(dir)
	if err != nil {
		b.Fatal(err)
	}
	vectors := halves(b, dir+"-minilm/queries.f16", space.Dimension)
	for _, bc := range []struct {
		name         string
		words, dense bool
		bare         bool
	}{
		{"lexical", true, false, false}, {"dense", false, true, false}, {"hybrid", true, true, false},
		{"lexical/bare", true, false, true}, {"dense/bare", false, true, true}, {"hybrid/bare", true, true, true},
	} {
		b.Run(bc.name, func(b *testing.B) {
			var took []float64
			for b.Loop() {
				i := len(took) % len(vectors)
				q := retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Depth: 100, Bare: bc.bare}
				if bc.words {
					q.Text = questions[i].Text
				}
				if bc.dense {
					q.Vector = vectors[i]
				}
				start := time.Now()
				if _, err := store.Candidates(context.Background(), q); err != nil {
					b.Fatal(err)
				}
				took = append(took, float64(time.Since(start).Microseconds())/1000)
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "p50-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// settle makes a collection look committed long ago.
func settle(tb testing.TB, address, alias string) {
	tb.Helper()
	_, err := rawClient(tb, address).SetPayload(context.Background(), &api.SetPayloadPoints{CollectionName: alias, Wait: api.PtrOf(true),
		Payload:        api.NewValueMap(map[string]any{"committed": 1}),
		PointsSelector: api.NewPointsSelectorFilter(&api.Filter{Must: []*api.Condition{api.NewMatch("kind", "document")}})})
	if err != nil {
		tb.Fatal(err)
	}
}

// halves reads a matrix of half floats, a row a vector.
func halves(tb testing.TB, path string, dimension int) []retriever.Vector {
	tb.Helper()
	data, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		tb.Skip(err)
	}
	var out []retriever.Vector
	for row := range slices.Chunk(data, 2*dimension) {
		v := make(retriever.Vector, dimension)
		for i := range v {
			v[i] = half(binary.LittleEndian.Uint16(row[2*i:]))
		}
		out = append(out, v)
	}
	return out
}

// half widens an IEEE half float that is neither infinite nor NaN.
func half(h uint16) float32 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	v := math.Ldexp(fraction, -24)
	if exponent > 0 {
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	return float32(math.Copysign(v, -float64(h>>15)))
}
