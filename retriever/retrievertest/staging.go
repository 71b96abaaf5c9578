package retrievertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

// nextSpace has the dimension of the suite's space and nothing else in common with it.
var nextSpace = retriever.Fingerprint{Model: "test-next", Dimension: dimension}

var (
	staged = retriever.StagedName("docs")
	former = retriever.FormerName("docs")
)

// in makes the specs upserts with vectors of another space.
func in(space retriever.Fingerprint, specs ...spec) []retriever.Upsert {
	out := make([]retriever.Upsert, len(specs))
	for i, s := range specs {
		out[i] = s.upsert()
		out[i].Space = space
		out[i].Document.Pipeline = "test/" + space.Model
		out[i].Seal()
	}
	return out
}

// stage begins a staged collection in nextSpace beside docs and puts the specs in it.
func (e *env) stage(specs ...spec) {
	e.Helper()
	e.must(e.store.Stage(e.ctx, retriever.Collection{Name: "docs", Fingerprint: nextSpace}))
	_, err := e.store.Put(e.ctx, staged, in(nextSpace, specs...))
	e.must(err)
}

// lastIngest is what Promote wants to have been seen.
func (e *env) lastIngest(name string) time.Time {
	e.Helper()
	info, err := e.store.Collection(e.ctx, retriever.Operator(), name)
	e.must(err)
	return info.LastIngest
}

func (e *env) documentIn(collection, id string) error {
	_, _, err := e.store.Document(e.ctx, retriever.Operator().Within(collection), id)
	return err
}

func testStagedIsHidden(e *env) {
	e.create("docs")
	a, b := spec{uri: "a", texts: []string{"alpha"}}, spec{uri: "b", texts: []string{"beta"}}
	e.put(a)
	e.stage(a, b)

	if got := e.collectionNames(retriever.Operator()); !cmp.Equal(got, []string{"docs"}) {
		e.Errorf("collections: %v", got)
	}
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a"}, "served")
	e.wantURIs(documentURIs(e.documents(staged, "")), []string{"a", "b"}, "staged")
	for _, d := range e.documents(staged, "") {
		if d.Collection != "docs" {
			e.Errorf("%s says it is of %q", d.URI, d.Collection)
		}
	}
	_, _, err := e.store.Document(e.ctx, retriever.Operator(), b.id())
	e.wantErr(err, retriever.ErrDocumentNotFound, "by ID alone")
	e.must(e.documentIn(staged, b.id()))
	e.must(e.documentIn("docs", a.id()))

	own := retriever.Scope{Tenant: retriever.DefaultTenant, Collections: []string{"docs", staged, retriever.AllCollections}}
	_, err = e.store.Collection(e.ctx, own, staged)
	e.wantErr(err, retriever.ErrCollectionNotFound, "Collection of a tenant")
	_, err = collect(e.store.Documents(e.ctx, own, staged, ""))
	e.wantErr(err, retriever.ErrCollectionNotFound, "Documents of a tenant")
	_, err = e.store.Candidates(e.ctx, retriever.CandidateQuery{Collection: staged, Scope: own, Text: "beta", Depth: 5})
	e.wantErr(err, retriever.ErrCollectionNotFound, "Candidates of a tenant")
	_, _, err = e.store.Document(e.ctx, own, b.id())
	e.wantErr(err, retriever.ErrDocumentNotFound, "Document of a tenant")
	if err := e.store.CreateCollection(e.ctx, retriever.Collection{Name: staged}); err == nil {
		e.Error("a collection of a staged one's name was created")
	}
}

