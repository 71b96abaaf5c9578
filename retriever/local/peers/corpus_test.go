package main

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ragway/retriever"
	"ragway/retriever/text"
)

func TestEveryWordIsItsOwnTerm(t *testing.T) {
	analyzer := text.For("")
	seen := map[string]bool{}
	for rank := 1; rank <= vocabularySize; rank++ {
		w := word(rank)
		if seen[w] {
			t.Fatalf("rank %d: %q again", rank, w)
		}
		seen[w] = true
		if got, want := analyzer.Terms(w), []string{w}; !slices.Equal(got, want) {
			t.Fatalf("rank %d: terms of %q are %q, want %q", rank, w, got, want)
		}
	}
}

// figures of a set of vectors: cosines of pairs, mean cosines with the n-th neighbour.
type figures struct{ mean, stdDev, first, tenth, hundredth float64 }

func measure(from, to []retriever.Vector, same bool) (f figures) {
	var n, sum, squares float64
	for i, q := range from {
		var cosines []float32
		for j, d := range to {
			if same && i == j {
				continue
			}
			c := retriever.Dot(q, d)
			cosines = append(cosines, c)
			n, sum, squares = n+1, sum+float64(c), squares+float64(c)*float64(c)
		}
		slices.Sort(cosines)
		f.first += float64(cosines[len(cosines)-1]) / float64(len(from))
		f.tenth += float64(cosines[len(cosines)-10]) / float64(len(from))
		f.hundredth += float64(cosines[len(cosines)-100]) / float64(len(from))
	}
	f.mean = sum / n
	f.stdDev = math.Sqrt(squares/n - f.mean*f.mean)
	return f
}

func readHalves(t *testing.T, path string) []retriever.Vector {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("no MiniLM vectors to compare with: %v", err)
	}
	out := make([]retriever.Vector, len(data)/2/dimension)
	for i := range out {
		out[i] = make(retriever.Vector, dimension)
		for j := range out[i] {
			out[i][j] = half(binary.LittleEndian.Uint16(data[2*(i*dimension+j):]))
		}
	}
	return out
}

// half widens an IEEE half float; infinities do not occur.
func half(h uint16) float32 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	v := math.Ldexp(1024+fraction, exponent-25)
	if exponent == 0 {
		v = math.Ldexp(fraction, -24)
	}
	if h>>15 == 1 {
		v = -v
	}
	return float32(v)
}

func TestVectorsAreLikeMiniLM(t *testing.T) {
	root := os.Getenv("RAGWAY_TEST_DATA")
	if root == "" {
		root = "../../../../shared/data"
	}
	realDocs := readHalves(t, filepath.Join(root, "scifact-minilm", "docs.f16"))
	realQueries := readHalves(t, filepath.Join(root, "scifact-minilm", "queries.f16"))
	c := newCorpus(len(realDocs))
	var docs, queries []retriever.Vector
	for i := range realDocs {
		docs = append(docs, c.vector(i))
	}
	for i := range realQueries {
		queries = append(queries, c.query(i).Vector)
	}
	for _, tc := range []struct {
		name      string
		want, got figures
	}{
		{"documents", measure(realDocs[:500], realDocs, true), measure(docs[:500], docs, true)},
		{"queries", measure(realQueries, realDocs, false), measure(queries, docs, false)},
	} {
		t.Logf("%s: MiniLM %.3f, generated %.3f (mean and deviation of the cosine, 1st, 10th, 100th neighbour)", tc.name, tc.want, tc.got)
		w, g := tc.want, tc.got
		for _, pair := range [][2]float64{{w.mean, g.mean}, {w.stdDev, g.stdDev}, {w.first, g.first}, {w.tenth, g.tenth}, {w.hundredth, g.hundredth}} {
			if math.Abs(pair[0]-pair[1]) > 0.05 {
				t.Errorf("%s: want %.3f, got %.3f", tc.name, pair[0], pair[1])
			}
		}
	}
}
