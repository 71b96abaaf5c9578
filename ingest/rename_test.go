package ingest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/retriever"
)

func prune(o *ingest.Options) { o.Prune = true }

// A rename is found by its bytes: nothing is embedded, and pruning needs no force.
func TestRenamedDocumentIsNotEmbeddedAgain(t *testing.T) {
	rename := func(b *bench) {
		for _, rel := range []string{"a.txt", "b.txt", "c.txt"} {
			text := b.src.texts[rel]
			b.src.remove(rel)
			delete(b.src.texts, rel)
			b.src.put("moved/"+rel, text)
		}
	}
	tests := map[string]struct {
		options  func(*ingest.Options)
		want     ingest.Counts
		notes    int
		wantURIs int
	}{
		"pruned": {prune, ingest.Counts{Added: 3, Renamed: 3, Deleted: 3}, 0, 3},
		"kept":   {func(*ingest.Options) {}, ingest.Counts{Added: 3, Renamed: 3}, 1, 6},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, three())
			b.run()
			before := b.store.byURI()
			embedded := b.embedder.embedded()
			rename(b)
			plan := b.plan(tt.options)
			if got := len(plan.Notes); got != tt.notes {
				t.Errorf("notes %q, want %d", plan.Notes, tt.notes)
			}
			if got := b.run(tt.options); got != tt.want || plan.Counts() != tt.want {
				t.Errorf("planned %+v, did %+v, want %+v", plan.Counts(), got, tt.want)
			}
			if n := b.embedder.embedded() - embedded; n != 0 {
				t.Errorf("%d texts were embedded again", n)
			}
			after := b.store.byURI()
			if len(after) != tt.wantURIs {
				t.Errorf("%d documents, want %d", len(after), tt.wantURIs)
			}
			for _, rel := range []string{"a.txt", "b.txt", "c.txt"} {
				if diff := cmp.Diff(vectorsOf(before["docs/"+rel]), vectorsOf(after["docs/moved/"+rel])); diff != "" {
					t.Errorf("%s: vectors (-before +after):\n%s", rel, diff)
				}
			}
		})
	}
}

func vectorsOf(up retriever.Upsert) (vectors []retriever.Vector) {
	for _, c := range up.Chunks {
		vectors = append(vectors, c.Vector)
	}
	return vectors
}

func TestRenamedFromIsToldOnce(t *testing.T) {
	b := newBench(t, map[string]string{"x/note.txt": "same", "y/other.txt": "same"})
	b.run()
	b.src.remove("x/note.txt")
	b.src.remove("y/other.txt")
	for _, rel := range []string{"1/other.txt", "2/note.txt", "3/third.txt"} {
		b.src.put(rel, "same")
	}
	got := map[string]string{}
	for _, en := range b.plan(prune).Entries {
		if en.Action == ingest.Add {
			got[en.Item.URI] = en.From
		}
	}
	want := map[string]string{"docs/1/other.txt": "docs/y/other.txt", "docs/2/note.txt": "docs/x/note.txt", "docs/3/third.txt": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A copy is a document of its own, and costs nothing.
func TestCopyIsEmbeddedOnce(t *testing.T) {
	b := newBench(t, three())
	b.run()
	before := b.embedder.embedded()
	b.src.put("copy.txt", "alpha\nfirst")
	if diff := cmp.Diff(ingest.Counts{Added: 1, Unchanged: 3}, b.run()); diff != "" {
		t.Error(diff)
	}
	if n := b.embedder.embedded() - before; n != 0 {
		t.Errorf("%d texts were embedded again", n)
	}
}

// Replacing all but renamed documents is still more than half.
func TestRenamesDoNotExcuseDeletions(t *testing.T) {
	b := newBench(t, three())
	b.run()
	b.src.remove("a.txt")
	b.src.remove("b.txt")
	b.src.remove("c.txt")
	b.src.put("d.txt", "alpha\nfirst")
	_, err := b.engine(prune).Plan(t.Context(), b.src)
	want := "2 of the 3 documents under docs/ are no longer there: deleting more than half needs --force"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
