package retrievertest

import (
	"context"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/retriever"
)

func testCancelled(e *env) {
	e.create("docs")
	a := spec{uri: "a", texts: []string{"alpha"}}
	e.put(a)
	ctx, cancel := context.WithCancel(e.ctx)
	cancel()
	op := retriever.Operator()
	calls := map[string]func() error{
		"CreateCollection": func() error { return e.store.CreateCollection(ctx, retriever.Collection{Name: "new"}) },
		"Collections":      func() error { _, err := e.store.Collections(ctx, op); return err },
		"Collection":       func() error { _, err := e.store.Collection(ctx, op, "docs"); return err },
		"DeleteCollection": func() error { return e.store.DeleteCollection(ctx, "docs") },
		"Put": func() error {
			n, err := e.store.Put(ctx, "docs", []retriever.Upsert{spec{uri: "b", texts: []string{"beta"}}.upsert()})
			if n != 0 {
				e.Errorf("Put stored %d", n)
			}
			return err
		},
		"Delete":     func() error { _, err := e.store.Delete(ctx, "docs", []string{a.id()}); return err },
		"Documents":  func() error { _, err := collect(e.store.Documents(ctx, op, "docs", "")); return err },
		"Document":   func() error { _, _, err := e.store.Document(ctx, op, a.id()); return err },
		"Candidates": func() error { _, err := e.store.Candidates(ctx, query("alpha", 5)); return err },
		"Passages":   func() error { _, err := e.store.Passages(ctx, op, "docs", []string{a.id()}); return err },
		"PutRecords": func() error {
			return e.store.PutRecords(ctx, retriever.Record{Kind: "k", Key: "1", Value: []byte("1")})
		},
		"Records":       func() error { _, err := e.store.Records(ctx, "", "k"); return err },
		"DeleteRecords": func() error { return e.store.DeleteRecords(ctx, "", "k", "1") },
		"AcquireLease":  func() error { _, err := e.store.AcquireLease(ctx, "l", "o", time.Hour); return err },
		"ReleaseLease":  func() error { return e.store.ReleaseLease(ctx, "l", "o") },
		"Ping":          func() error { return e.store.Ping(ctx) },
	}
	for name, call := range calls {
		e.wantErr(call(), context.Canceled, name)
	}
	e.must(e.store.Ping(e.ctx))
	e.wantURIs(documentURIs(e.documents("docs", "")), []string{"a"}, "Documents")
}

func testReopen(e *env) {
	if e.Reopen == nil {
		e.Skip("the harness cannot reopen")
	}
	e.create("docs", "empty")
	e.put(filterSpecs...)
	e.put(generated(40, 8)...)
	e.put(versioned("replaced", 1))
	e.put(versioned("replaced", 2))
	gone := spec{uri: "gone", texts: []string{"shared gone"}}
	e.put(gone)
	_, err := e.store.Delete(e.ctx, "docs", []string{gone.id()})
	e.must(err)
	record := retriever.Record{Collection: "docs", Kind: "k", Key: "1", Value: []byte(`{"a":1}`)}
	e.must(e.store.PutRecords(e.ctx, record))
	_, err = e.store.AcquireLease(e.ctx, "l", "ann", time.Hour)
	e.must(err)

	filtered := query("shared "+word(1), 50)
	f := cmpOp(retriever.OpGte, "year", 0.0)
	filtered.Filter = &f
	queries := []retriever.CandidateQuery{query("shared", 100), query(word(0)+" "+word(30), 12), filtered}
	var before []retriever.CandidateSet
	for _, q := range queries {
		before = append(before, e.candidates(q))
	}
	documents := e.documents("docs", "")
	info, err := e.store.Collections(e.ctx, retriever.Operator())
	e.must(err)

	e.store = e.Reopen()
	e.must(e.store.Ping(e.ctx))
	for i, q := range queries {
		// The background is a sample; a store may draw another one.
		opts := cmp.Options{cmpopts.EquateApprox(0, 1e-6), cmpopts.IgnoreFields(retriever.CandidateSet{}, "Background")}
		if diff := cmp.Diff(before[i], e.candidates(q), opts); diff != "" {
			e.Errorf("query %d (-before +after):\n%s", i, diff)
		}
	}
	if diff := cmp.Diff(documents, e.documents("docs", "")); diff != "" {
		e.Errorf("documents (-before +after):\n%s", diff)
	}
	infoNow, err := e.store.Collections(e.ctx, retriever.Operator())
	e.must(err)
	if diff := cmp.Diff(info, infoNow, cmpopts.EquateEmpty()); diff != "" {
		e.Errorf("collections (-before +after):\n%s", diff)
	}
	e.wantRecords("docs", "k", record)
	holder, err := e.store.AcquireLease(e.ctx, "l", "bob", time.Hour)
	e.wantErr(err, retriever.ErrLeaseLost, "lease")
	if holder != "ann" {
		e.Errorf("holder %q, want ann", holder)
	}
}

