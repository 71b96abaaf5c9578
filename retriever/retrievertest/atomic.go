package retrievertest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"ragway/retriever"
)

// versioned is a document each of whose chunks says its version. Versions differ in
// length, so that a mixture shows in the count too.
func versioned(uri string, version int) spec {
	s := spec{uri: uri}
	for i := range 2 + version%3 {
		s.texts = append(s.texts, fmt.Sprintf("shared v%d part%d", version, i))
	}
	return s
}

func textVersion(text string) string { return strings.Fields(text)[1] }

// checkWhole returns an error unless chunks are all of one version of d.
func checkWhole(d retriever.Document, chunks []retriever.Chunk) error {
	if len(chunks) != d.Chunks {
		return fmt.Errorf("%s: %d chunks of %d", d.URI, len(chunks), d.Chunks)
	}
	for _, c := range chunks {
		if textVersion(c.Text) != textVersion(chunks[0].Text) {
			return fmt.Errorf("%s: a mixture of %q and %q", d.URI, chunks[0].Text, c.Text)
		}
	}
	return nil
}

func checkSetWhole(set retriever.CandidateSet, documents int) error {
	byID := map[string][]retriever.Chunk{}
	docs := map[string]retriever.Document{}
	for _, c := range set.Candidates {
		if before, seen := docs[c.Document.ID]; seen && before.Version != c.Document.Version {
			return fmt.Errorf("%s: two versions in one answer", c.Document.URI)
		}
		docs[c.Document.ID] = c.Document
		byID[c.Document.ID] = append(byID[c.Document.ID], c.Chunk)
	}
	if len(docs) != documents {
		return fmt.Errorf("%d documents in the answer, want %d", len(docs), documents)
	}
	for id, d := range docs {
		if err := checkWhole(d, byID[id]); err != nil {
			return err
		}
	}
	return nil
}

func testAtomicVisibility(e *env) {
	const documents, versions, readers = 4, 25, 3
	e.create("docs")
	for d := range documents {
		e.put(versioned(fmt.Sprint(d), 0))
	}
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	var group errgroup.Group
	for r := range readers {
		group.Go(func() error {
			for ctx.Err() == nil {
				if err := e.readOnce(fmt.Sprint(r%documents), documents); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for v := 1; v <= versions; v++ {
		for d := range documents {
			e.put(versioned(fmt.Sprint(d), v))
			e.wantVersion(fmt.Sprint(d), v)
		}
	}
	stop()
	e.must(group.Wait())
}

// readOnce holds both ways to read a document's chunks to seeing it whole.
func (e *env) readOnce(uri string, documents int) error {
	set, err := e.store.Candidates(e.ctx, query("shared", 100))
	if err != nil {
		return err
	}
	if err := checkSetWhole(set, documents); err != nil {
		return fmt.Errorf("candidates: %w", err)
	}
	doc, chunks, err := e.store.Document(e.ctx, retriever.Operator(), spec{uri: uri}.id())
	if err != nil {
		return err
	}
	if err := checkWhole(doc, chunks); err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return nil
}

// wantVersion checks that what Put acknowledged is what the next read sees.
func (e *env) wantVersion(uri string, version int) {
	e.Helper()
	want := fmt.Sprintf("v%d", version)
	_, chunks, err := e.store.Document(e.ctx, retriever.Operator(), spec{uri: uri}.id())
	e.must(err)
	if got := textVersion(chunks[0].Text); got != want {
		e.Fatalf("Document after Put: version %s, want %s", got, want)
	}
	q := query(want, 100)
	q.Vector = nil
	for _, c := range e.candidates(q).Candidates {
		if c.Document.URI == uri && textVersion(c.Chunk.Text) == want {
			return
		}
	}
	e.Fatalf("Candidates after Put: version %s of %s is not there", want, uri)
}

func testParallelWriters(e *env) {
	const writers, documents = 4, 15
	e.create("docs")
	var wg sync.WaitGroup
	errs := make(chan error, writers)
	for w := range writers {
		wg.Go(func() {
			for d := range documents {
				u := versioned(fmt.Sprintf("%d/%d", w, d), d).upsert()
				if _, err := e.store.Put(e.ctx, "docs", []retriever.Upsert{u}); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		e.Error(err)
	}
	if err := checkSetWhole(e.candidates(query("shared", 1000)), writers*documents); err != nil {
		e.Error(err)
	}
}