func testPromote(e *env) {
	e.create("docs")
	a, b, c := spec{uri: "a", texts: []string{"alpha"}}, spec{uri: "b", texts: []string{"beta"}}, spec{uri: "c", texts: []string{"gamma"}}
	e.put(a, b)
	e.must(e.store.PutRecords(e.ctx, retriever.Record{Collection: "docs", Kind: "k", Key: "1", Value: []byte(`1`)}))
	e.stage(a, c)
	e.must(e.store.Promote(e.ctx, "docs", e.lastIngest("docs")))

	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a", "c"}, "promoted")
	e.wantURIs(documentURIs(e.documents(former, "")), []string{"a", "b"}, "former")
	e.must(e.documentIn("docs", c.id()))
	_, _, err := e.store.Document(e.ctx, retriever.Operator(), b.id())
	e.wantErr(err, retriever.ErrDocumentNotFound, "what only the former one has")
	info, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.must(err)
	if info.Fingerprint.Model != nextSpace.Model || info.Documents != 2 {
		e.Errorf("promoted: %+v", info)
	}
	q := query("gamma", 5)
	q.Space = nextSpace
	e.wantURIs(uris(e.candidates(q)), []string{"a", "c"}, "candidates")
	records, err := e.store.Records(e.ctx, "docs", "k")
	e.must(err)
	if len(records) != 1 {
		e.Errorf("%d records, want the one", len(records))
	}
	e.wantErr(e.store.Promote(e.ctx, "docs", e.lastIngest("docs")), retriever.ErrCollectionNotFound, "promote again")
	if e.Second == nil {
		return
	}
	other := e.Second()
	got, err := collect(other.Documents(e.ctx, retriever.Operator(), "docs", ""))
	e.must(err)
	e.wantURIs(documentURIs(got), []string{"a", "c"}, "another process")
}

func testPromoteFirst(e *env) {
	e.stage(spec{uri: "a", texts: []string{"alpha"}})
	if got := e.collectionNames(retriever.Operator()); len(got) != 0 {
		e.Errorf("collections: %v", got)
	}
	_, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.wantErr(err, retriever.ErrCollectionNotFound, "before")
	e.must(e.store.Promote(e.ctx, "docs", time.Time{}))
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a"}, "promoted")
	_, err = e.store.Collection(e.ctx, retriever.Operator(), former)
	e.wantErr(err, retriever.ErrCollectionNotFound, "former")
}

func testPromoteChanged(e *env) {
	e.create("docs")
	a := spec{uri: "a", texts: []string{"alpha"}}
	e.put(a)
	e.stage(a)
	seen := e.lastIngest("docs")
	e.put(spec{uri: "late", texts: []string{"late"}})
	e.wantErr(e.store.Promote(e.ctx, "docs", seen), retriever.ErrChanged, "written since")
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a", "late"}, "served")
	e.wantURIs(documentURIs(e.documents(staged, "")), []string{"a"}, "staged")
}

func testStageAgain(e *env) {
	e.create("docs")
	next := nextSpace
	stage := func(probe string) {
		next.Probe = embedder.Vector(probe)
		e.must(e.store.Stage(e.ctx, retriever.Collection{Name: "docs", Fingerprint: next}))
	}
	stage("one")
	_, err := e.store.Put(e.ctx, staged, in(next, spec{uri: "a", texts: []string{"alpha"}}))
	e.must(err)
	stage("one")
	e.wantURIs(documentURIs(e.documents(staged, "")), []string{"a"}, "staged again")
	stage("two")
	e.wantURIs(documentURIs(e.documents(staged, "")), nil, "staged with other weights")
	e.wantURIs(documentURIs(e.documents("docs", "")), nil, "served")
}

func testFormerComesBack(e *env) {
	e.create("docs")
	a, b := spec{uri: "a", texts: []string{"alpha"}}, spec{uri: "b", texts: []string{"beta"}}
	e.put(a)
	e.stage(b)
	e.must(e.store.Promote(e.ctx, "docs", e.lastIngest("docs")))
	e.must(e.store.Stage(e.ctx, retriever.Collection{Name: "docs", Fingerprint: space}))
	e.wantURIs(documentURIs(e.documents(staged, "")), []string{"a"}, "staged")
	e.must(e.store.Promote(e.ctx, "docs", e.lastIngest("docs")))
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a"}, "served again")
	e.wantURIs(documentURIs(e.documents(former, "")), []string{"b"}, "former")
}