// found reports whether one store finds the document by its word alone.
func (e *env) found(s retriever.Store, collection, word, uri string) bool {
	e.Helper()
	set, err := s.Candidates(e.ctx, retriever.CandidateQuery{Collection: collection, Scope: retriever.Operator(), Text: word, Depth: 10})
	if err != nil {
		e.wantErr(err, retriever.ErrCollectionNotFound, "while following")
		return false
	}
	for _, c := range set.Candidates {
		if c.Document.URI == uri {
			return true
		}
	}
	return false
}

func testSecondHandle(e *env) {
	if e.Second == nil {
		e.Skip("the harness has no second handle")
	}
	e.create("docs")
	first, second := e.store, e.Second()
	e.put(spec{uri: "a", texts: []string{"firstword shared"}})
	e.eventually("the second handle finds a new document", func() bool { return e.found(second, "docs", "firstword", "a") })
	e.put(spec{uri: "a", texts: []string{"secondword shared"}})
	e.eventually("the second handle finds the new version", func() bool { return e.found(second, "docs", "secondword", "a") })
	if e.found(second, "docs", "firstword", "a") {
		e.Error("the second handle shows both versions")
	}

	u := spec{uri: "b", texts: []string{"thirdword shared"}, metadata: retriever.Metadata{"n": 1.0}}.upsert()
	_, err := second.Put(e.ctx, "docs", []retriever.Upsert{u})
	e.must(err)
	e.eventually("the first handle finds the second's document", func() bool { return e.found(first, "docs", "thirdword", "b") })
	_, err = first.Put(e.ctx, "docs", []retriever.Upsert{spec{uri: "c", texts: []string{"x"}, metadata: retriever.Metadata{"n": "text"}}.upsert()})
	e.wantErr(err, retriever.ErrBadMetadata, "a field type that the second handle fixed")

	_, err = second.Delete(e.ctx, "docs", []string{u.Document.ID})
	e.must(err)
	e.eventually("the first handle forgets what the second deleted", func() bool { return !e.found(first, "docs", "thirdword", "b") })

	_, err = first.AcquireLease(e.ctx, "l", "ann", time.Hour)
	e.must(err)
	_, err = second.AcquireLease(e.ctx, "l", "bob", time.Hour)
	e.wantErr(err, retriever.ErrLeaseLost, "a lease the first handle took")
}

func testSecondHandleCollections(e *env) {
	if e.Second == nil {
		e.Skip("the harness has no second handle")
	}
	second := e.Second()
	knows := func() bool {
		_, err := second.Collection(e.ctx, retriever.Operator(), "docs")
		return err == nil
	}
	e.create("docs")
	e.put(spec{uri: "a", texts: []string{"alpha"}})
	e.eventually("the second handle knows the collection", knows)
	e.eventually("and finds its document", func() bool { return e.found(second, "docs", "alpha", "a") })
	e.must(e.store.DeleteCollection(e.ctx, "docs"))
	e.eventually("the second handle forgets the collection", func() bool { return !knows() })
	e.create("docs")
	e.put(spec{uri: "b", texts: []string{"beta"}})
	e.eventually("the second handle finds the document of its successor", func() bool { return e.found(second, "docs", "beta", "b") })
	if e.found(second, "docs", "alpha", "a") {
		e.Error("the second handle still shows the old collection's document")
	}
}
