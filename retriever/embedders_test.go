package retriever_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"ragway/retriever"
)

// pointing embeds every text as its probe.
type pointing struct {
	fixed
	kinds *[]retriever.TextKind
}

func (p pointing) Fingerprint() retriever.Fingerprint {
	return retriever.Fingerprint{Model: p.fp.Model, Dimension: p.fp.Dimension} // no probe before it is asked
}

func (p pointing) Embed(_ context.Context, kind retriever.TextKind, texts []string) ([]retriever.Vector, error) {
	if p.kinds != nil {
		*p.kinds = append(*p.kinds, kind)
	}
	return slices.Repeat([]retriever.Vector{p.fp.Probe}, len(texts)), p.err
}

var otherSpace = retriever.Fingerprint{Model: "other", Dimension: 2, Probe: retriever.Vector{0, 1}}

func embedders(t *testing.T, s retriever.Store, main retriever.Embedder, others ...retriever.Embedder) *retriever.Engine {
	t.Helper()
	e, err := retriever.New(retriever.Options{Store: s, Embedder: main, Others: others})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func twoSpaces() *shelf {
	return &shelf{
		spaces: map[string]retriever.Fingerprint{"a": space, "b": otherSpace, "words": {}},
		sets:   map[string]retriever.CandidateSet{"a": one("x"), "b": one("y"), "words": one("z")},
	}
}

func TestRetrieveAsksTheEmbedderThatFitsEachCollection(t *testing.T) {
	s := twoSpaces()
	r, err := embedders(t, s, pointing{fixed: fixed{fp: space}}, pointing{fixed: fixed{fp: otherSpace}}).Retrieve(t.Context(),
		retriever.Query{Text: "q", Scope: scope, Collections: []string{"b", "a", "words"}})
	if err != nil || len(r.Hits) != 3 || len(r.Degraded) != 0 {
		t.Fatalf("got %+v, %v", r, err)
	}
	for _, q := range s.asked {
		if want := s.spaces[q.Collection].Probe; !slices.Equal(q.Vector, want) {
			t.Errorf("%s was asked with %v, want %v", q.Collection, q.Vector, want)
		}
	}
}

func TestRetrieveLosesNoMoreThanWhatOneEmbedderMakes(t *testing.T) {
	s := twoSpaces()
	down := pointing{fixed: fixed{fp: otherSpace, err: errors.New("down")}}
	r, err := embedders(t, s, pointing{fixed: fixed{fp: space}}, down).Retrieve(t.Context(),
		retriever.Query{Text: "q", Scope: scope, Collections: []string{"a", "b"}})
	if err != nil || len(r.Hits) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if len(r.Degraded) != 1 || r.Degraded[0].Stage != "embed" || r.Degraded[0].Collection != "b" {
		t.Errorf("degraded %+v, want the embedder of b", r.Degraded)
	}
	for _, q := range s.asked {
		if dense := q.Vector != nil; dense != (q.Collection == "a") {
			t.Errorf("%s was asked with %v", q.Collection, q.Vector)
		}
	}
}

func TestRetrieveAsksNoEmbedderThatNoCollectionNeeds(t *testing.T) {
	var kinds []retriever.TextKind
	idle := pointing{fixed{fp: otherSpace}, &kinds}
	e := embedders(t, twoSpaces(), pointing{fixed: fixed{fp: space}}, idle)
	if _, err := e.Retrieve(t.Context(), retriever.Query{Text: "q", Scope: scope, Collections: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if kinds != nil {
		t.Errorf("it was asked for %v", kinds)
	}
}

func TestCheckSpacesNamesWhatNoEmbedderFits(t *testing.T) {
	retrained := pointing{fixed: fixed{fp: retriever.Fingerprint{Model: "m", Dimension: 2, Probe: retriever.Vector{0, 1}}}}
	down := pointing{fixed: fixed{fp: space, err: errors.New("down")}}
	for name, tt := range map[string]struct {
		embedders []retriever.Embedder
		want      []string
	}{
		"all fit":                {[]retriever.Embedder{pointing{fixed: fixed{fp: space}}, pointing{fixed: fixed{fp: otherSpace}}}, nil},
		"one does not":           {[]retriever.Embedder{pointing{fixed: fixed{fp: space}}}, []string{"b"}},
		"the weights changed":    {[]retriever.Embedder{retrained}, []string{"a", "b"}},
		"old weights as another": {[]retriever.Embedder{retrained, pointing{fixed: fixed{fp: space}}}, []string{"b"}},
		"it does not answer":     {[]retriever.Embedder{down, pointing{fixed: fixed{fp: otherSpace}}}, nil},
		"words only":             {[]retriever.Embedder{nil}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := embedders(t, twoSpaces(), tt.embedders[0], tt.embedders[1:]...)
			got, err := e.CheckSpaces(t.Context(), scope, "a", "b", "words", "missing")
			if err != nil || len(got) != len(tt.want) {
				t.Fatalf("got %v, %v, want %v", got, err, tt.want)
			}
			for i, m := range got {
				if m.Collection != tt.want[i] || !errors.Is(m, retriever.ErrFingerprint) || !strings.Contains(m.Error(), "differ in") {
					t.Errorf("got %v, want %s", m, tt.want[i])
				}
			}
		})
	}
}
