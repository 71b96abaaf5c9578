package ingest_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/retriever"
)

// tokened is a bench whose items have tokens and nothing else that could prove them.
func tokened(t *testing.T) *bench {
	b := newBench(t, three())
	for rel := range three() {
		b.src.edit(rel, func(it *ingest.Item) { it.Token, it.ModTime = "v1 of "+rel, longAgo })
	}
	if got := b.run(); got.Added != 3 {
		t.Fatalf("%+v", got)
	}
	return b
}

func TestTokenStandsForTheBytes(t *testing.T) {
	checksum := func(o *ingest.Options) { o.Checksum = true }
	token := func(v string) func(*bench) {
		return func(b *bench) { b.src.edit("a.txt", func(it *ingest.Item) { it.Token = v }) }
	}
	bytes := func(v string) func(*bench) { return func(b *bench) { b.src.texts["a.txt"] = v } }
	tests := map[string]struct {
		change  []func(*bench)
		options func(*ingest.Options)
		want    ingest.Counts
		opened  int64
	}{
		"same token":                       {nil, nil, ingest.Counts{Unchanged: 3}, 0},
		"same token, checksum":             {nil, checksum, ingest.Counts{Unchanged: 3}, 3},
		"same token, other bytes":          {[]func(*bench){bytes("alpha\nFIRST")}, nil, ingest.Counts{Unchanged: 3}, 0},
		"the same, checksum":               {[]func(*bench){bytes("alpha\nFIRST")}, checksum, ingest.Counts{Changed: 1, Unchanged: 2}, 4},
		"other token, same bytes":          {[]func(*bench){token("v2")}, nil, ingest.Counts{Unchanged: 3}, 1},
		"other token, other bytes":         {[]func(*bench){token("v2"), bytes("alpha\nFIRST")}, nil, ingest.Counts{Changed: 1, Unchanged: 2}, 2},
		"no token, the size and time say":  {[]func(*bench){token("")}, nil, ingest.Counts{Unchanged: 3}, 0},
		"same token, other size":           {[]func(*bench){func(b *bench) { b.src.edit("a.txt", func(it *ingest.Item) { it.Size = 12 }) }, bytes("alpha\nfirst!")}, nil, ingest.Counts{Changed: 1, Unchanged: 2}, 1},
		"same token, size unknown":         {[]func(*bench){func(b *bench) { b.src.edit("a.txt", func(it *ingest.Item) { it.Size = -1 }) }}, nil, ingest.Counts{Unchanged: 3}, 0},
		"same token, other access list":    {[]func(*bench){func(b *bench) { b.src.edit("a.txt", func(it *ingest.Item) { it.ACL = []string{"group:hr"} }) }}, nil, ingest.Counts{Changed: 1, Rewritten: 1, Unchanged: 2}, 1},
		"same token, made by another pipe": {nil, func(o *ingest.Options) { o.ExtractID = func(string) string { return "x2" } }, ingest.Counts{Changed: 3}, 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := tokened(t)
			for _, c := range tt.change {
				c(b)
			}
			if tt.options == nil {
				tt.options = func(*ingest.Options) {}
			}
			before := b.src.opened.Load()
			if diff := cmp.Diff(tt.want, b.run(tt.options)); diff != "" {
				t.Error(diff)
			}
			if got := b.src.opened.Load() - before; got != tt.opened {
				t.Errorf("opened %d, want %d", got, tt.opened)
			}
			// Whatever it was, it is known now.
			before = b.src.opened.Load()
			b.src.edit("a.txt", func(it *ingest.Item) { it.Size = int64(len(b.src.texts["a.txt"])) })
			keepsPipe := func(o *ingest.Options) { tt.options(o); o.Checksum = false }
			if diff := cmp.Diff(ingest.Counts{Unchanged: 3}, b.run(keepsPipe)); diff != "" || b.src.opened.Load() != before {
				t.Errorf("afterwards %s, opened %d", diff, b.src.opened.Load()-before)
			}
		})
	}
}

func (b *bench) tokens() map[string]string {
	records, err := b.store.Records(b.t.Context(), "test", "token")
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]string{}
	for _, r := range records {
		out[r.Key] = string(r.Value)
	}
	return out
}

func TestTokenOfOtherBytesThanAreStoredProvesNothing(t *testing.T) {
	b := tokened(t)
	old := b.tokens()
	b.src.put("a.txt", "alpha\nFIRST")
	b.src.edit("a.txt", func(it *ingest.Item) { it.Token = "v2" })
	b.run()
	for key, value := range old { // as if the run had died before its records were written
		b.store.PutRecords(t.Context(), retriever.Record{Collection: "test", Kind: "token", Key: key, Value: []byte(value)})
	}
	b.src.put("a.txt", "alpha\nfirst")
	b.src.edit("a.txt", func(it *ingest.Item) { it.Token = "v1 of a.txt" })
	if got := b.run(); got.Changed != 1 {
		t.Errorf("%+v", got)
	}
}

