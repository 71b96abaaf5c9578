package retrievertest

import (
	"math"
	"slices"

	"ragway/retriever"
)

func testNilVectors(e *env) {
	e.create("docs")
	e.put(spec{uri: "words", texts: []string{"shared words only"}, noVectors: true}, spec{uri: "both", texts: []string{"shared both"}})
	e.wantCounts(2, 2, 1)
	set := e.candidates(query("shared", 10))
	e.wantURIs(uris(set), []string{"both", "words"}, "Candidates")
	for _, c := range set.Candidates {
		if want := c.Document.URI == "both"; c.Dense.Known != want || (c.Dense.Rank > 0) != want {
			e.Errorf("%s: dense leg %+v", c.Document.URI, c.Dense)
		}
		if !c.Lexical.Known || c.Lexical.Rank == 0 {
			e.Errorf("%s: lexical leg %+v", c.Document.URI, c.Lexical)
		}
	}
	_, chunks, err := e.store.Document(e.ctx, retriever.Operator(), spec{uri: "words", texts: []string{"shared words only"}}.id())
	e.must(err)
	if len(chunks) != 1 || chunks[0].Vector != nil {
		e.Errorf("chunks %+v, want one without a vector", chunks)
	}
}

func testNoSpace(e *env) {
	e.must(e.store.CreateCollection(e.ctx, retriever.Collection{Name: "docs"}))
	e.put(spec{uri: "a", texts: []string{"alpha"}, noVectors: true})
	q := query("alpha", 5)
	q.Vector = nil
	e.wantURIs(uris(e.candidates(q)), []string{"a"}, "lexical")
	n, err := e.store.Put(e.ctx, "docs", []retriever.Upsert{spec{uri: "b", texts: []string{"beta"}}.upsert()})
	e.wantErr(err, retriever.ErrBadVector, "vector in a collection without a space")
	if n != 0 {
		e.Errorf("stored %d, want 0", n)
	}
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a"}, "Documents")
}

// badVectors are vectors that no collection of the suite's dimension may take.
func badVectors() map[string]retriever.Vector {
	with := func(i int, x float64) retriever.Vector {
		v := slices.Clone(embedder.Vector("some text"))
		v[i] = float32(x)
		return v
	}
	long := slices.Clone(embedder.Vector("some text"))
	for i := range long {
		long[i] *= 2
	}
	return map[string]retriever.Vector{
		"too short": embedder.Vector("some text")[:dimension-1],
		"too long":  append(slices.Clone(embedder.Vector("some text")), 0),
		"empty":     {},
		"NaN":       with(3, math.NaN()),
		"Inf":       with(0, math.Inf(1)),
		"zero":      make(retriever.Vector, dimension),
		"not unit":  long,
	}
}

func testBadVectors(e *env) {
	e.create("docs")
	old := spec{uri: "bad", texts: []string{"oldtext shared"}}
	e.put(old)
	for name, v := range badVectors() {
		bad := spec{uri: "bad", texts: []string{"fine shared", "newtext shared " + name}}.upsert()
		bad.Chunks[1].Vector = v
		batch := []retriever.Upsert{spec{uri: "before " + name, texts: []string{"shared"}}.upsert(), bad,
			spec{uri: "after " + name, texts: []string{"shared"}}.upsert()}
		n, err := e.store.Put(e.ctx, "docs", batch)
		e.wantErr(err, retriever.ErrBadVector, name)
		if n != 1 {
			e.Errorf("%s: stored %d, want 1", name, n)
		}
		e.wantURIs(documentURIs(e.documents("docs", "before "+name)), []string{"before " + name}, "before the bad one")
		e.wantURIs(documentURIs(e.documents("docs", "after ")), nil, "after the bad one")
	}
	_, chunks, err := e.store.Document(e.ctx, retriever.Operator(), old.id())
	e.must(err)
	if len(chunks) != 1 || chunks[0].Text != "oldtext shared" {
		e.Errorf("the failing document's old version is not in place: %+v", chunks)
	}
	q := query("newtext fine", 100)
	q.Vector = nil
	if set := e.candidates(q); len(set.Candidates) != 0 {
		e.Errorf("chunks of the failing document are found: %v", uris(set))
	}
}

func testBadQueryVectors(e *env) {
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"alpha"}})
	for _, name := range []string{"too short", "too long", "NaN", "Inf", "zero"} {
		q := query("alpha", 5)
		q.Vector = badVectors()[name]
		set, err := e.store.Candidates(e.ctx, q)
		e.wantErr(err, retriever.ErrBadVector, name)
		if len(set.Candidates) != 0 {
			e.Errorf("%s: candidates beside the error", name)
		}
	}
}
