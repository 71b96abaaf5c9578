//go:build soak

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ragway/retriever"
	"ragway/retriever/builtin"
	"ragway/retriever/local"
	"ragway/retriever/qdrant"
)

const (
	readers       = 8
	readDocuments = 240
	documentBytes = 100_000 // 24 MB in all
)

// Eight readers search while another process replaces every document. None sees chunks of
// two versions of a document, or some of a version's chunks. How long searches take beside
// the ingest and without one is printed.
func TestReadersNeverSeeHalfADocument(t *testing.T) {
	bin := ragway(t)
	for name, newTarget := range targets(t, bin) {
		t.Run(name, func(t *testing.T) {
			g := newTarget()
			folder := t.TempDir()
			writeVersion(t, folder, 1)
			g.run(t, "ingest", folder, "--collection", g.collection, "--name", "folder", "--quiet")
			store := openStore(t, g)
			defer store.Close()
			embedder, err := builtin.New()
			if err != nil {
				t.Fatal(err)
			}
			engine, err := retriever.New(retriever.Options{Store: store, Embedder: embedder})
			if err != nil {
				t.Fatal(err)
			}
			watch := func(until func() bool) []time.Duration {
				var mu sync.Mutex
				var all []time.Duration
				var wg sync.WaitGroup
				for r := range readers {
					wg.Go(func() {
						rng, took := rand.New(rand.NewPCG(uint64(r), 7)), []time.Duration{}
						for !until() {
							took = append(took, readOnce(t, engine, store, g.collection, rng.IntN(readDocuments)))
						}
						mu.Lock()
						all = append(all, took...)
						mu.Unlock()
					})
				}
				wg.Wait()
				slices.Sort(all)
				return all
			}
			var quiet atomic.Int64
			alone := watch(func() bool { return quiet.Add(1) > 200 })
			writeVersion(t, folder, 2)
			var done atomic.Bool
			start := time.Now()
			cmd := g.command(t.Context(), "ingest", folder, "--collection", g.collection, "--name", "folder", "--quiet")
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			go func() {
				if err := cmd.Wait(); err != nil {
					t.Errorf("ingest: %v\n%s", err, out.Bytes())
				}
				done.Store(true)
			}()
			beside := watch(done.Load)
			t.Logf("ingest of %d MB beside %d readers: %v", readDocuments*documentBytes/1_000_000, readers, time.Since(start).Round(time.Millisecond))
			t.Logf("search alone: p50 %v, p99 %v (%d); beside the ingest: p50 %v, p99 %v (%d)",
				at(alone, 50), at(alone, 99), len(alone), at(beside, 50), at(beside, 99), len(beside))
		})
	}
}

func at(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100].Round(10 * time.Microsecond)
}

// writeVersion writes documents every sentence of which says which document and version
// it is of.
func writeVersion(t *testing.T, folder string, version int) {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(version), 3))
	words := strings.Fields("river mountain engine harvest letter copper window market garden signal winter paper bridge forest number island doctor school music travel")
	for d := range readDocuments {
		var text strings.Builder
		for n := 0; text.Len() < documentBytes; n++ {
			fmt.Fprintf(&text, "Document%d version%d says", d, version)
			for range 8 {
				text.WriteString(" " + words[rng.IntN(len(words))])
			}
			text.WriteString(". ")
			if n%10 == 9 {
				text.WriteString("\n\n")
			}
		}
		write(t, filepath.Join(folder, fmt.Sprintf("d%d.md", d)), text.String())
	}
}

func openStore(t *testing.T, g target) retriever.Store {
	t.Helper()
	var store retriever.Store
	var err error
	if len(g.flags) == 0 {
		store, err = local.Open(t.Context(), local.Options{Path: filepath.Join(g.dir, "ragway-data")})
	} else {
		store, err = qdrant.Open(t.Context(), qdrant.Options{Addresses: []string{os.Getenv("RAGWAY_TEST_QDRANT")}, Owner: "soak"})
	}
	if err != nil {
		t.Fatal(err)
	}
	return store
}

var ofVersion = regexp.MustCompile(`version\d`)

// readOnce searches as a request does, and then looks for every chunk of one document.
// It returns how long the search took.
func readOnce(t *testing.T, engine *retriever.Engine, store retriever.Store, collection string, d int) time.Duration {
	ctx := context.Background()
	start := time.Now()
	r, err := engine.Retrieve(ctx, retriever.Query{Text: fmt.Sprintf("what does document%d say of the harvest", d),
		Scope: retriever.Operator(), Collections: []string{collection}, K: 6})
	took := time.Since(start)
	if err != nil || len(r.Hits) == 0 {
		t.Errorf("search: %d hits, %v", len(r.Hits), err)
		return took
	}
	set, err := store.Candidates(ctx, retriever.CandidateQuery{Collection: collection, Scope: retriever.Operator(), Text: fmt.Sprintf("document%d", d), Depth: 1000})
	if err != nil {
		t.Errorf("candidates: %v", err)
		return took
	}
	versions, chunks := map[string]bool{}, 0
	for _, c := range set.Candidates {
		if c.Document.URI != fmt.Sprintf("folder/d%d.md", d) {
			continue
		}
		chunks++
		for _, v := range ofVersion.FindAllString(c.Chunk.Text, -1) {
			versions[v] = true
		}
		if chunks == 1 {
			continue
		}
		if c.Document.Version != set.Candidates[0].Document.Version && set.Candidates[0].Document.URI == c.Document.URI {
			t.Errorf("document %d: two versions in one answer", d)
		}
	}
	if len(versions) != 1 || chunks == 0 {
		t.Errorf("document %d: %d chunks of %d versions", d, chunks, len(versions))
	}
	for _, c := range set.Candidates {
		if c.Document.URI == fmt.Sprintf("folder/d%d.md", d) && c.Document.Chunks != chunks {
			t.Errorf("document %d: %d chunks of %d", d, chunks, c.Document.Chunks)
			break
		}
	}
	return took
}
