package retriever_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// shelf is a Store that answers only what the engine asks.
type shelf struct {
	retriever.Store
	spaces map[string]retriever.Fingerprint
	sets   map[string]retriever.CandidateSet
	fail   map[string]error
	gone   map[string]bool // chunks that are found and then not there

	mu    sync.Mutex // the engine asks collections side by side
	asked []retriever.CandidateQuery
}

func (s *shelf) Settings(_ context.Context, _ retriever.Scope, name string) (retriever.Collection, error) {
	fp, ok := s.spaces[name]
	if !ok {
		return retriever.Collection{}, fmt.Errorf("collection %q: %w", name, retriever.ErrCollectionNotFound)
	}
	return retriever.Collection{Name: name, Fingerprint: fp}, nil
}

func (s *shelf) Candidates(_ context.Context, q retriever.CandidateQuery) (retriever.CandidateSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q)
	set := s.sets[q.Collection]
	set.Candidates = slices.Clone(set.Candidates)
	return set, s.fail[q.Collection]
}

func (s *shelf) Passages(_ context.Context, _ retriever.Scope, collection string, ids []string) ([]retriever.Passage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []retriever.Passage
	for _, id := range ids {
		for _, c := range s.sets[collection].Candidates {
			if c.Chunk.ID == id && !s.gone[id] {
				c.Document.Collection = collection
				out = append(out, c.Passage)
			}
		}
	}
	return out, nil
}

// fixed embeds every text as the same vector, or fails.
type fixed struct {
	fp    retriever.Fingerprint
	err   error
	calls *int // counted unless nil
}

func (f fixed) Fingerprint() retriever.Fingerprint { return f.fp }
func (f fixed) Embed(_ context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	if f.calls != nil {
		*f.calls++
	}
	out := make([]retriever.Vector, len(texts))
	for i := range out {
		out[i] = retriever.Vector{1, 0}
	}
	return out, f.err
}

var (
	space = retriever.Fingerprint{Model: "m", Dimension: 2, Probe: retriever.Vector{1, 0}}
	scope = retriever.Scope{Tenant: "default", Collections: []string{retriever.AllCollections}}
)

func engine(t *testing.T, s *shelf, e retriever.Embedder) *retriever.Engine {
	t.Helper()
	eng, err := retriever.New(retriever.Options{Store: s, Embedder: e})
	if err != nil {
		t.Fatal(err)
	}
	return eng
}

func one(id string) retriever.CandidateSet {
	c := candidate(id, 1, 1, 0.5, 1)
	c.Coverage = 1
	return retriever.CandidateSet{Candidates: []retriever.Candidate{c}}
}

func TestRetrieveFailsForWhatTheCallerGotWrong(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": space}, fail: map[string]error{"a": retriever.ErrBadFilter}}
	e := engine(t, s, fixed{fp: space})
	for name, tc := range map[string]struct {
		query retriever.Query
		want  error
	}{
		"unknown collection":      {retriever.Query{Text: "q", Scope: scope, Collections: []string{"nope"}}, retriever.ErrCollectionNotFound},
		"collection out of scope": {retriever.Query{Text: "q", Scope: scope.Within("b"), Collections: []string{"a"}}, retriever.ErrCollectionNotFound},
		"zero scope":              {retriever.Query{Text: "q", Collections: []string{"a"}}, retriever.ErrCollectionNotFound},
		"zero scope, default":     {retriever.Query{Text: "q"}, retriever.ErrCollectionNotFound},
		"bad filter":              {retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}}, retriever.ErrBadFilter},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := e.Retrieve(t.Context(), tc.query); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestRetrieveReadsAMissingDefaultAsEmpty(t *testing.T) {
	r, err := engine(t, &shelf{}, nil).Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope})
	if err != nil || len(r.Hits) != 0 || len(r.Degraded) != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestRetrieveReadsWhatTheOperatorListsAsEmptyUntilItIsThere(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": one("x")}}
	q := retriever.Query{Text: "q", Scope: scope, Collections: []string{"nope", "a"}, SkipMissing: true}
	r, err := engine(t, s, nil).Retrieve(t.Context(), q)
	if err != nil || len(r.Hits) != 1 || len(r.Degraded) != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	q.Scope = scope.Within("a")
	if _, err := engine(t, s, nil).Retrieve(t.Context(), q); !errors.Is(err, retriever.ErrCollectionNotFound) {
		t.Errorf("beyond the scope: %v", err)
	}
}

