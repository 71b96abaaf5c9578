package ingest_test

import (
	"context"
	"io"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
)

// TestContainerFarAwayIsOpenedOnce holds when a container with a token is fetched again,
// and that what it then means is not missed.
func TestContainerFarAwayIsOpenedOnce(t *testing.T) {
	edit := func(change func(*ingest.Item)) func(*bench) { return func(b *bench) { b.src.edit("a.box", change) } }
	lose := func(rel string) func(*bench) {
		return func(b *bench) {
			for uri, d := range b.store.byURI() {
				if uri == "docs/"+rel {
					if _, err := b.store.Delete(b.t.Context(), "test", []string{d.Document.ID}); err != nil {
						b.t.Fatal(err)
					}
				}
			}
		}
	}
	for name, tt := range map[string]struct {
		change  func(*bench)
		options func(*ingest.Options)
		want    ingest.Counts
		opened  bool
	}{
		"nothing":             {nil, nil, ingest.Counts{Unchanged: 4}, false},
		"checksum":            {nil, func(o *ingest.Options) { o.Checksum = true }, ingest.Counts{Unchanged: 4, Skipped: 1}, true},
		"retry failed":        {nil, func(o *ingest.Options) { o.RetryFailed = true }, ingest.Counts{Unchanged: 4, Skipped: 1}, true},
		"another pipeline":    {nil, func(o *ingest.Options) { o.ExtractID = func(string) string { return "x2" } }, ingest.Counts{Changed: 4, Skipped: 1}, true},
		"another access list": {edit(func(it *ingest.Item) { it.ACL = []string{"group:hr"} }), nil, ingest.Counts{Changed: 2, Rewritten: 2, Unchanged: 2, Skipped: 1}, true},
		"another token":       {edit(func(it *ingest.Item) { it.Token = "v2" }), nil, ingest.Counts{Unchanged: 4, Skipped: 1}, true},
		"no token":            {edit(func(it *ingest.Item) { it.Token = "" }), nil, ingest.Counts{Unchanged: 4, Skipped: 1}, true},
		"other members": {func(b *bench) {
			edit(func(it *ingest.Item) { it.Token = "v2" })(b)
			b.src.texts["a.box"] = "+x.txt one\n+z.txt new"
		}, nil, ingest.Counts{Added: 1, Deleted: 1, Unchanged: 3}, true},
		"a member was deleted":  {lose("a.box!/x.txt"), nil, ingest.Counts{Added: 1, Unchanged: 3, Skipped: 1}, true},
		"the text was deleted":  {lose("b.note"), nil, ingest.Counts{Added: 1, Unchanged: 3}, false},
		"the container is gone": {func(b *bench) { b.src.remove("a.box") }, nil, ingest.Counts{Deleted: 2, Unchanged: 2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, map[string]string{"a.box": "+x.txt one\n+y.txt two\n+p.png three", "b.note": "hello\n+att.txt four"})
			for _, rel := range []string{"a.box", "b.note"} {
				b.src.edit(rel, func(it *ingest.Item) { it.Token, it.ModTime = "v1 of "+rel, longAgo })
			}
			prune := func(o *ingest.Options) { boxes(o); o.Prune, o.Force = true, true }
			if got := b.run(prune); got.Added != 4 || got.Failed > 0 {
				t.Fatalf("%+v", got)
			}
			if tt.change != nil {
				tt.change(b)
			}
			opened := false
			again := func(o *ingest.Options) {
				prune(o)
				if tt.options != nil {
					tt.options(o)
				}
				o.Expand = counted(o.Expand, &opened)
			}
			got := b.run(again)
			if diff := cmp.Diff(tt.want, got); diff != "" || opened != tt.opened {
				t.Errorf("opened %v, want %v; counts (-want +got):\n%s", opened, tt.opened, diff)
			}
			opened = false
			if got = b.run(again); got.Added+got.Changed+got.Deleted+got.Failed > 0 {
				t.Errorf("the run after it: %+v", got)
			}
		})
	}
}

func counted(expand ingest.Expander, opened *bool) ingest.Expander {
	return func(ctx context.Context, name string, open func(context.Context) (io.ReadCloser, error)) iter.Seq2[ingest.Member, error] {
		*opened = true
		return expand(ctx, name, open)
	}
}

// TestContainerWithFailuresIsOpenedAgain holds that a member that failed, in the plan or
// after it, is not forgotten with its container.
func TestContainerWithFailuresIsOpenedAgain(t *testing.T) {
	for name, box := range map[string]string{
		"in the plan": "+x.txt one\n?y.txt locked", "when it is read": "+x.txt one\n+y.txt !corrupt",
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, map[string]string{"a.box": box})
			b.src.edit("a.box", func(it *ingest.Item) { it.Token, it.ModTime = "v1", longAgo })
			for range 3 {
				if got := b.run(boxes); got.Failed != 1 {
					t.Fatalf("%+v", got)
				}
			}
			b.src.texts["a.box"] = "+x.txt one\n+y.txt two"
			b.src.edit("a.box", func(it *ingest.Item) { it.Token = "v2" })
			if got := b.run(boxes); got.Added != 1 || got.Unchanged != 1 {
				t.Errorf("%+v", got)
			}
		})
	}
}
