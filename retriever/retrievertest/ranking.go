package retrievertest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	gocmp "github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func testEmptyCollection(e *env) {
	e.create("docs")
	set := e.candidates(query("anything at all", 10))
	if len(set.Candidates) != 0 || set.Background != (retriever.Distribution{}) {
		e.Errorf("an empty collection answers %+v", set)
	}
	e.wantURIs(documentURIs(e.documents("docs", "")), nil, "Documents")
}

func testNoWordsNoVector(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"alpha"}})
	for _, text := range []string{"", "   ", "?!…", "\n\t--"} {
		q := query("", 10)
		q.Text, q.Vector = text, nil
		if set := e.candidates(q); len(set.Candidates) != 0 {
			e.Errorf("%q without a vector finds %v", text, uris(set))
		}
		q.Vector = embedder.Vector("alpha")
		set := e.candidates(q)
		e.wantURIs(uris(set), []string{"a"}, "dense only")
		for _, c := range set.Candidates {
			if c.Lexical.Known || c.Lexical.Rank != 0 || !c.Dense.Known || c.Dense.Rank != 1 {
				e.Errorf("%q: legs %+v %+v, want dense alone", text, c.Lexical, c.Dense)
			}
		}
	}
	q := query("alpha", 10)
	q.Vector = nil
	for _, c := range e.candidates(q).Candidates {
		if c.Dense.Known || c.Dense.Rank != 0 || !c.Lexical.Known || c.Lexical.Rank != 1 {
			e.Errorf("no vector: legs %+v %+v, want lexical alone", c.Lexical, c.Dense)
		}
	}
}

func testDepthBeyond(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"alpha one", "alpha two"}}, spec{uri: "b", texts: []string{"beta"}})
	set := e.candidates(query("alpha", 500))
	if len(set.Candidates) != 3 {
		e.Errorf("%d candidates, want the collection's 3", len(set.Candidates))
	}
	for _, c := range set.Candidates {
		if inList := c.Lexical.Rank > 0; inList != strings.Contains(c.Chunk.Text, "alpha") {
			e.Errorf("%q: lexical rank %d", c.Chunk.Text, c.Lexical.Rank)
		}
	}
}

// words are letters that no stemmer shortens and no list stops.
func word(i int) string {
	const consonants, vowels = "bdfgklmnprtvz", "aiou"
	b := []byte{consonants[i%13], vowels[i/13%4], consonants[i/52%13], vowels[i/676%4], 'k'}
	return string(b)
}

// generated are n documents of one to three chunks over a skewed vocabulary.
func generated(n int, seed uint64) []spec {
	rng := rand.New(rand.NewPCG(seed, 7))
	specs := make([]spec, n)
	for i := range specs {
		specs[i].uri = fmt.Sprintf("gen/%d", i)
		for range 1 + rng.IntN(3) {
			var b []string
			for range 12 + rng.IntN(20) {
				b = append(b, word(int(200*math.Pow(rng.Float64(), 3))))
			}
			specs[i].texts = append(specs[i].texts, strings.Join(b, " "))
		}
	}
	return specs
}

func testDepthLimits(e *env) {
	e.create("docs")
	e.put(generated(60, 1)...)
	for _, depth := range []int{1, 2, 7, 25} {
		var lexical, dense int
		for _, c := range e.candidates(query(word(0)+" "+word(1), depth)).Candidates {
			if c.Lexical.Rank > 0 {
				lexical++
			}
			if c.Dense.Rank > 0 {
				dense++
			}
			if c.Lexical.Rank == 0 && c.Dense.Rank == 0 {
				e.Errorf("depth %d: a candidate in neither list", depth)
			}
		}
		if lexical != depth || dense != depth {
			e.Errorf("depth %d: lists of %d and %d", depth, lexical, dense)
		}
	}
}

// checkLists holds the set to what it promises of itself: ordered by chunk ID, ranks from
// 1 without a gap, higher scores first, ties by chunk ID.
func (e *env) checkLists(set retriever.CandidateSet) {
	e.Helper()
	byID := func(a, b retriever.Candidate) int { return cmp.Compare(a.Chunk.ID, b.Chunk.ID) }
	if !slices.IsSortedFunc(set.Candidates, byID) {
		e.Error("candidates are not ordered by chunk ID")
	}
	for name, leg := range map[string]func(retriever.Candidate) retriever.Leg{
		"lexical": func(c retriever.Candidate) retriever.Leg { return c.Lexical },
		"dense":   func(c retriever.Candidate) retriever.Leg { return c.Dense },
	} {
		var ranked []retriever.Candidate
		for _, c := range set.Candidates {
			if leg(c).Rank > 0 {
				ranked = append(ranked, c)
			}
		}
		slices.SortFunc(ranked, func(a, b retriever.Candidate) int {
			return cmp.Or(cmp.Compare(leg(b).Score, leg(a).Score), byID(a, b))
		})
		for i, c := range ranked {
			if leg(c).Rank != i+1 || !leg(c).Known {
				e.Errorf("%s: place %d by score and ID has %+v", name, i+1, leg(c))
				break
			}
		}
	}
}

