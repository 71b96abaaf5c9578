package retriever_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"ragway/retriever"
)

// switching is a shelf whose collection takes another space between Settings and Candidates.
type switching struct {
	shelf
	next     retriever.Fingerprint
	switched bool
}

func (s *switching) Candidates(ctx context.Context, q retriever.CandidateQuery) (retriever.CandidateSet, error) {
	if !s.switched {
		s.switched = true
		s.spaces[q.Collection] = s.next
	}
	if err := q.CheckVector(s.spaces[q.Collection]); err != nil {
		return retriever.CandidateSet{}, err
	}
	return s.shelf.Candidates(ctx, q)
}

func TestRetrieveNeverComparesVectorsAcrossASwitch(t *testing.T) {
	for name, next := range map[string]retriever.Fingerprint{
		"another model": {Model: "next", Dimension: 2, Probe: retriever.Vector{1, 0}},
		"other weights": {Model: "m", Dimension: 2, Probe: retriever.Vector{0, 1}},
		"no vectors":    {},
	} {
		t.Run(name, func(t *testing.T) {
			s := &switching{shelf: shelf{spaces: map[string]retriever.Fingerprint{"a": space}, sets: map[string]retriever.CandidateSet{"a": one("x")}}, next: next}
			e, err := retriever.New(retriever.Options{Store: s, Embedder: fixed{fp: space}})
			if err != nil {
				t.Fatal(err)
			}
			r, err := e.Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}})
			if err != nil || len(r.Hits) != 1 {
				t.Fatalf("got %+v, %v", r, err)
			}
			if q := s.asked[len(s.asked)-1]; len(s.asked) != 1 || q.Vector != nil || q.Text != "q" {
				t.Errorf("asked %+v, want one search by words", s.asked)
			}
			if next.IsZero() {
				return
			}
			if len(r.Degraded) != 1 || r.Degraded[0].Stage != "dense" || !strings.Contains(r.Degraded[0].Reason, "differ") {
				t.Errorf("degraded %+v", r.Degraded)
			}
		})
	}
}

// retrained is an embedder whose weights change behind its name.
type retrained struct {
	fixed
	vector retriever.Vector
}

func (r *retrained) Embed(_ context.Context, _ retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	out := make([]retriever.Vector, len(texts))
	for i := range out {
		out[i] = r.vector
	}
	return out, nil
}

func TestRetrieveNoticesWeightsThatChange(t *testing.T) {
	s := &shelf{spaces: map[string]retriever.Fingerprint{"a": space}, sets: map[string]retriever.CandidateSet{"a": one("x")}}
	now := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	model := &retrained{fixed: fixed{fp: retriever.Fingerprint{Model: "m", Dimension: 2}}, vector: retriever.Vector{1, 0}}
	e, err := retriever.New(retriever.Options{Store: s, Embedder: model, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	degraded := func() bool {
		t.Helper()
		r, err := e.Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		return len(r.Degraded) > 0
	}
	if degraded() {
		t.Error("degraded at first")
	}
	model.vector = retriever.Vector{0, 1}
	now = now.Add(time.Minute)
	if !degraded() {
		t.Error("the new weights are not noticed")
	}
	s.spaces["a"] = retriever.Fingerprint{Model: "m", Dimension: 2, Probe: retriever.Vector{0, 1}}
	if degraded() {
		t.Error("the collection was embedded anew and is still searched by words alone")
	}
}
