package retriever_test

import (
	stdcmp "cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// lexicalSet has chunks in the order of the ids, with the relevance given.
func lexicalSet(relevance float64, ids ...string) retriever.CandidateSet {
	var set retriever.CandidateSet
	for i, id := range ids {
		c := candidate(id, float64(len(ids)-i), i+1, 0, 0)
		c.Dense, c.Coverage = retriever.Leg{}, relevance
		c.Chunk.Text = strings.Repeat(id+" ", 5)
		set.Candidates = append(set.Candidates, c)
	}
	return set
}

func denseSet(id string, n int) retriever.CandidateSet {
	set := retriever.CandidateSet{Background: retriever.Distribution{Mean: 0, StdDev: 0.05}}
	for i := range n {
		c := candidate(fmt.Sprintf("%s%d", id, i), float64(n-i), i+1, 0.9-0.01*float64(i), i+1)
		c.Coverage = 1
		set.Candidates = append(set.Candidates, c)
	}
	return set
}

func TestEachSpaceHasItsQuota(t *testing.T) {
	s := &shelf{
		spaces: map[string]retriever.Fingerprint{"a": space, "words": {}},
		sets:   map[string]retriever.CandidateSet{"a": denseSet("a", 8), "words": lexicalSet(0.3, "w0", "w1", "w2", "w3")},
	}
	q := retriever.Query{Text: "q", Scope: scope, Collections: []string{"a", "words"}, K: 6, MinScore: 0.2}
	r, err := engine(t, s, fixed{fp: space}).Retrieve(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a0", "a1", "a2", "a3", "a4", "w0"}, ids(r.Hits)); diff != "" {
		t.Errorf("relevance first, and one of six for the other space: %s", diff)
	}
	for i := 1; i < len(r.Hits); i++ {
		if r.Hits[i].Score >= r.Hits[i-1].Score {
			t.Errorf("score %v at %d is not below %v", r.Hits[i].Score, i, r.Hits[i-1].Score)
		}
	}
}

func TestWordingsAreSearchedAndJoined(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": space}, sets: map[string]retriever.CandidateSet{"a": denseSet("a", 3)}}
	var asked []string
	e := listening{fixed{fp: space}, func(kind retriever.TextKind, texts []string) {
		for _, text := range texts {
			asked = append(asked, fmt.Sprint(kind, " ", text))
		}
	}}
	r, err := engine(t, s, e).Retrieve(t.Context(), retriever.Query{Text: "q", Variants: []string{"q", "other", ""}, Hypothetical: "an answer",
		Scope: scope, Collections: []string{"a"}})
	if err != nil || len(r.Hits) != 3 {
		t.Fatalf("%d hits, %v", len(r.Hits), err)
	}
	probe := len(asked) - 2
	if diff := cmp.Diff([]string{fmt.Sprint(retriever.DocumentText, " an answer"), fmt.Sprint(retriever.QueryText, " other")}, asked[probe:]); diff != "" {
		t.Errorf("embedded: %s", diff)
	}
	if len(s.asked) != 2 || s.asked[0].Text != "q" || s.asked[1].Text != "other" {
		t.Errorf("searched %+v", s.asked)
	}
	if want := 2.0 / 61; r.Hits[0].Chunk.ID != "a0" || r.Hits[0].Score != want {
		t.Errorf("first hit %s with %v, want a0 with %v", r.Hits[0].Chunk.ID, r.Hits[0].Score, want)
	}
}

// listening tells what it is asked to embed.
type listening struct {
	fixed
	heard func(retriever.TextKind, []string)
}

func (l listening) Embed(ctx context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	l.heard(kind, texts)
	return l.fixed.Embed(ctx, kind, texts)
}

func TestReciprocalRanksAddUpTheListsAHitIsIn(t *testing.T) {
	set := retriever.CandidateSet{Candidates: []retriever.Candidate{candidate("a", 9, 1, 0.1, 0), candidate("b", 5, 2, 0.5, 2), candidate("c", 0, 0, 0.9, 1)}}
	hits := retriever.Fusion{Method: retriever.ReciprocalRanks, RankConstant: 10, Alpha: 0.5}.Fuse(set)
	if diff := cmp.Diff([]string{"b", "a", "c"}, ids(hits)); diff != "" {
		t.Error(diff)
	}
	if want := 0.5/12 + 0.5/12; hits[0].Score != want {
		t.Errorf("score %v, want %v", hits[0].Score, want)
	}
}

// scores is a reranker with a score for each text that holds a word.
type scores struct {
	of  map[string]float64
	err error
	got *[]string
}

func (scores) Model() string { return "scores" }
func (s scores) Rerank(ctx context.Context, _ string, passages []string) ([]float64, error) {
	if s.got != nil {
		*s.got = passages
	}
	out := make([]float64, len(passages))
	for i, p := range passages {
		for word, score := range s.of {
			if strings.Contains(p, word) {
				out[i] = score
			}
		}
	}
	return out, errors.Join(s.err, ctx.Err())
}

func TestRerankerOrdersTheFirst(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": lexicalSet(1, "w0", "w1", "w2", "w3", "w4")}}
	var read []string
	for name, tc := range map[string]struct {
		reranker retriever.Reranker
		want     []string
		degraded int
	}{
		"by its scores":  {scores{of: map[string]float64{"w0": -7, "w1": -9, "w2": -2, "w3": 100}, got: &read}, []string{"w2", "w0", "w1", "w3", "w4"}, 0},
		"or not, failed": {scores{err: errors.New("down")}, []string{"w0", "w1", "w2", "w3", "w4"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := retriever.New(retriever.Options{Store: s, Reranker: tc.reranker, RerankDepth: 3})
			if err != nil {
				t.Fatal(err)
			}
			r, err := e.Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, ids(r.Hits)); diff != "" || len(r.Degraded) != tc.degraded {
				t.Errorf("degraded %v: %s", r.Degraded, diff)
			}
			if !slices.IsSortedFunc(r.Hits, func(a, b retriever.Hit) int { return stdcmp.Compare(b.Score, a.Score) }) {
				t.Errorf("scores do not say the order: %v", r.Hits)
			}
		})
	}
	if len(read) != 3 {
		t.Errorf("the reranker read %d passages, want 3", len(read))
	}
}