func testDeleteStaged(e *env) {
	e.create("docs")
	a := spec{uri: "a", texts: []string{"alpha"}}
	e.put(a)
	e.stage(a)
	e.must(e.store.Promote(e.ctx, "docs", e.lastIngest("docs")))
	e.must(e.store.Stage(e.ctx, retriever.Collection{Name: "docs", Language: "de"}))
	e.must(e.store.DeleteCollection(e.ctx, former))
	e.wantErr(e.store.DeleteCollection(e.ctx, former), retriever.ErrCollectionNotFound, "delete the former one again")
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a"}, "served")
	e.must(e.store.DeleteCollection(e.ctx, "docs"))
	for _, name := range []string{"docs", staged, former} {
		_, err := e.store.Collection(e.ctx, retriever.Operator(), name)
		e.wantErr(err, retriever.ErrCollectionNotFound, name)
	}
	e.create("docs")
	e.wantURIs(documentURIs(e.documents("docs", "")), nil, "made anew")
}

func testOtherSpace(e *env) {
	probed := space
	probed.Probe = embedder.Vector("one")
	e.must(e.store.CreateCollection(e.ctx, retriever.Collection{Name: "docs", Fingerprint: probed}))
	retrained := probed
	retrained.Probe = embedder.Vector("two")
	a := spec{uri: "a", texts: []string{"alpha"}}
	for name, other := range map[string]retriever.Fingerprint{"another model": nextSpace, "other weights": retrained, "none": {}} {
		n, err := e.store.Put(e.ctx, "docs", in(other, a))
		e.wantErr(err, retriever.ErrFingerprint, "Put: "+name)
		if n != 0 {
			e.Errorf("%s: stored %d", name, n)
		}
		if other.IsZero() {
			continue
		}
		q := query("alpha", 5)
		q.Space = other
		_, err = e.store.Candidates(e.ctx, q)
		e.wantErr(err, retriever.ErrFingerprint, "Candidates: "+name)
	}
	_, err := e.store.Put(e.ctx, "docs", in(retriever.Fingerprint{}, spec{uri: "words", texts: []string{"words"}, noVectors: true}))
	e.must(err)
	_, err = e.store.Put(e.ctx, "docs", in(probed, a))
	e.must(err)
}

// testReadersDuringPromote promotes back and forth under readers and a writer. Every
// document says in its text which of the two it is of.
func testReadersDuringPromote(e *env) {
	e.create("docs")
	specs := func(word string) (out []spec) {
		for i := range 8 {
			out = append(out, spec{uri: fmt.Sprint(i), texts: []string{"shared " + word}})
		}
		return out
	}
	e.put(specs("old")...)
	e.stage(specs("new")...)
	ctx, cancel := context.WithCancel(e.ctx)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				set, err := e.store.Candidates(ctx, retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "shared", Depth: 20})
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						e.Errorf("candidates: %v", err)
					}
					return
				}
				old := 0
				for _, c := range set.Candidates {
					if strings.Contains(c.Chunk.Text, "old") {
						old++
					}
				}
				if len(set.Candidates) != 8 || old != 0 && old != 8 {
					e.Errorf("%d candidates, %d of them of the one", len(set.Candidates), old)
				}
			}
		})
	}
	for i := range 6 {
		to := nextSpace
		if i%2 == 1 {
			to = space
		}
		if err := e.store.Stage(e.ctx, retriever.Collection{Name: "docs", Fingerprint: to}); err != nil {
			e.Error(err)
		}
		if err := e.store.Promote(e.ctx, "docs", e.lastIngest("docs")); err != nil {
			e.Error(err)
		}
	}
	cancel()
	wg.Wait()
}
