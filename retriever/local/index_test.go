package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ragway/retriever"
)

// naiveChunk is a chunk of the model that the index is compared with.
type naiveChunk struct {
	id     [16]byte
	row    int64
	terms  map[string]uint16
	length uint32
	vector retriever.Vector
}

// model is an index beside the plain list of what is in it.
type model struct {
	tb     testing.TB
	index  *index
	chunks []naiveChunk
	row    int64
	ids    uint64
}

var modelTerms = []string{"a", "b", "c", "d", "e", "f"}

// add puts a segment of a few documents into both. Few terms and short texts make ties.
func (m *model) add(t *rapid.T) {
	b := newSegmentBuilder(m.index.dimension, m.index.params)
	for range rapid.IntRange(1, 8).Draw(t, "documents") {
		m.row++
		b.addDocument(documentEntry{row: m.row, tenant: "t"})
		for range rapid.IntRange(0, 4).Draw(t, "chunks") {
			c := m.drawChunk(t)
			n := b.addChunk(c.id, c.length, c.vector != nil)
			for term, count := range c.terms {
				b.addTerm(n, []byte(term), count)
			}
			if c.vector != nil {
				b.setVector(n, c.vector)
			}
			m.chunks = append(m.chunks, c)
		}
	}
	m.index = m.index.with([]*segment{b.build()}, nil)
}

func (m *model) drawChunk(t *rapid.T) naiveChunk {
	m.ids++
	c := naiveChunk{row: m.row, terms: map[string]uint16{}}
	binary.BigEndian.PutUint64(c.id[:], m.ids*0x9e3779b97f4a7c15) // distinct, in no order
	for _, term := range rapid.SliceOfN(rapid.SampledFrom(modelTerms), 0, 12).Draw(t, "terms") {
		c.terms[term]++
		c.length++
	}
	if rapid.Bool().Draw(t, "vector") {
		angle := float64(rapid.IntRange(0, 7).Draw(t, "angle"))
		c.vector = retriever.Vector{float32(math.Cos(angle)), float32(math.Sin(angle))}
	}
	return c
}

func (m *model) remove(t *rapid.T) {
	rows := rapid.SliceOfN(rapid.Int64Range(1, m.row+1), 1, 6).Draw(t, "rows")
	m.chunks = slices.DeleteFunc(m.chunks, func(c naiveChunk) bool { return slices.Contains(rows, c.row) })
	m.index = m.index.with(nil, rows)
}

// merge rewrites a run of parts, with deletions that come in while it is built.
func (m *model) merge(t *rapid.T) {
	if len(m.index.parts) == 0 {
		return
	}
	from := rapid.IntRange(0, len(m.index.parts)-1).Draw(t, "from")
	old := m.index.parts[from:rapid.IntRange(from+1, len(m.index.parts)).Draw(t, "to")]
	merged := mergeParts(old, m.index.dimension, m.index.params)
	if rapid.Bool().Draw(t, "meanwhile") {
		m.remove(t)
	}
	if x := m.index.replacing(old, merged); x != nil {
		m.index = x
	}
}

// remap puts a part's segment into a file and maps it.
func (m *model) remap(t *rapid.T) {
	if len(m.index.parts) > 0 {
		parts := slices.Clone(m.index.parts)
		i := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
		parts[i] = remapped(m.tb, parts[i])
		m.index = &index{dimension: m.index.dimension, params: m.index.params, parts: parts}
	}
}

// best are the k highest of the scores, ties by id; those that are NaN are not in the list.
func (m *model) best(score func(naiveChunk) float64, k int) (out []naiveChunk) {
	for _, c := range m.chunks {
		if !math.IsNaN(score(c)) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b naiveChunk) int {
		switch sa, sb := score(a), score(b); {
		case sa > sb:
			return -1
		case sa < sb:
			return 1
		}
		return bytes.Compare(a.id[:], b.id[:])
	})
	return out[:min(k, len(out))]
}

