package retriever_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ragway/retriever"
)

// candidate has the id and, where a rank is given, a place in the list.
func candidate(id string, lexical float64, lexicalRank int, dense float64, denseRank int) retriever.Candidate {
	return retriever.Candidate{
		Passage: retriever.Passage{Chunk: retriever.Chunk{ID: id, Text: "text of " + id}, Document: retriever.Document{ID: "doc-" + id}},
		Lexical: retriever.Leg{Score: lexical, Rank: lexicalRank, Known: true},
		Dense:   retriever.Leg{Score: dense, Rank: denseRank, Known: true},
	}
}

func ids(hits []retriever.Hit) []string {
	var out []string
	for _, h := range hits {
		out = append(out, h.Chunk.ID)
	}
	return out
}

func TestFuseWeighsScaledScores(t *testing.T) {
	set := retriever.CandidateSet{Candidates: []retriever.Candidate{
		candidate("a", 10, 1, 0.1, 3), // scaled 1, 0
		candidate("b", 5, 2, 0.5, 2),  // scaled .5, .5
		candidate("c", 0, 0, 0.9, 1),  // scaled 0, 1
	}}
	hits := retriever.Fusion{Alpha: 0.25}.Fuse(set)
	if diff := cmp.Diff([]string{"a", "b", "c"}, ids(hits)); diff != "" {
		t.Error(diff)
	}
	for i, want := range []float64{0.75, 0.5, 0.25} {
		if got := hits[i].Score; got < want-1e-9 || got > want+1e-9 {
			t.Errorf("score of %s: got %v, want %v", hits[i].Chunk.ID, got, want)
		}
	}
}

func TestFuseBreaksTiesByChunkID(t *testing.T) {
	set := retriever.CandidateSet{Candidates: []retriever.Candidate{
		candidate("b", 1, 1, 0.5, 1), candidate("c", 1, 2, 0.5, 2), candidate("a", 1, 3, 0.5, 3),
	}}
	if diff := cmp.Diff([]string{"a", "b", "c"}, ids(retriever.Fusion{Alpha: 0.5}.Fuse(set))); diff != "" {
		t.Error(diff)
	}
}

func TestFuseFallsBackToTheListThatHasHits(t *testing.T) {
	dense := retriever.CandidateSet{Candidates: []retriever.Candidate{candidate("a", 0, 0, 0.2, 2), candidate("b", 0, 0, 0.7, 1)}}
	if diff := cmp.Diff([]string{"b", "a"}, ids(retriever.Fusion{Alpha: 0.1}.Fuse(dense))); diff != "" {
		t.Errorf("no lexical hit: %s", diff)
	}
	lexical := retriever.CandidateSet{Candidates: []retriever.Candidate{
		{Passage: retriever.Passage{Chunk: retriever.Chunk{ID: "a"}}, Lexical: retriever.Leg{Score: 1, Rank: 2, Known: true}},
		{Passage: retriever.Passage{Chunk: retriever.Chunk{ID: "b"}}, Lexical: retriever.Leg{Score: 2, Rank: 1, Known: true}},
	}}
	if diff := cmp.Diff([]string{"b", "a"}, ids(retriever.Fusion{Alpha: 0.9}.Fuse(lexical))); diff != "" {
		t.Errorf("no query vector: %s", diff)
	}
}

func TestFuseTreatsAMissingVectorAsNoScore(t *testing.T) {
	noVector := candidate("a", 9, 2, 0, 0)
	noVector.Dense = retriever.Leg{}
	set := retriever.CandidateSet{Candidates: []retriever.Candidate{
		noVector, candidate("b", 10, 1, 0.2, 3), candidate("c", 8, 3, 0.3, 2), candidate("d", 0, 0, 0.4, 1),
	}}
	// As a zero it would fall behind c: .5·.9 < .5·.8 + .5·.5.
	if diff := cmp.Diff([]string{"a", "c", "b", "d"}, ids(retriever.Fusion{Alpha: 0.5}.Fuse(set))); diff != "" {
		t.Error(diff)
	}
}

func TestReserveKeepsThePlacesOfTheDenseList(t *testing.T) {
	var set retriever.CandidateSet
	for i := range 8 { // strong words, weak vectors
		set.Candidates = append(set.Candidates, candidate(fmt.Sprintf("w%d", i), float64(20-i), i+1, 0.1, 0))
	}
	set.Candidates = append(set.Candidates, candidate("p1", 0, 0, 0.9, 1), candidate("p2", 0, 0, 0.8, 2))
	hits := retriever.Fusion{Alpha: 0.2, Reserve: []int{3, 5}}.Fuse(set)
	if diff := cmp.Diff([]string{"w0", "w1", "p1", "w2", "p2", "w3", "w4", "w5", "w6", "w7"}, ids(hits)); diff != "" {
		t.Error(diff)
	}
	if !hits[2].Signals.Reserved || hits[3].Signals.Reserved {
		t.Error("Reserved should mark the raised hits alone")
	}
}

func TestFuseKeepsEveryCandidateOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		var set retriever.CandidateSet
		for i := range n {
			c := candidate(fmt.Sprintf("%02d", i), rapid.Float64Range(0, 9).Draw(t, "lexical"), rapid.IntRange(0, 3).Draw(t, "lexical rank"),
				rapid.Float64Range(-1, 1).Draw(t, "dense"), rapid.IntRange(0, 3).Draw(t, "dense rank"))
			c.Dense.Known = rapid.Bool().Draw(t, "known")
			c.Coverage = rapid.Float64Range(0, 1).Draw(t, "coverage")
			set.Candidates = append(set.Candidates, c)
		}
		set.Background = retriever.Distribution{Mean: 0.1, StdDev: rapid.Float64Range(0, 0.2).Draw(t, "sd")}
		f := retriever.Fusion{Alpha: rapid.Float64Range(0, 1).Draw(t, "alpha"), Reserve: []int{3, 5}}
		hits := f.Fuse(set)
		seen := map[string]bool{}
		for _, h := range hits {
			if seen[h.Chunk.ID] {
				t.Fatalf("%s twice", h.Chunk.ID)
			}
			seen[h.Chunk.ID] = true
			if !(h.Relevance >= 0 && h.Relevance <= 1) {
				t.Fatalf("relevance %v", h.Relevance)
			}
		}
		if len(seen) != n {
			t.Fatalf("got %d of %d", len(seen), n)
		}
	})
}