func TestRetrieveDegradesWhenALegIsLost(t *testing.T) {
	other := space
	other.Model = "another"
	for name, tc := range map[string]struct {
		embedder retriever.Embedder
		stage    string
	}{
		"embedder down":           {fixed{fp: space, err: errors.New("down")}, "embed"},
		"no embedder":             {nil, "dense"},
		"another embedding space": {fixed{fp: other}, "dense"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{spaces: map[string]retriever.Fingerprint{"a": space}, sets: map[string]retriever.CandidateSet{"a": one("x")}}
			r, err := engine(t, s, tc.embedder).Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Hits) != 1 || len(r.Degraded) != 1 || r.Degraded[0].Stage != tc.stage {
				t.Errorf("got %d hits, degraded %+v", len(r.Hits), r.Degraded)
			}
			if s.asked[0].Vector != nil || s.asked[0].Text != "q" {
				t.Errorf("asked %+v", s.asked[0])
			}
		})
	}
}

func TestRetrieveAsksNoEmbedderForCollectionsWithoutVectors(t *testing.T) {
	for name, tc := range map[string]struct {
		mode retriever.Mode
		want []retriever.Degradation
	}{
		"hybrid": {retriever.Hybrid, nil},
		"dense":  {retriever.Dense, []retriever.Degradation{{Stage: "dense", Collection: "a", Reason: "the collection has no vectors"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": one("x")}}
			calls := 0
			e := engine(t, s, fixed{fp: space, err: errors.New("down"), calls: &calls})
			r, err := e.Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}, Mode: tc.mode})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, r.Degraded); diff != "" || calls != 0 || len(r.Hits) != 1 {
				t.Errorf("%d calls, %d hits, degraded (-want +got):\n%s", calls, len(r.Hits), diff)
			}
		})
	}
}

func TestRetrieveNamesAMissingCollectionOnce(t *testing.T) {
	for name, scope := range map[string]retriever.Scope{"unknown": scope, "out of scope": scope.Within("b")} {
		t.Run(name, func(t *testing.T) {
			_, err := engine(t, &shelf{}, nil).Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"nope"}})
			if want := `collection "nope": collection not found`; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestRetrieveAnswersFromTheCollectionsThatWork(t *testing.T) {
	s := &shelf{
		spaces: map[string]retriever.Fingerprint{"a": space, "b": space},
		sets:   map[string]retriever.CandidateSet{"a": one("x")},
		fail:   map[string]error{"b": retriever.ErrUnavailable},
	}
	q := retriever.Query{Text: "q", Scope: scope, Collections: []string{"a", "b", "a"}}
	r, err := engine(t, s, fixed{fp: space}).Retrieve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	want := []retriever.Degradation{{Stage: "collection", Collection: "b", Reason: "the store does not answer"}}
	if diff := cmp.Diff(want, r.Degraded); diff != "" || len(r.Hits) != 1 || len(s.asked) != 2 {
		t.Errorf("%s; %d hits, %d asked", diff, len(r.Hits), len(s.asked))
	}
	s.fail["a"] = retriever.ErrUnavailable
	if _, err := engine(t, s, fixed{fp: space}).Retrieve(t.Context(), q); !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("with none left: got %v", err)
	}
}