// naiveBM25 scores every text for the query terms, with k1 1.2 and b .75 and the average
// length given.
func naiveBM25(texts, terms []string, averageLength float64) []float64 {
	scores := make([]float64, len(texts))
	for _, term := range terms {
		df := 0.0
		for _, text := range texts {
			if slices.Contains(strings.Fields(text), term) {
				df++
			}
		}
		idf := math.Log(1 + (float64(len(texts))-df+0.5)/(df+0.5))
		for i, text := range texts {
			fields := strings.Fields(text)
			tf := 0.0
			for _, f := range fields {
				if f == term {
					tf++
				}
			}
			scores[i] += idf * tf * 2.2 / (tf + 1.2*(0.25+0.75*float64(len(fields))/averageLength))
		}
	}
	return scores
}

// testBM25Order compares the lexical list with naive scoring. A store may freeze the
// average length at a constant of its own, so that only pairs are compared whose order is
// the same, by a clear margin, for any average from a quarter to sixteen times the real.
func testBM25Order(e *env) {
	e.create("docs")
	docs := e.put(generated(120, 2)...)
	var ids, texts []string
	total := 0
	for _, d := range docs {
		for _, c := range d.Chunks {
			ids, texts = append(ids, c.ID), append(texts, c.Text)
			total += len(strings.Fields(c.Text))
		}
	}
	mean := float64(total) / float64(len(texts))
	for _, terms := range [][]string{{word(0)}, {word(3), word(40)}, {word(90), word(1), word(150), word(7)}} {
		q := query(strings.Join(terms, " "), len(texts))
		q.Vector = nil
		set := e.candidates(q)
		e.checkLists(set)
		got := map[string]float64{}
		for _, c := range set.Candidates {
			got[c.Chunk.ID] = c.Lexical.Score
		}
		var runs [][]float64
		for _, factor := range []float64{0.25, 0.5, 1, 2, 4, 8, 16} {
			runs = append(runs, naiveBM25(texts, terms, mean*factor))
		}
		e.checkOrder(ids, runs, got)
	}
}

// checkOrder checks got against every pair on whose order all runs agree by a tenth.
func (e *env) checkOrder(ids []string, runs [][]float64, got map[string]float64) {
	e.Helper()
	compared := 0
	for i := range ids {
		if _, found := got[ids[i]]; found != (runs[0][i] > 0) {
			e.Errorf("chunk with naive score %.3f: found %v", runs[0][i], found)
		}
		for j := range ids {
			clear := !slices.ContainsFunc(runs, func(s []float64) bool { return s[i] < 1.1*s[j] || s[j] == 0 })
			if !clear {
				continue
			}
			compared++
			if got[ids[i]] <= got[ids[j]] {
				e.Errorf("scores %.3f and %.3f, want the first higher (naive %.3f and %.3f)", got[ids[i]], got[ids[j]], runs[2][i], runs[2][j])
			}
		}
	}
	if compared == 0 {
		e.Error("no pair is clear enough to compare")
	}
}

func testCosineOrder(e *env) {
	e.create("docs")
	docs := e.put(generated(80, 3)...)
	want := map[string]float64{}
	q := query(word(2)+" "+word(11)+" "+word(60), 1000)
	q.Text = ""
	for _, d := range docs {
		for _, c := range d.Chunks {
			want[c.ID] = float64(retriever.Dot(q.Vector, c.Vector))
		}
	}
	set := e.candidates(q)
	e.checkLists(set)
	if len(set.Candidates) != len(want) {
		e.Errorf("%d candidates, want %d", len(set.Candidates), len(want))
	}
	for _, c := range set.Candidates {
		if math.Abs(c.Dense.Score-want[c.Chunk.ID]) > 1e-4 {
			e.Errorf("cosine %.6f, want %.6f", c.Dense.Score, want[c.Chunk.ID])
		}
	}
}

