package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ragway/ingest"
	"ragway/retriever"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func three() map[string]string {
	return map[string]string{"a.txt": "alpha\nfirst", "b.txt": "beta\nsecond", "c.txt": "gamma\nthird"}
}

func TestSecondRunReadsAndEmbedsNothing(t *testing.T) {
	b := newBench(t, three())
	if diff := cmp.Diff(ingest.Counts{Added: 3}, b.run()); diff != "" {
		t.Fatal(diff)
	}
	opened, embedded := b.src.opened.Load(), b.embedder.embedded()
	if diff := cmp.Diff(ingest.Counts{Unchanged: 3}, b.run()); diff != "" {
		t.Error(diff)
	}
	if got := b.src.opened.Load(); got != opened {
		t.Errorf("opened %d files in the second run", got-opened)
	}
	if got := b.embedder.embedded(); got != embedded || embedded != 6 {
		t.Errorf("embedded %d texts, then %d", embedded, got)
	}
	for uri, up := range b.store.byURI() {
		for _, c := range up.Chunks {
			if c.Vector == nil || c.DocumentID != up.Document.ID {
				t.Errorf("%s: chunk %d is not sealed or not embedded", uri, c.Ordinal)
			}
		}
	}
}

func TestPlanMatrix(t *testing.T) {
	text := func(o string) func(*bench) { return func(b *bench) { b.src.put("a.txt", o) } }
	item := func(change func(*ingest.Item)) func(*bench) { return func(b *bench) { b.src.edit("a.txt", change) } }
	option := func(o func(*ingest.Options)) func(*ingest.Options) { return o }
	tests := map[string]struct {
		change   func(*bench)
		options  func(*ingest.Options)
		want     ingest.Counts
		embedded int
	}{
		"new document":               {func(b *bench) { b.src.put("d.txt", "delta") }, nil, ingest.Counts{Added: 1, Unchanged: 3}, 1},
		"other bytes":                {text("alpha\nchanged"), nil, ingest.Counts{Changed: 1, Unchanged: 2}, 1},
		"other bytes, same size":     {text("alpha\nFIRST"), nil, ingest.Counts{Changed: 1, Unchanged: 2}, 1},
		"touched, same bytes":        {text("alpha\nfirst"), nil, ingest.Counts{Unchanged: 3}, 0},
		"vanished without prune":     {func(b *bench) { b.src.remove("a.txt") }, nil, ingest.Counts{Unchanged: 2}, 0},
		"vanished with prune":        {func(b *bench) { b.src.remove("a.txt") }, func(o *ingest.Options) { o.Prune = true }, ingest.Counts{Deleted: 1, Unchanged: 2}, 0},
		"other title":                {item(func(it *ingest.Item) { it.Title = "other" }), nil, ingest.Counts{Changed: 1, Rewritten: 1, Unchanged: 2}, 0},
		"other metadata":             {item(func(it *ingest.Item) { it.Metadata = retriever.Metadata{"k": 1} }), nil, ingest.Counts{Changed: 1, Rewritten: 1, Unchanged: 2}, 0},
		"other access list":          {item(func(it *ingest.Item) { it.ACL = []string{"group:hr"} }), nil, ingest.Counts{Changed: 1, Rewritten: 1, Unchanged: 2}, 0},
		"metadata by flag":           {nil, func(o *ingest.Options) { o.Metadata = retriever.Metadata{"k": "v"} }, ingest.Counts{Changed: 3, Rewritten: 3}, 0},
		"link by flag":               {nil, func(o *ingest.Options) { o.URLBase = "https://x" }, ingest.Counts{Changed: 3, Rewritten: 3}, 0},
		"other pipeline":             {nil, func(o *ingest.Options) { o.ExtractID = func(string) string { return "x2" } }, ingest.Counts{Changed: 3}, 0},
		"other tenant":               {nil, func(o *ingest.Options) { o.Tenant = "acme" }, ingest.Counts{Added: 3}, 0},
		"picture and empty file":     {func(b *bench) { b.src.put("p.png", "x"); b.src.put("e.txt", "") }, nil, ingest.Counts{Skipped: 2, Unchanged: 3}, 0},
		"empty file named itself":    {func(b *bench) { b.src.put("e.txt", ""); b.src.edit("e.txt", explicit) }, nil, ingest.Counts{Failed: 1, Unchanged: 3}, 0},
		"only white space":           {text(" \n \n"), nil, ingest.Counts{Failed: 1, Unchanged: 2}, 0},
		"checksum of the same bytes": {nil, option(func(o *ingest.Options) { o.Checksum = true }), ingest.Counts{Unchanged: 3}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, three())
			b.run()
			before := b.embedder.embedded()
			if tt.change != nil {
				tt.change(b)
			}
			if tt.options == nil {
				tt.options = func(*ingest.Options) {}
			}
			planned := b.plan(tt.options).Counts()
			got := b.run(tt.options)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("applied: %s", diff)
			}
			if tt.want.Failed == 0 && planned != got {
				t.Errorf("dry run says %+v, the run %+v", planned, got)
			}
			if n := b.embedder.embedded() - before; n != tt.embedded {
				t.Errorf("embedded %d texts, want %d", n, tt.embedded)
			}
			if tt.want.Failed > 0 {
				return
			}
			again := b.run(tt.options, func(o *ingest.Options) { o.Prune = false })
			want := ingest.Counts{Unchanged: tt.want.Added + tt.want.Changed + tt.want.Unchanged, Skipped: tt.want.Skipped}
			if diff := cmp.Diff(want, again); diff != "" {
				t.Errorf("run again: %s", diff)
			}
		})
	}
}