func TestCollectionsOfOneSpaceAreRankedAsOne(t *testing.T) {
	set := func(background float64, candidates ...retriever.Candidate) retriever.CandidateSet {
		return retriever.CandidateSet{Candidates: candidates, Background: retriever.Distribution{Mean: background, StdDev: 0.1}}
	}
	byWords := candidate("d", 4, 1, 0, 0)
	byWords.Dense = retriever.Leg{} // of a collection without vectors
	s := &shelf{
		spaces: map[string]retriever.Fingerprint{"a": space, "b": space, "words": {}},
		sets: map[string]retriever.CandidateSet{
			"a":     set(0.2, candidate("a", 9, 1, 0.3, 2), candidate("c", 5, 2, 0.8, 1)),
			"b":     set(0.4, candidate("b", 9, 1, 0.6, 1), candidate("e", 0, 0, 0.5, 2)),
			"words": {Candidates: []retriever.Candidate{byWords}},
		},
	}
	r, err := engine(t, s, fixed{fp: space}).Retrieve(t.Context(), retriever.Query{
		Text: "q", Scope: scope, Collections: []string{"a", "b", "words"}, K: 10, Raw: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	type ranks struct{ Lexical, Dense int }
	got := map[string]ranks{}
	for _, h := range r.Hits {
		got[h.Chunk.ID] = ranks{h.Signals.Lexical.Rank, h.Signals.Dense.Rank}
	}
	want := map[string]ranks{"a": {1, 4}, "b": {2, 2}, "c": {3, 1}, "d": {1, 0}, "e": {0, 3}} // d is of a ranking by words alone
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ranks over all collections, ties by chunk ID (-want +got):\n%s", diff)
	}
	// The pooled background has mean .3 and deviation √(.1² + .1²); c stands 3.54 above it.
	for _, h := range r.Hits {
		if h.Chunk.ID == "c" && (h.Relevance < 0.18 || h.Relevance > 0.20) {
			t.Errorf("relevance of c: %.3f, want half of (3.54-2)/4", h.Relevance)
		}
	}
}

func TestLongQueryIsCutAtARune(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}}
	for _, n := range []int{retriever.MaxQueryRunes - 1, retriever.MaxQueryRunes, retriever.MaxQueryRunes + 1} {
		r, err := engine(t, s, nil).Retrieve(t.Context(), retriever.Query{Text: strings.Repeat("é", n), Scope: scope, Collections: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.Repeat("é", min(n, retriever.MaxQueryRunes)); r.Query != want {
			t.Errorf("%d runes: searched %d bytes, want %d", n, len(r.Query), len(want))
		}
	}
}

func TestSelectionDropsWithAReason(t *testing.T) {
	long := "every employee may take thirty days of paid leave a year, in whole or half days, after asking their lead two weeks ahead; unused days move to march, edition "
	set := retriever.CandidateSet{}
	add := func(id, doc, text string, score, coverage float64, tokens int) {
		c := candidate(id, score, len(set.Candidates)+1, 0, 0)
		c.Dense = retriever.Leg{}
		c.Chunk.Text, c.Chunk.Tokens, c.Document.ID, c.Coverage = text, tokens, doc, coverage
		set.Candidates = append(set.Candidates, c)
	}
	add("a", "d1", long+"first", 9, 1, 500)
	add("b", "d2", long+"second", 8, 1, 10)
	add("c", "d1", "something else entirely, from the same document", 7, 1, 10)
	add("d", "d3", "too long for the budget", 6, 1, 60)
	add("e", "d4", "fits", 5, 1, 10)
	add("f", "d5", "hardly related", 4, 0.1, 10)
	add("g", "d6", "one more than asked for", 3, 1, 1)
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": set}}
	r, err := engine(t, s, nil).Retrieve(t.Context(), retriever.Query{
		Text: "q", Scope: scope, Collections: []string{"a"}, K: 2, MinScore: 0.5, PerDocument: 1, TokenBudget: 550,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]retriever.Drop{}
	for _, h := range append(r.Hits, r.Dropped...) {
		got[h.Chunk.ID] = h.Dropped
	}
	want := map[string]retriever.Drop{"a": "", "b": retriever.NearDuplicate, "c": retriever.OverPerDocument,
		"d": retriever.OverBudget, "e": "", "f": retriever.BelowMinScore, "g": retriever.BeyondK}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