// testCompletedScores: a candidate that only one list holds has the score the other list
// would have given it.
func testCompletedScores(e *env) {
	e.create("docs")
	e.put(generated(100, 4)...)
	q := query(word(0)+" "+word(5)+" "+word(33), 1000)
	full := map[string]retriever.Candidate{}
	for _, c := range e.candidates(q).Candidates {
		full[c.Chunk.ID] = c
	}
	q.Depth = 8
	set := e.candidates(q)
	e.checkLists(set)
	completed := 0
	for _, c := range set.Candidates {
		want := full[c.Chunk.ID]
		if !c.Lexical.Known || !c.Dense.Known {
			e.Errorf("legs %+v %+v, want both known", c.Lexical, c.Dense)
		}
		if math.Abs(c.Lexical.Score-want.Lexical.Score) > 1e-4 || math.Abs(c.Dense.Score-want.Dense.Score) > 1e-4 {
			e.Errorf("scores %+v %+v, want %+v %+v", c.Lexical, c.Dense, want.Lexical, want.Dense)
		}
		if c.Lexical.Rank == 0 || c.Dense.Rank == 0 {
			completed++
		}
	}
	if completed == 0 {
		e.Error("every candidate is in both lists: nothing was completed")
	}
}

func testTies(e *env) {
	e.create("docs")
	var specs []spec
	for i := range 30 {
		specs = append(specs, spec{uri: fmt.Sprintf("tie/%d", i), texts: []string{"same words here"}})
	}
	e.put(specs...)
	set := e.candidates(query("same", 30))
	e.checkLists(set)
	for i, c := range set.Candidates {
		if c.Lexical.Rank != i+1 || c.Dense.Rank != i+1 {
			e.Errorf("place %d by ID has ranks %d and %d", i+1, c.Lexical.Rank, c.Dense.Rank)
		}
	}
}

func testRepeatable(e *env) {
	e.create("docs")
	e.put(generated(80, 5)...)
	q := query(word(0)+" "+word(2), 10)
	first := e.candidates(q)
	for range 10 {
		if diff := gocmp.Diff(first, e.candidates(q)); diff != "" {
			e.Fatalf("the same query again (-first +now):\n%s", diff)
		}
	}
}

func testContextIndexed(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"plain body"}, context: "Handbook heading"}, spec{uri: "b", texts: []string{"other"}})
	q := query("handbook", 5)
	q.Vector = nil
	set := e.candidates(q)
	e.wantURIs(uris(set), []string{"a"}, "word of the context")
	for _, c := range set.Candidates {
		if c.Chunk.Text != "plain body" || c.Chunk.Context != "Handbook heading" {
			e.Errorf("text %q, context %q", c.Chunk.Text, c.Chunk.Context)
		}
	}
}

func testCoverage(e *env) {
	e.create("docs")
	e.put(spec{uri: "both", texts: []string{word(1) + " and " + word(2)}}, spec{uri: "one", texts: []string{word(1) + " alone"}},
		spec{uri: "none", texts: []string{word(3)}}, spec{uri: "filler", texts: []string{word(1) + " " + word(4)}})
	coverage := func(text string) map[string]float64 {
		got := map[string]float64{}
		for _, c := range e.candidates(query(text, 10)).Candidates {
			if !(c.Coverage >= 0 && c.Coverage <= 1) {
				e.Errorf("%q: coverage %v of %s", text, c.Coverage, c.Document.URI)
			}
			got[c.Document.URI] = c.Coverage
		}
		return got
	}
	got := coverage(word(1) + " " + word(2))
	if math.Abs(got["both"]-1) > 1e-6 || got["none"] != 0 {
		e.Errorf("coverage of all terms %v, want 1; of none %v, want 0", got["both"], got["none"])
	}
	// word(1) is the commoner of the two, so it carries less than half of the mass.
	if !(got["one"] > 0 && got["one"] < 0.5) {
		e.Errorf("coverage of the common term %v, want below half", got["one"])
	}
	// In so small a collection a term that no chunk holds must not outweigh all others.
	if got := coverage(word(1) + " " + word(2) + " " + word(9)); !(got["both"] > 0.5 && got["both"] < 0.8) {
		e.Errorf("coverage %v of two terms of three, want about two thirds", got["both"])
	}
}

func testBackground(e *env) {
	e.create("docs")
	docs := e.put(generated(400, 6)...)
	q := query(word(4)+" "+word(20), 5)
	var sum, squares, n float64
	for _, d := range docs {
		for _, c := range d.Chunks {
			s := float64(retriever.Dot(q.Vector, c.Vector))
			sum, squares, n = sum+s, squares+s*s, n+1
		}
	}
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	got := e.candidates(q).Background
	// A sample of 256 has its mean within 5 standard errors, its deviation within a third.
	if math.Abs(got.Mean-mean) > 5*deviation/16 || math.Abs(got.StdDev-deviation) > deviation/3 {
		e.Errorf("background %+v, want about {%.4f %.4f}", got, mean, deviation)
	}
	q.Vector = nil
	if got := e.candidates(q).Background; got != (retriever.Distribution{}) {
		e.Errorf("background without a query vector: %+v", got)
	}
}