func explicit(it *ingest.Item) { it.Explicit = true }

func TestChecksumSeesWhatSizeAndTimeHide(t *testing.T) {
	b := newBench(t, three())
	b.run()
	b.src.texts["a.txt"] = "alpha\nFIRST" // same size, same time
	if diff := cmp.Diff(ingest.Counts{Unchanged: 3}, b.run()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ingest.Counts{Changed: 1, Unchanged: 2}, b.run(func(o *ingest.Options) { o.Checksum = true })); diff != "" {
		t.Error(diff)
	}
}

func TestRewriteKeepsVectorsAndExtractedFields(t *testing.T) {
	b := newBench(t, three())
	b.run(func(o *ingest.Options) { o.Metadata = retriever.Metadata{"team": "x"} })
	before := b.store.byURI()["docs/a.txt"]
	b.run(func(o *ingest.Options) { o.ACL = []string{"user:ann"} })
	after := b.store.byURI()["docs/a.txt"]
	if diff := cmp.Diff([]string{"user:ann"}, after.Document.ACL); diff != "" {
		t.Error(diff)
	}
	if after.Document.Metadata["team"] != nil {
		t.Errorf("a withdrawn flag's field stayed: %v", after.Document.Metadata)
	}
	if after.Document.Title != "alpha" || after.Document.Version == before.Document.Version {
		t.Errorf("title %q, version %s", after.Document.Title, after.Document.Version)
	}
	for i := range after.Chunks {
		if diff := cmp.Diff(before.Chunks[i].Vector, after.Chunks[i].Vector); diff != "" {
			t.Error(diff)
		}
		if after.Chunks[i].ID == before.Chunks[i].ID {
			t.Error("a rewritten chunk kept the id of the old version")
		}
	}
}

func TestRewrittenTitleReachesTheChunks(t *testing.T) {
	b := newBench(t, three())
	b.run()
	b.src.edit("a.txt", func(it *ingest.Item) { it.Title = "Omega" })
	b.run()
	for _, c := range b.store.byURI()["docs/a.txt"].Chunks {
		if c.Context != "Omega" {
			t.Errorf("context %q", c.Context)
		}
	}
}

