package ingest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/retriever"
)

// What was taken out of a document before it was opened to more readers must not become
// visible to them because the new version failed.
func TestFailedVersionNeverWidensTheOldOne(t *testing.T) {
	tests := map[string]struct{ before, offered, want []string }{
		"wider list":   {[]string{"group:hr"}, []string{"group:all", "group:hr"}, []string{"group:hr"}},
		"another list": {[]string{"group:hr"}, []string{"group:all"}, []string{ingest.Nobody}},
		"everyone":     {[]string{"group:hr"}, nil, []string{"group:hr"}},
		"narrower":     {nil, []string{"group:hr"}, []string{"group:hr"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, three())
			b.src.edit("a.txt", func(it *ingest.Item) { it.ACL = tt.before })
			b.run()
			b.src.put("a.txt", "!corrupt")
			b.src.edit("a.txt", func(it *ingest.Item) { it.ACL = tt.offered })
			b.run()
			if diff := cmp.Diff(tt.want, b.store.byURI()["docs/a.txt"].Document.ACL); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The list is in the document itself and was read before the document failed.
func TestDocumentsOwnNarrowerListHoldsThoughItFails(t *testing.T) {
	tests := map[string]func(b *bench) string{
		"embedder refuses it": func(b *bench) string {
			b.embedder.fail = func(text string) error {
				if strings.Contains(text, "poison") {
					return errors.New("400 bad text")
				}
				return nil
			}
			return "acl=group:hr\npoison"
		},
		"nothing left to chunk": func(*bench) string { return "acl=group:hr\n!nothing" },
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, three())
			b.run()
			b.src.put("a.txt", prepare(b))
			if got := b.run(); got.Failed != 1 {
				t.Fatalf("%+v", got)
			}
			if diff := cmp.Diff([]string{"group:hr"}, b.store.byURI()["docs/a.txt"].Document.ACL); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRevertedDocumentIsOpenAgain(t *testing.T) {
	b := newBench(t, three())
	b.run()
	b.src.put("a.txt", "acl=hr\nunreadable list")
	if got := b.run(); got.Failed != 1 {
		t.Fatalf("%+v", got)
	}
	b.src.put("a.txt", three()["a.txt"])
	if diff := cmp.Diff(ingest.Counts{Changed: 1, Rewritten: 1, Unchanged: 2}, b.run()); diff != "" {
		t.Error(diff)
	}
	if up := b.store.byURI()["docs/a.txt"]; len(up.Document.ACL) != 0 {
		t.Errorf("still closed: %v", up.Document.ACL)
	}
	if diff := cmp.Diff(ingest.Counts{Unchanged: 3}, b.run()); diff != "" {
		t.Error(diff)
	}
}

// A slow embedder puts the commit long after the reading; what counts is the reading.
func TestFileChangedRightAfterItWasReadIsReadAgain(t *testing.T) {
	for name, age := range map[string]time.Duration{"fresh": time.Second, "from the future": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, three())
			b.src.edit("a.txt", func(it *ingest.Item) { it.ModTime = b.now.Add(-age) })
			b.embedder.fail = func(text string) error {
				if !strings.HasPrefix(text, retriever.ProbeText) {
					b.now = b.now.Add(2 * time.Hour)
				}
				return nil
			}
			b.run(func(o *ingest.Options) { o.Workers, o.Limits.EmbedCalls = 1, 1 })
			b.embedder.fail = nil
			b.src.texts["a.txt"] = "alpha\nFIRST" // same size, same time
			if diff := cmp.Diff(ingest.Counts{Changed: 1, Unchanged: 2}, b.run()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWithdrawnAccessDoesNotWaitForTheEmbedder(t *testing.T) {
	b := newBench(t, three())
	b.run()
	for rel, text := range many(100) {
		b.src.put("a-"+rel, text) // planned before c.txt
	}
	b.src.edit("c.txt", func(it *ingest.Item) { it.ACL = []string{"group:hr"} })
	down := errors.New("connection refused")
	b.embedder.fail = func(string) error { return down } // the probe included
	e := b.engine()
	p, err := e.Plan(t.Context(), b.src)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Apply(t.Context(), p, nil); !errors.Is(err, down) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff([]string{"group:hr"}, b.store.byURI()["docs/c.txt"].Document.ACL); diff != "" {
		t.Error(diff)
	}
}