func TestCancelledRerankIsAnError(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": one("x")}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, err := retriever.New(retriever.Options{Store: s, Reranker: scores{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Retrieve(ctx, retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSearchBeginsAnewWhenADocumentWasReplaced(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": lexicalSet(1, "w0", "w1", "w2")},
		gone: map[string]bool{"w1": true}}
	r, err := engine(t, s, nil).Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"w0", "w2"}, ids(r.Hits)); diff != "" || len(s.asked) != 3 {
		t.Errorf("%d searches: %s", len(s.asked), diff)
	}
}

func TestDiversityPrefersWhatIsNotSaidYet(t *testing.T) {
	set := lexicalSet(1, "w0", "w1", "w2")
	texts := []string{"the cat sat on the red mat today", "the cat sat on the blue mat today", "dogs bark at night"}
	for i := range texts {
		set.Candidates[i].Chunk.Text = texts[i]
	}
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": set}}
	for diversity, want := range map[float64][]string{0: {"w0", "w1", "w2"}, 0.5: {"w0", "w2", "w1"}} {
		r, err := engine(t, s, nil).Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}, Diversity: diversity})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ids(r.Hits)); diff != "" {
			t.Errorf("diversity %v: %s", diversity, diff)
		}
	}
}

func TestNearDuplicatesAreFoundWithoutBlanks(t *testing.T) {
	set := lexicalSet(1, "w0", "w1")
	long := strings.Repeat("公司的年假为三十天，须提前两周向主管申请。未用完的假期可结转至次年三月。", 2)
	set.Candidates[0].Chunk.Text, set.Candidates[1].Chunk.Text = long+"二〇二五年版", long+"二〇二六年版"
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": {}}, sets: map[string]retriever.CandidateSet{"a": set}}
	r, err := engine(t, s, nil).Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}})
	if err != nil || len(r.Hits) != 1 || len(r.Dropped) != 1 || r.Dropped[0].Dropped != retriever.NearDuplicate {
		t.Errorf("hits %v, dropped %v, %v", ids(r.Hits), r.Dropped, err)
	}
}

func TestNotesSayWhatTheAskerMayNotExpect(t *testing.T) {
	static := space
	static.Model = "static-x"
	if !static.IsStatic() {
		t.Fatal("not a static space")
	}
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": static}}
	r, err := engine(t, s, fixed{fp: static}).Retrieve(t.Context(), retriever.Query{Text: strings.Repeat("x", retriever.MaxQueryRunes+1),
		Mode: retriever.Dense, Scope: scope, Collections: []string{"a"}})
	if err != nil || len(r.Notes) != 2 || !strings.Contains(r.Notes[0], "4000") || !strings.Contains(r.Notes[1], "built-in") {
		t.Errorf("notes %q, %v", r.Notes, err)
	}
}
