package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"

	"ragway/retriever"
	"ragway/retriever/builtin"
	"ragway/retriever/eval"
	"ragway/retriever/local"
	"ragway/retriever/qdrant"
)

// TestStoresAgree asks both stores SciFact's 300 questions, with the built-in embedder. They
// differ where Qdrant's BM25 does: its average length is that of the first documents, its
// weights are 32-bit floats, and its IDF is of a shard.
func TestStoresAgree(t *testing.T) {
	address := os.Getenv("RAGWAY_TEST_QDRANT")
	if address == "" {
		t.Skip("RAGWAY_TEST_QDRANT=host:6334 names no server")
	}
	data := testData(t, "scifact")
	questions, err := eval.ReadBEIR(data)
	if err != nil {
		t.Fatal(err)
	}
	embedder, err := builtin.New()
	if err != nil {
		t.Fatal(err)
	}
	name := "agree-" + uuid.NewString()[:8]
	docs := abstracts(t, filepath.Join(data, "corpus.jsonl"), name, embedder)
	embedded, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer embedded.Close()
	served, err := qdrant.Open(t.Context(), qdrant.Options{Addresses: []string{address}, CollectionPrefix: "ragway_test_"})
	if err != nil {
		t.Fatal(err)
	}
	defer served.Close()
	var engines []*retriever.Engine
	for _, store := range []retriever.Store{embedded, served} {
		if err := store.CreateCollection(t.Context(), retriever.Collection{Name: name, Fingerprint: embedder.Fingerprint()}); err != nil {
			t.Fatal(err)
		}
		for batch := range slices.Chunk(docs, 256) {
			if _, err := store.Put(t.Context(), name, batch); err != nil {
				t.Fatal(err)
			}
		}
		engine, err := retriever.New(retriever.Options{Store: store, Embedder: embedder})
		if err != nil {
			t.Fatal(err)
		}
		engines = append(engines, engine)
	}
	defer func() {
		if err := served.DeleteCollection(t.Context(), name); err != nil {
			t.Error(err)
		}
	}()
	for _, tc := range []struct {
		mode    retriever.Mode
		overlap float64
	}{{retriever.Dense, .99}, {retriever.Lexical, .97}, {retriever.Hybrid, .97}} {
		var overlap, embedded, served float64
		for _, q := range questions {
			ours := ranked(t, engines[0], name, q.Text, tc.mode)
			theirs := ranked(t, engines[1], name, q.Text, tc.mode)
			overlap += shared(ours, theirs, 10)
			embedded += eval.NDCG(ours, q.Grades, 10)
			served += eval.NDCG(theirs, q.Grades, 10)
		}
		n := float64(len(questions))
		t.Logf("%s: overlap@10 %.4f, nDCG@10 %.4f embedded, %.4f on Qdrant", tc.mode, overlap/n, embedded/n, served/n)
		if overlap/n < tc.overlap {
			t.Errorf("%s: overlap@10 %.4f, want at least %.2f", tc.mode, overlap/n, tc.overlap)
		}
		if d := math.Abs(embedded-served) / n; d > .003 {
			t.Errorf("%s: nDCG@10 differs by %.4f, at most .003 is allowed", tc.mode, d)
		}
	}
}

// abstracts are a file of records as documents of one chunk, with vectors.
func abstracts(t *testing.T, path, collection string, embedder retriever.Embedder) []retriever.Upsert {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var docs []retriever.Upsert
	var texts []string
	for dec := json.NewDecoder(bufio.NewReader(f)); ; {
		var record struct {
			ID          string `json:"_id"`
			Title, Text string
		}
		if err := dec.Decode(&record); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		c := retriever.Chunk{Text: record.Text, Context: record.Title}
		docs = append(docs, retriever.Upsert{Document: retriever.Document{Collection: collection, Tenant: retriever.DefaultTenant,
			URI: record.ID, RecordID: record.ID, Hash: record.ID}, Chunks: []retriever.Chunk{c}})
		texts = append(texts, c.Indexed())
	}
	vectors, err := embedder.Embed(t.Context(), retriever.DocumentText, texts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range docs {
		docs[i].Chunks[0].Vector, docs[i].Space = vectors[i], embedder.Fingerprint()
		docs[i].Seal()
	}
	return docs
}

// ranked are the records found for a question, best first.
func ranked(t *testing.T, engine *retriever.Engine, collection, question string, mode retriever.Mode) []string {
	t.Helper()
	r, err := engine.Retrieve(t.Context(), retriever.Query{Text: question, Scope: retriever.Operator(), Collections: []string{collection}, Mode: mode, K: 100, Raw: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Degraded) > 0 && mode != retriever.Dense {
		t.Fatalf("degraded: %+v", r.Degraded)
	}
	var out []string
	for _, h := range r.Hits {
		out = append(out, h.Document.RecordID)
	}
	return out
}

// shared is the share of the first k of a that are among the first k of b.
func shared(a, b []string, k int) float64 {
	a, b = a[:min(k, len(a))], b[:min(k, len(b))]
	n := 0
	for _, id := range a {
		if slices.Contains(b, id) {
			n++
		}
	}
	return float64(n) / float64(max(len(a), 1))
}
