package retrievertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/retriever"
)

// dimension of the suite's vectors.
const dimension = 32

// hangBound is how long the suite waits for what should take milliseconds, or a second
// where another process is followed. It only turns a hang into a failure.
const hangBound = 30 * time.Second

var embedder = NewEmbedder(dimension)

// env is one test's store with shorthands that fail the test.
type env struct {
	*testing.T
	Opened
	store retriever.Store
	ctx   context.Context
}

var space = retriever.Fingerprint{Model: "test-bag-of-words", Dimension: dimension}

// create makes a collection with the suite's embedding space.
func (e *env) create(names ...string) {
	e.Helper()
	for _, name := range names {
		e.must(e.store.CreateCollection(e.ctx, retriever.Collection{Name: name, Fingerprint: space}))
	}
}

func (e *env) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *env) wantErr(err, want error, what string) {
	e.Helper()
	if !errors.Is(err, want) {
		e.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// spec is a document of the suite in short: one chunk a text.
type spec struct {
	collection string // "docs" when empty
	tenant     string // retriever.DefaultTenant when empty
	uri        string
	texts      []string
	context    string
	metadata   retriever.Metadata
	acl        []string
	noVectors  bool
}

func (s spec) upsert() retriever.Upsert {
	sum := sha256.Sum256([]byte(strings.Join(s.texts, "\x00")))
	u := retriever.Upsert{Space: space, Document: retriever.Document{
		Collection: s.collection, Tenant: s.tenant, URI: s.uri, RecordID: "r:" + s.uri,
		Title: "Title of " + s.uri, MIME: "text/plain", URL: "https://example.org/" + s.uri,
		Hash: hex.EncodeToString(sum[:]), Size: 12, ModTime: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
		Metadata: s.metadata, ACL: s.acl, Pipeline: "test/1",
	}}
	if s.collection == "" {
		u.Document.Collection = "docs"
	}
	if s.tenant == "" {
		u.Document.Tenant = retriever.DefaultTenant
	}
	start := 0
	for i, text := range s.texts {
		end := start + len([]rune(text))
		c := retriever.Chunk{
			Text: text, Context: s.context, Headings: []string{"Part", fmt.Sprintf("Section %d", i)},
			Span: retriever.Span{Start: start, End: end}, Page: i + 1, Tokens: len(strings.Fields(text)),
		}
		if !s.noVectors {
			c.Vector = embedder.Vector(c.Indexed())
		}
		u.Chunks, start = append(u.Chunks, c), end+1
	}
	u.Seal()
	return u
}

func (s spec) id() string { return s.upsert().Document.ID }

// put stores the specs; all are of one collection.
func (e *env) put(specs ...spec) []retriever.Upsert {
	e.Helper()
	docs := make([]retriever.Upsert, len(specs))
	for i, s := range specs {
		docs[i] = s.upsert()
	}
	e.putAll(docs)
	return docs
}

func (e *env) putAll(docs []retriever.Upsert) {
	e.Helper()
	for batch := range slices.Chunk(docs, 64) {
		n, err := e.store.Put(e.ctx, batch[0].Document.Collection, batch)
		e.must(err)
		if n != len(batch) {
			e.Fatalf("stored %d documents, want %d", n, len(batch))
		}
	}
}

// query is a CandidateQuery by the operator over "docs" for text and its embedding.
func query(text string, depth int) retriever.CandidateQuery {
	return retriever.CandidateQuery{Collection: "docs", Scope: retriever.Operator(),
		Text: text, Vector: embedder.Vector(text), Depth: depth}
}

func (e *env) candidates(q retriever.CandidateQuery) retriever.CandidateSet {
	e.Helper()
	set, err := e.store.Candidates(e.ctx, q)
	e.must(err)
	return set
}

// uris are the documents of a candidate set, sorted and distinct.
func uris(set retriever.CandidateSet) []string {
	out := []string{}
	for _, c := range set.Candidates {
		out = append(out, c.Document.URI)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// collect drains a document sequence.
func collect(seq iter.Seq2[retriever.Document, error]) ([]retriever.Document, error) {
	var out []retriever.Document
	for d, err := range seq {
		if err != nil {
			return out, err
		}
		out = append(out, d)
	}
	return out, nil
}

func (e *env) documents(collection, prefix string) []retriever.Document {
	e.Helper()
	docs, err := collect(e.store.Documents(e.ctx, retriever.Operator(), collection, prefix))
	e.must(err)
	return docs
}

func documentURIs(docs []retriever.Document) []string {
	out := []string{}
	for _, d := range docs {
		out = append(out, d.URI)
	}
	slices.Sort(out)
	return out
}

func (e *env) wantURIs(got, want []string, what string) {
	e.Helper()
	want = slices.Sorted(slices.Values(want))
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		e.Errorf("%s: documents (-want +got):\n%s", what, diff)
	}
}

// eventually polls ok until it holds or the hang bound is reached.
func (e *env) eventually(what string, ok func() bool) {
	e.Helper()
	deadline := time.NewTimer(hangBound)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			e.Fatalf("not within %v: %s", hangBound, what)
		}
	}
}

// storedDocument ignores what a store fills in itself and allows vectors the rounding of
// a store that normalises them again.
var storedDocument = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.IgnoreFields(retriever.Document{}, "UpdatedAt"),
	cmpopts.IgnoreFields(retriever.Upsert{}, "Space"),
	cmpopts.EquateApprox(0, 1e-5),
}