func TestDeletedDocumentLeavesNoToken(t *testing.T) {
	b := tokened(t)
	b.src.remove("a.txt")
	if got := b.run(func(o *ingest.Options) { o.Prune = true }); got.Deleted != 1 {
		t.Fatalf("%+v", got)
	}
	if got := b.tokens(); len(got) != 2 {
		t.Errorf("%v", got)
	}
}

// asking is a shelf that remembers what it was told is stored.
type asking struct {
	*shelf
	told map[string]string
}

func (s *asking) Revalidate(tokens map[string]string) { s.told = tokens }

func TestRevalidatorIsToldWhatMayStand(t *testing.T) {
	b := tokened(t)
	b.src.edit("b.txt", func(it *ingest.Item) { it.Tenant = "acme" })
	b.run()
	known := map[string]string{"docs/a.txt": "v1 of a.txt", "docs/c.txt": "v1 of c.txt"}
	unknown := map[string]string{"docs/a.txt": "", "docs/c.txt": ""}
	tests := map[string]struct {
		options func(*ingest.Options)
		want    map[string]string
	}{
		"tokens":           {func(*ingest.Options) {}, known},
		"checksum":         {func(o *ingest.Options) { o.Checksum = true }, unknown},
		"another pipeline": {func(o *ingest.Options) { o.ExtractID = func(string) string { return "x2" } }, unknown},
		"another tenant":   {func(o *ingest.Options) { o.Tenant = "initech" }, map[string]string{}},
	}
	for name, tt := range tests {
		s := &asking{shelf: b.src}
		if _, err := b.engine(tt.options).Plan(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, s.told); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestItemThatIsDeletedGoesWithoutPrune(t *testing.T) {
	gone := func(it *ingest.Item) { it.Deleted = true }
	b := newBench(t, three())
	b.run()
	for _, rel := range []string{"a.txt", "b.txt", "never.txt"} { // more than half, and one that was never there
		b.src.put(rel, "")
		b.src.edit(rel, gone)
	}
	prune := func(o *ingest.Options) { o.Prune = true }
	if diff := cmp.Diff(ingest.Counts{Deleted: 2, Unchanged: 1}, b.plan(prune).Counts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ingest.Counts{Deleted: 2, Unchanged: 1}, b.run()); diff != "" {
		t.Error(diff)
	}
	if len(b.store.byURI()) != 1 {
		t.Errorf("left: %v", b.store.byURI())
	}
}

func TestDeletionWithoutATenantFindsTheDocumentThatNamedOne(t *testing.T) {
	b := newBench(t, three())
	b.src.edit("a.txt", func(it *ingest.Item) { it.Tenant = "acme" })
	b.run()
	b.src.edit("a.txt", func(it *ingest.Item) { it.Tenant, it.Deleted = "", true })
	if diff := cmp.Diff(ingest.Counts{Deleted: 1, Unchanged: 2}, b.run()); diff != "" {
		t.Error(diff)
	}
}

func TestDeletionEndsAFailure(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "!corrupt", "b.txt": "fine"})
	b.run()
	b.src.edit("a.txt", func(it *ingest.Item) { it.Deleted = true })
	b.run()
	if got := b.failures(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// cutShort is a shelf whose items end with an error.
type cutShort struct {
	*shelf
	err error
}

func (s cutShort) Items(ctx context.Context) iter.Seq2[ingest.Item, error] {
	return func(yield func(ingest.Item, error) bool) {
		for it, err := range s.shelf.Items(ctx) {
			if !yield(it, err) {
				return
			}
		}
		yield(ingest.Item{}, s.err)
	}
}

func TestSourceThatEndsEarlyIsIngestedAndNotPruned(t *testing.T) {
	b := newBench(t, three())
	b.src.put("bad.txt", "!corrupt")
	b.run()
	b.src.remove("a.txt")
	b.src.remove("bad.txt")
	b.src.put("d.txt", "delta")
	broken := errors.New("exit status 3")
	e := b.engine(func(o *ingest.Options) { o.Prune, o.Force = true, true })
	plan, err := e.Plan(t.Context(), cutShort{b.src, &ingest.Incomplete{Err: broken}})
	if err != nil || !errors.Is(plan.Incomplete(), broken) {
		t.Fatalf("plan: %v, %v", err, plan.Incomplete())
	}
	sum, err := e.Apply(t.Context(), plan, nil)
	if !errors.Is(err, broken) {
		t.Errorf("apply: %v", err)
	}
	if diff := cmp.Diff(ingest.Counts{Added: 1, Unchanged: 2}, sum.Counts); diff != "" {
		t.Error(diff)
	}
	if len(b.store.byURI()) != 4 || len(b.failures()) != 1 {
		t.Errorf("%d documents, ledger %v", len(b.store.byURI()), b.failures())
	}
	if _, err := e.Plan(t.Context(), cutShort{b.src, broken}); !errors.Is(err, broken) {
		t.Errorf("an error of the whole source: %v", err)
	}
}