func TestNarrowedAccessDoesNotWaitForAGoodVersion(t *testing.T) {
	tests := map[string]struct {
		text string
		acl  []string
		want []string
	}{
		"offered list":                {"!corrupt", []string{"group:hr"}, []string{"group:hr"}},
		"unreadable list in the text": {"acl=hr\nx", nil, []string{ingest.Nobody}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, three())
			b.run()
			b.src.put("a.txt", tt.text)
			b.src.edit("a.txt", func(it *ingest.Item) { it.ACL = tt.acl })
			if got := b.run(); got.Failed != 1 {
				t.Fatalf("%+v", got)
			}
			up := b.store.byURI()["docs/a.txt"]
			if diff := cmp.Diff(tt.want, up.Document.ACL); diff != "" {
				t.Error(diff)
			}
			if up.Chunks[0].Text != "alpha" {
				t.Errorf("the old version is gone: %q", up.Chunks[0].Text)
			}
			b.src.put("a.txt", "alpha\nmended")
			if got := b.run(); got.Changed != 1 {
				t.Errorf("after mending: %+v", got)
			}
		})
	}
}

func TestPruneBounds(t *testing.T) {
	prune := func(o *ingest.Options) { o.Prune = true }
	force := func(o *ingest.Options) { o.Prune, o.Force = true, true }

	t.Run("more than half needs force", func(t *testing.T) {
		b := newBench(t, three())
		b.run()
		b.src.remove("a.txt")
		b.src.remove("b.txt")
		e := b.engine(prune)
		p, err := e.Plan(t.Context(), b.src)
		var refused *ingest.PruneRefused
		if !errors.Is(err, ingest.ErrPruneRefused) || !errors.As(err, &refused) || refused.Vanished != 2 || refused.Known != 3 {
			t.Fatalf("got %v", err)
		}
		if _, err := e.Apply(t.Context(), p, nil); !errors.Is(err, ingest.ErrPruneRefused) || len(b.store.byURI()) != 3 {
			t.Errorf("a refused plan was applied: %v", err)
		}
		if got := b.run(force); got.Deleted != 2 {
			t.Errorf("forced: %+v", got)
		}
	})
	t.Run("nothing outside the source", func(t *testing.T) {
		b := newBench(t, three())
		b.run()
		b.store.mu.Lock()
		for _, uri := range []string{"docsother/x", "docs", "elsewhere/y"} {
			up := retriever.Upsert{Document: retriever.Document{Collection: "test", Tenant: "default", URI: uri}}
			up.Seal()
			b.store.documents[up.Document.ID] = up
		}
		up := retriever.Upsert{Document: retriever.Document{Collection: "test", Tenant: "acme", URI: "docs/theirs"}}
		up.Seal()
		b.store.documents[up.Document.ID] = up
		b.store.mu.Unlock()
		b.src.remove("a.txt")
		if got := b.run(force); got.Deleted != 1 || len(b.store.byURI()) != 6 {
			t.Errorf("deleted %d, %d left", got.Deleted, len(b.store.byURI()))
		}
	})
	t.Run("nothing behind a folder that cannot be read", func(t *testing.T) {
		b := newBench(t, map[string]string{"x/a.txt": "a", "x/b.txt": "b", "c.txt": "c"})
		b.run()
		b.src.remove("x/a.txt")
		b.src.remove("x/b.txt")
		b.src.put("x", "")
		b.src.broken["x"] = ingest.Failf(ingest.Unreadable, "permission denied")
		got := b.run(force)
		if diff := cmp.Diff(ingest.Counts{Unchanged: 1, Failed: 1}, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFailuresAreIsolatedAndRecorded(t *testing.T) {
	b := newBench(t, three())
	b.src.put("corrupt.txt", "!corrupt")
	b.src.put("hang.txt", "!hang")
	b.src.put("odd.txt", "!plain")
	b.src.put("panic.txt", "!panic")
	b.src.put("refused.txt", "poison")
	b.src.put("unread.txt", "x")
	b.src.broken["unread.txt"] = errors.New("permission denied")
	b.src.put("big.txt", strings.Repeat("x", 100))
	b.embedder.fail = func(text string) error {
		if strings.Contains(text, "poison") {
			return errors.New("400 bad text")
		}
		return nil
	}
	got := b.run(func(o *ingest.Options) {
		o.Limits.DocumentTime = 20 * time.Millisecond
		o.Limits.DocumentBytes = 50
	})
	if diff := cmp.Diff(ingest.Counts{Added: 3, Failed: 7}, got); diff != "" {
		t.Error(diff)
	}
	reasons := map[string]ingest.Reason{}
	for _, f := range b.failures() {
		reasons[f.URI] = f.Reason
		if f.Attempts != 1 || !f.NextRetry.After(b.now) || f.Message == "" {
			t.Errorf("%+v", f)
		}
	}
	want := map[string]ingest.Reason{
		"docs/corrupt.txt": ingest.Corrupt, "docs/hang.txt": ingest.Timeout, "docs/odd.txt": ingest.Internal, "docs/panic.txt": ingest.Internal,
		"docs/refused.txt": ingest.EmbedFailed, "docs/unread.txt": ingest.Unreadable, "docs/big.txt": ingest.TooLarge,
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Error(diff)
	}
}

func TestBackOffEndsWithTimeChangeOrDemand(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "!corrupt"})
	b.run()
	attempts := func() int { return b.failures()[0].Attempts }

	if got := b.run(); got.Failed != 1 || attempts() != 1 {
		t.Errorf("in back-off: %+v, %d attempts", got, attempts())
	}
	if b.run(func(o *ingest.Options) { o.RetryFailed = true }); attempts() != 2 {
		t.Errorf("on demand: %d attempts", attempts())
	}
	b.now = b.failures()[0].NextRetry.Add(time.Second)
	if b.run(); attempts() != 3 {
		t.Errorf("after its time: %d attempts", attempts())
	}
	b.src.put("a.txt", "mended")
	if got := b.run(); got.Added != 1 || len(b.failures()) != 0 {
		t.Errorf("mended: %+v, ledger %v", got, b.failures())
	}
}

func TestLedgerForgetsVanishedDocuments(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "!corrupt", "b.txt": "fine"})
	b.run()
	b.src.remove("a.txt")
	b.run()
	if got := b.failures(); len(got) != 0 {
		t.Errorf("still there: %v", got)
	}
}