// naiveScore is BM25 by the book, NaN for a chunk without a term of the query.
func (m *model) naiveScore(terms []string) func(naiveChunk) float64 {
	total := 0.0
	df := make([]float64, len(terms))
	for _, c := range m.chunks {
		total += float64(c.length)
		for i, term := range terms {
			if c.terms[term] > 0 {
				df[i]++
			}
		}
	}
	n := float64(len(m.chunks))
	average := max(1, total/max(1, n))
	return func(c naiveChunk) float64 {
		score, found := 0.0, false
		for i, term := range terms {
			if tf := float64(c.terms[term]); tf > 0 {
				found = true
				score += math.Log(1+(n-df[i]+0.5)/(df[i]+0.5)) * (tf * (1.2 + 1) / (tf + 1.2*(1-0.75+0.75*float64(c.length)/average)))
			}
		}
		if !found {
			return math.NaN()
		}
		return score
	}
}

func (m *model) check(t *rapid.T, what string, got []scored, want []naiveChunk, score func(naiveChunk) float64) {
	if len(got) != len(want) {
		t.Fatalf("%s: %d results, want %d", what, len(got), len(want))
	}
	for i := range got {
		if *m.index.id(got[i].ref) != want[i].id || math.Abs(got[i].score-score(want[i])) > 1e-9 {
			t.Fatalf("%s: place %d is %x with %v, want %x with %v", what, i+1, *m.index.id(got[i].ref), got[i].score, want[i].id, score(want[i]))
		}
	}
}

func TestIndexAgreesWithExhaustiveScoring(tb *testing.T) {
	rapid.Check(tb, func(t *rapid.T) {
		m := &model{tb: tb, index: &index{dimension: 2, params: bm25{1.2, 0.75}}}
		m.add(t)
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			rapid.SampledFrom([]func(*rapid.T){m.add, m.add, m.remove, m.merge, m.remap}).Draw(t, "step")(t)
		}
		k := rapid.IntRange(1, 8).Draw(t, "k")
		masks := make([]bitset, len(m.index.parts))
		for i, p := range m.index.parts {
			masks[i] = p.mask(retriever.Operator(), nil)
		}

		terms := rapid.SliceOfNDistinct(rapid.SampledFrom(append(modelTerms, "unseen")), 1, 5, rapid.ID).Draw(t, "query")
		lex, best := m.index.newLexical(terms), newTop(m.index, k)
		for i := range m.index.parts {
			if err := lex.search(context.Background(), m.index, i, masks[i], best); err != nil {
				t.Fatal(err)
			}
		}
		naive := m.naiveScore(terms)
		m.check(t, "lexical", best.sorted(), m.best(naive, k), naive)
		for _, item := range best.items {
			if score, _ := lex.score(m.index.parts[item.ref.part], int(item.ref.part), item.ref.chunk); score != item.score {
				t.Fatalf("completed score %v, listed %v", score, item.score)
			}
		}

		query := retriever.Vector{1, 0}
		cosine := func(c naiveChunk) float64 {
			if c.vector == nil {
				return math.NaN()
			}
			fixed, q := make([]int16, len(c.vector)), newFixedQuery(query)
			scale := encodeFixed(fixed, c.vector)
			return float64(q.product(fixed)) * q.scale * float64(scale)
		}
		near, err := m.index.nearest(context.Background(), m.index.newDenseQuery(query, k), masks)
		if err != nil {
			t.Fatal(err)
		}
		m.check(t, "dense", near, m.best(cosine, k), cosine)
	})
}

func TestTermsSurviveEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOf(rapid.String()).Draw(t, "terms")
		want := map[string]uint16{}
		for _, term := range terms {
			want[term]++
		}
		got := map[string]uint16{}
		length, err := decodeTerms(encodeTerms(terms), func(term []byte, count uint16) { got[string(term)] = count })
		if err != nil || int(length) != len(terms) {
			t.Fatalf("length %d, error %v, want %d", length, err, len(terms))
		}
		for term, count := range want {
			if got[term] != count {
				t.Fatalf("%q: %d, want %d", term, got[term], count)
			}
		}
	})
}

func FuzzDecodeTerms(f *testing.F) {
	f.Add(encodeTerms([]string{"one", "two", "two"}))
	f.Add([]byte{3, 1, 200})
	f.Fuzz(func(t *testing.T, data []byte) {
		size := 0
		if _, err := decodeTerms(data, func(term []byte, _ uint16) { size += len(term) }); err == nil && size > len(data) {
			t.Errorf("%d bytes of terms out of %d", size, len(data))
		}
	})
}
