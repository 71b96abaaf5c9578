package ingest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/retriever"
)

func from(d ingest.Defaults) func(*ingest.Item) { return func(it *ingest.Item) { it.Defaults = &d } }

// What a document says comes before what its folder says, and flags before both.
func TestDefaultsGiveWay(t *testing.T) {
	b := newBench(t, map[string]string{"plain.txt": "plain", "own.txt": "acl=group:own\nx"})
	hr := ingest.Defaults{ACL: []string{"group:hr"}, Metadata: retriever.Metadata{"k": "folder", "f": "folder"}}
	for _, rel := range []string{"plain.txt", "own.txt"} {
		b.src.edit(rel, from(hr))
	}
	b.src.edit("plain.txt", func(it *ingest.Item) { it.Metadata = retriever.Metadata{"k": "item"} })
	b.run()
	check := func(rel string, acl []string, meta retriever.Metadata) {
		t.Helper()
		d := b.store.byURI()["docs/"+rel].Document
		if diff := cmp.Diff(acl, d.ACL); diff != "" {
			t.Errorf("%s: readers: %s", rel, diff)
		}
		if diff := cmp.Diff(meta, d.Metadata); diff != "" {
			t.Errorf("%s: metadata: %s", rel, diff)
		}
	}
	check("plain.txt", []string{"group:hr"}, retriever.Metadata{"k": "item", "f": "folder"})
	check("own.txt", []string{"group:own"}, retriever.Metadata{"k": "folder", "f": "folder"})
	flags := func(o *ingest.Options) {
		o.ACL, o.Metadata = []string{"user:ann"}, retriever.Metadata{"f": "flag"}
	}
	b.run(flags)
	check("plain.txt", []string{"user:ann"}, retriever.Metadata{"k": "item", "f": "flag"})
	check("own.txt", []string{"user:ann"}, retriever.Metadata{"k": "folder", "f": "flag"})
}

func TestChangedDefaultsRewriteAndChangedChunkingCutsAgain(t *testing.T) {
	b := newBench(t, three())
	b.run()
	before := b.embedder.embedded()
	steps := []struct {
		defaults ingest.Defaults
		want     ingest.Counts
	}{
		{ingest.Defaults{ACL: []string{"group:hr"}}, ingest.Counts{Changed: 1, Rewritten: 1, Unchanged: 2}},
		{ingest.Defaults{ACL: []string{"group:hr"}, Chunking: retriever.Chunking{Tokens: 9}}, ingest.Counts{Changed: 1, Unchanged: 2}},
		{ingest.Defaults{ACL: []string{"group:hr"}, Chunking: retriever.Chunking{Tokens: 9}}, ingest.Counts{Unchanged: 3}},
		{ingest.Defaults{}, ingest.Counts{Changed: 1, Unchanged: 2}},
		{ingest.Defaults{Chunking: retriever.Chunking{Tokens: -1}}, ingest.Counts{Failed: 1, Unchanged: 2}},
	}
	for i, s := range steps {
		b.src.edit("a.txt", from(s.defaults))
		if diff := cmp.Diff(s.want, b.run()); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
	if n := b.embedder.embedded() - before; n != 0 {
		t.Errorf("%d texts were embedded again", n)
	}
}

// The stored version of a document whose folder is closed in a way nobody understands is
// shown to nobody.
func TestBrokenDefaultsCloseWhatIsStored(t *testing.T) {
	b := newBench(t, three())
	b.run()
	b.src.edit("a.txt", from(ingest.Defaults{ACL: []string{ingest.Nobody}}))
	b.src.broken["a.txt"] = ingest.Failf(ingest.BadMetadata, "docs/.ragway.yaml: broken")
	if diff := cmp.Diff(ingest.Counts{Failed: 1, Unchanged: 2}, b.run()); diff != "" {
		t.Error(diff)
	}
	if got := b.store.byURI()["docs/a.txt"].Document.ACL; !cmp.Equal(got, []string{ingest.Nobody}) {
		t.Errorf("readers of what is stored: %v", got)
	}
}

// Another reader for one type re-does documents of that type alone.
func TestAnotherExtractorRedoesItsTypeAlone(t *testing.T) {
	b := newBench(t, three())
	b.run()
	other := func(mime string) func(*ingest.Options) {
		return func(o *ingest.Options) {
			o.ExtractID = func(m string) string {
				if m == mime {
					return "x2"
				}
				return "x1"
			}
		}
	}
	if got := b.run(other("application/pdf")); got != (ingest.Counts{Unchanged: 3}) {
		t.Errorf("another PDF reader: %+v", got)
	}
	if got := b.run(other("text/plain")); got != (ingest.Counts{Changed: 3}) {
		t.Errorf("another text reader: %+v", got)
	}
}