func TestBadMetadataFailsThatDocumentOnly(t *testing.T) {
	b := newBench(t, three())
	b.src.edit("a.txt", func(it *ingest.Item) { it.Metadata = retriever.Metadata{"year": 1999} })
	b.src.edit("b.txt", func(it *ingest.Item) { it.Metadata = retriever.Metadata{"year": "soon"} })
	b.src.edit("c.txt", func(it *ingest.Item) { it.Metadata = retriever.Metadata{"year": struct{}{}} })
	got := b.run(func(o *ingest.Options) { o.Workers = 1 })
	if diff := cmp.Diff(ingest.Counts{Added: 1, Failed: 2}, got); diff != "" {
		t.Error(diff)
	}
	for _, f := range b.failures() {
		if f.Reason != ingest.BadMetadata {
			t.Errorf("%+v", f)
		}
	}
}

func many(n int) map[string]string {
	texts := map[string]string{}
	for i := range n {
		texts[fmt.Sprintf("d%04d.txt", i)] = fmt.Sprintf("document %d\nwith a line", i)
	}
	return texts
}

func TestCancelledRunKeepsItsWorkAndTheNextCompletesIt(t *testing.T) {
	b := newBench(t, many(200))
	ctx, cancel := context.WithCancel(t.Context())
	e := b.engine(func(o *ingest.Options) { o.Limits.PutDocuments, o.Limits.EmbedTexts = 8, 8 })
	p, err := e.Plan(ctx, b.src)
	if err != nil {
		t.Fatal(err)
	}
	var last ingest.Event
	sum, err := e.Apply(ctx, p, func(ev ingest.Event) {
		if d, ok := ev.(ingest.DocumentEvent); ok && d.Action == ingest.Add {
			cancel()
		}
		last = ev
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	stored := b.store.byURI()
	if sum.Added == 0 || sum.Added == 200 || sum.Added != len(stored) {
		t.Errorf("summary says %d, the store has %d", sum.Added, len(stored))
	}
	if s, ok := last.(ingest.Summary); !ok || s.Added != sum.Added {
		t.Errorf("last event %#v", last)
	}
	if len(b.failures()) != 0 {
		t.Errorf("cancelling was taken for failing: %v", b.failures())
	}
	if len(b.store.leases) != 0 {
		t.Errorf("lease still held: %v", b.store.leases)
	}
	if diff := cmp.Diff(ingest.Counts{Added: 200 - sum.Added, Unchanged: sum.Added}, b.run()); diff != "" {
		t.Error(diff)
	}
	if b.embedder.embedded() != 400 {
		t.Errorf("embedded %d texts, want each of 400 once", b.embedder.embedded())
	}
}

func TestEmbedderDownStopsTheRunAndLosesNothing(t *testing.T) {
	b := newBench(t, many(300))
	calls := 0
	down := errors.New("connection refused")
	b.embedder.fail = func(string) error {
		if calls++; calls > 250 {
			return down
		}
		return nil
	}
	e := b.engine(func(o *ingest.Options) { o.Limits.EmbedCalls = 1; o.Limits.EmbedTexts = 64 })
	p, err := e.Plan(t.Context(), b.src)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := e.Apply(t.Context(), p, nil)
	if !errors.Is(err, down) {
		t.Fatalf("got %v", err)
	}
	// 249 texts of documents, two each.
	if sum.Added != 124 || len(b.store.byURI()) != 124 || sum.Failed != 1 {
		t.Errorf("stored %d, %d in the store, failed %d", sum.Added, len(b.store.byURI()), sum.Failed)
	}
	b.embedder.fail = nil
	if diff := cmp.Diff(ingest.Counts{Added: 176, Unchanged: 124}, b.run()); diff != "" {
		t.Error(diff)
	}
	if len(b.failures()) != 0 {
		t.Errorf("ledger: %v", b.failures())
	}
}

func TestStoreDownStopsTheRun(t *testing.T) {
	b := newBench(t, three())
	b.store.before = func(method string, _ []retriever.Upsert) (int, error) {
		if method == "put" {
			return 0, retriever.ErrUnavailable
		}
		return 0, nil
	}
	e := b.engine()
	p, _ := e.Plan(t.Context(), b.src)
	if _, err := e.Apply(t.Context(), p, nil); !errors.Is(err, retriever.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	b.store.before = nil
	if got := b.run(); got.Added != 3 {
		t.Errorf("afterwards: %+v", got)
	}
}

func TestDocumentTheStoreRefusesIsRecorded(t *testing.T) {
	b := newBench(t, three())
	b.store.before = func(method string, ups []retriever.Upsert) (int, error) {
		for i, up := range ups {
			if up.Document.URI == "docs/b.txt" {
				b.store.mu.Lock()
				for _, ok := range ups[:i] {
					b.store.documents[ok.Document.ID] = ok
				}
				b.store.mu.Unlock()
				return i, errors.New("document too large for the backend")
			}
		}
		return 0, nil
	}
	if diff := cmp.Diff(ingest.Counts{Added: 2, Failed: 1}, b.run()); diff != "" {
		t.Error(diff)
	}
	if f := b.failures(); len(f) != 1 || f[0].Reason != ingest.StoreFailed {
		t.Errorf("ledger: %v", f)
	}
}

func TestOriginConflict(t *testing.T) {
	b := newBench(t, three())
	b.run()
	b.src.origin = "folder:/home/ann/docs"
	_, err := b.engine().Plan(t.Context(), b.src)
	var conflict *ingest.OriginConflict
	if !errors.As(err, &conflict) || !errors.Is(err, ingest.ErrOriginConflict) {
		t.Fatalf("got %v", err)
	}
	want := &ingest.OriginConflict{Name: "docs", Known: "folder:/srv/docs", Offered: "folder:/home/ann/docs"}
	if diff := cmp.Diff(want, conflict); diff != "" {
		t.Error(diff)
	}
	if got := b.run(func(o *ingest.Options) { o.AcceptOrigin = true }); got.Unchanged != 3 {
		t.Errorf("accepted: %+v", got)
	}
	if got := b.run(); got.Unchanged != 3 {
		t.Errorf("remembered: %+v", got)
	}
}

func TestAnotherEmbeddingSpaceIsRefused(t *testing.T) {
	b := newBench(t, three())
	b.run()
	tests := map[string]func(*ingest.Options){
		"another model": func(o *ingest.Options) { o.Embedder = &fakeEmbedder{model: "other"} },
		"no embedder":   func(o *ingest.Options) { o.Embedder = nil },
	}
	for name, change := range tests {
		if _, err := b.engine(change).Plan(t.Context(), b.src); !errors.Is(err, retriever.ErrFingerprint) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLexicalCollectionStaysLexical(t *testing.T) {
	b := newBench(t, three())
	b.run(func(o *ingest.Options) { o.Embedder = nil })
	b.src.put("d.txt", "delta")
	if got := b.run(); got.Added != 1 || b.embedder.embedded() != 0 {
		t.Errorf("%+v, embedded %d", got, b.embedder.embedded())
	}
}

func TestRecordThatMovesToAnotherTenantLeavesNothingBehind(t *testing.T) {
	b := newBench(t, three())
	b.src.edit("a.txt", func(it *ingest.Item) { it.Tenant = "acme" })
	b.run()
	b.src.edit("a.txt", func(it *ingest.Item) { it.Tenant = "initech" })
	got := b.run()
	if diff := cmp.Diff(ingest.Counts{Added: 1, Deleted: 1, Unchanged: 2}, got); diff != "" {
		t.Error(diff)
	}
	if len(b.store.documents) != 3 {
		t.Errorf("%d documents", len(b.store.documents))
	}
}

func TestApplyWaitsForTheLeaseAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, three())
		b.store.AcquireLease(t.Context(), ingest.LeaseName("test"), "other", time.Minute)
		start := time.Now()
		e := b.engine()
		p, err := e.Plan(t.Context(), b.src)
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		if _, err := e.Apply(t.Context(), p, func(ev ingest.Event) {
			if n, ok := ev.(ingest.Note); ok {
				notes = append(notes, n.Message)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < time.Minute || waited > 2*time.Minute {
			t.Errorf("waited %v", waited)
		}
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "waiting for other") }) {
			t.Errorf("notes: %q", notes)
		}
	})
}

// A plan that another ingest has overtaken must not delete what that one brought back.
func TestOvertakenPlanIsMadeAgain(t *testing.T) {
	prune := func(o *ingest.Options) { o.Prune = true }
	b := newBench(t, three())
	b.run()
	b.src.remove("a.txt")
	stale := b.plan(prune)
	if got := stale.Counts().Deleted; got != 1 {
		t.Fatalf("planned %d deletions, want 1", got)
	}
	b.src.put("a.txt", "alpha is back")
	b.run()
	sum, err := b.engine(prune).Apply(t.Context(), stale, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ingest.Counts{Unchanged: 3}, sum.Counts); diff != "" {
		t.Error(diff)
	}
}

func TestAbandonedLeaseIsTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, three())
		b.store.AcquireLease(t.Context(), ingest.LeaseName("test"), "dead", time.Hour)
		start := time.Now()
		b.run(func(o *ingest.Options) { o.Abandoned = func(holder string) bool { return holder == "dead" } })
		if waited := time.Since(start); waited > time.Minute {
			t.Errorf("waited %v for a dead process", waited)
		}
	})
}

func TestLostLeaseStopsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, map[string]string{"a.txt": "!hang"})
		e := b.engine(func(o *ingest.Options) { o.Limits.DocumentTime = 24 * time.Hour })
		p, err := e.Plan(t.Context(), b.src)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { // by the bubble's clock
			b.store.mu.Lock()
			defer b.store.mu.Unlock()
			b.store.leases[ingest.LeaseName("test")] = lease{"thief", time.Now().Add(time.Hour)}
		})
		if _, err := e.Apply(t.Context(), p, nil); !errors.Is(err, retriever.ErrLeaseLost) {
			t.Errorf("got %v", err)
		}
		if len(b.store.byURI()) != 0 || len(b.failures()) != 0 {
			t.Error("something was written after the lease was lost")
		}
	})
}
