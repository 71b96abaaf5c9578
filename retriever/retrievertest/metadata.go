package retrievertest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func (e *env) schema() retriever.Schema {
	e.Helper()
	info, err := e.store.Collection(e.ctx, retriever.Operator(), "docs")
	e.must(err)
	return info.Schema
}

func testFieldTypes(e *env) {
	e.create("docs")
	old := spec{uri: "a", texts: []string{"alpha"}, metadata: retriever.Metadata{"n": 1.0, "s": []any{"x"}, "b": true}}
	e.put(old)
	want := retriever.Schema{"n": retriever.NumberField, "s": retriever.StringField, "b": retriever.BoolField}
	if diff := cmp.Diff(want, e.schema()); diff != "" {
		e.Errorf("schema (-want +got):\n%s", diff)
	}
	for key, value := range map[string]any{"n": "1", "s": 1.0, "b": "true"} {
		batch := []retriever.Upsert{
			spec{uri: "before", texts: []string{"beta " + key}}.upsert(),
			spec{uri: "a", texts: []string{"changed"}, metadata: retriever.Metadata{key: value}}.upsert(),
		}
		n, err := e.store.Put(e.ctx, "docs", batch)
		e.wantErr(err, retriever.ErrBadMetadata, key)
		if n != 1 {
			e.Errorf("%s: stored %d, want 1", key, n)
		}
	}
	// Two documents of one batch must agree as well.
	n, err := e.store.Put(e.ctx, "docs", []retriever.Upsert{
		spec{uri: "x", texts: []string{"x"}, metadata: retriever.Metadata{"fresh": "text"}}.upsert(),
		spec{uri: "y", texts: []string{"y"}, metadata: retriever.Metadata{"fresh": 1.0}}.upsert(),
	})
	e.wantErr(err, retriever.ErrBadMetadata, "within a batch")
	if n != 1 {
		e.Errorf("within a batch: stored %d, want 1", n)
	}
	_, chunks, err := e.store.Document(e.ctx, retriever.Operator(), old.id())
	e.must(err)
	if len(chunks) != 1 || chunks[0].Text != "alpha" {
		e.Errorf("the old version is not in place: %+v", chunks)
	}
}

func testMaxFields(e *env) {
	e.create("docs")
	full := retriever.Metadata{}
	for i := range retriever.MaxFields {
		full[fmt.Sprintf("field%02d", i)] = float64(i)
	}
	e.put(spec{uri: "full", texts: []string{"alpha"}, metadata: full})
	// What goes beyond stays with its document, whatever its type, and filters say so.
	e.put(spec{uri: "more", texts: []string{"beta"}, metadata: retriever.Metadata{"another": 1.0}})
	more := spec{uri: "other", texts: []string{"delta"}, metadata: retriever.Metadata{"another": "word", "field63": 7.0}}
	e.put(more)
	if got := len(e.schema()); got != retriever.MaxFields {
		e.Errorf("%d fields, want %d", got, retriever.MaxFields)
	}
	doc, _, err := e.store.Document(e.ctx, retriever.Operator(), more.id())
	e.must(err)
	if doc.Metadata["another"] != "word" {
		e.Errorf("metadata %v", doc.Metadata)
	}
	q := retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(), Text: "delta", Depth: 10}
	q.Filter = &retriever.Filter{Op: retriever.OpEq, Key: "another", Value: "word"}
	_, err = e.store.Candidates(e.ctx, q)
	e.wantErr(err, retriever.ErrBadFilter, "filter by a field that is only kept")
	q.Filter = &retriever.Filter{Op: retriever.OpEq, Key: "field63", Value: 7.0}
	found, err := e.store.Candidates(e.ctx, q)
	e.must(err)
	if len(found.Candidates) != 1 {
		e.Errorf("%d found by a field that can be filtered by, want 1", len(found.Candidates))
	}
	_, err = e.store.Put(e.ctx, "docs", []retriever.Upsert{spec{uri: "bad", texts: []string{"beta"}, metadata: retriever.Metadata{"field00": "word"}}.upsert()})
	e.wantErr(err, retriever.ErrBadMetadata, "another type")
}

func testFailedDocumentAddsNoField(e *env) {
	e.create("docs")
	u := spec{uri: "a", texts: []string{"alpha"}, metadata: retriever.Metadata{"n": 1.0}}.upsert()
	u.Chunks[0].Vector = make(retriever.Vector, dimension)
	_, err := e.store.Put(e.ctx, "docs", []retriever.Upsert{u})
	e.wantErr(err, retriever.ErrBadVector, "Put")
	if got := e.schema(); len(got) != 0 {
		e.Errorf("schema %v, want none", got)
	}
	e.put(spec{uri: "a", texts: []string{"alpha"}, metadata: retriever.Metadata{"n": "a string now"}})
}
