package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
	"ragway/retriever"
	"ragway/retriever/local"
)

// yard is a bench over real stores, with an embedder to move to.
type yard struct {
	*bench
	store retriever.Store
	next  *fakeEmbedder
}

func newYard(t *testing.T, documents int) *yard {
	texts := map[string]string{}
	for i := range documents {
		texts[fmt.Sprintf("%03d.txt", i)] = fmt.Sprintf("first line of document %d\nsecond line, number %d", i, 7*i)
	}
	y := &yard{bench: newBench(t, texts), store: openLocal(t), next: &fakeEmbedder{model: "next"}}
	y.ingest(y.embedder)
	return y
}

func openLocal(t *testing.T) retriever.Store {
	t.Helper()
	s, err := local.Open(t.Context(), local.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (y *yard) with(e retriever.Embedder) func(*ingest.Options) {
	return func(o *ingest.Options) {
		o.Store, o.Embedder = y.store, e
	}
}

func (y *yard) ingest(e retriever.Embedder) ingest.Counts {
	y.t.Helper()
	return y.run(y.with(e))
}

func (y *yard) move(change ...func(*ingest.MoveOptions)) (ingest.MoveSummary, error) {
	y.t.Helper()
	o := ingest.MoveOptions{From: y.store, Scope: retriever.Operator(), Collection: "test", Embedder: y.next, Owner: "mover"}
	for _, c := range change {
		c(&o)
	}
	m, err := ingest.NewMove(o)
	if err != nil {
		y.t.Fatal(err)
	}
	return m.Run(y.t.Context(), nil)
}

func (y *yard) info(store retriever.Store) retriever.CollectionInfo {
	y.t.Helper()
	info, err := store.Collection(y.t.Context(), retriever.Operator(), "test")
	if err != nil {
		y.t.Fatal(err)
	}
	return info
}

// contents are the texts of each document by URI.
func contents(t *testing.T, store retriever.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for d, err := range store.Documents(t.Context(), retriever.Operator(), "test", "") {
		if err != nil {
			t.Fatal(err)
		}
		_, chunks, err := store.Document(t.Context(), retriever.Operator(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			out[d.URI] += c.Text + fmt.Sprint(len(c.Vector)) + "|"
		}
	}
	return out
}

func TestReembeddedCollectionIsTheSameInAnotherSpace(t *testing.T) {
	y := newYard(t, 40)
	before := contents(t, y.store)
	sum, err := y.move()
	if err != nil || !sum.Finished || sum.Written != 40 || y.next.embedded() != sum.Chunks {
		t.Fatalf("%+v, %d embedded, %v", sum, y.next.embedded(), err)
	}
	info := y.info(y.store)
	if info.Fingerprint.Model != "next" || info.Documents != 40 || info.Vectors != info.Chunks {
		t.Errorf("collection %+v", info)
	}
	if diff := cmp.Diff(before, contents(t, y.store)); diff != "" {
		t.Errorf("documents (-before +after):\n%s", diff)
	}
	if got := y.ingest(y.next); got != (ingest.Counts{Unchanged: 40}) {
		t.Errorf("the next ingest: %+v", got)
	}
	again, err := y.move()
	if err != nil || !again.Finished || again.Written != 0 {
		t.Errorf("once more: %+v, %v", again, err)
	}
	// Going back costs only what has changed since.
	y.src.put("new.txt", "a document of the new space")
	y.ingest(y.next)
	y.next, y.embedder = y.embedder, y.next
	had := y.next.embedded()
	back, err := y.move()
	if err != nil || back.Written != 1 || y.next.embedded() != had+1 {
		t.Errorf("back: %+v, %d embedded, %v", back, y.next.embedded()-had, err)
	}
}

func TestVectorsOfTheFormerSpaceAreRefused(t *testing.T) {
	y := newYard(t, 3)
	if _, err := y.move(); err != nil {
		t.Fatal(err)
	}
	y.src.put("late.txt", "written by an ingest that has not heard of the switch")
	e := y.engine(y.with(y.embedder))
	plan, err := e.Plan(t.Context(), y.src)
	if err == nil {
		_, err = e.Apply(t.Context(), plan, nil)
	}
	var mismatch *retriever.SpaceMismatch
	if !errors.As(err, &mismatch) || !errors.Is(err, retriever.ErrFingerprint) {
		t.Errorf("got %v", err)
	}
	if info := y.info(y.store); info.Documents != 3 {
		t.Errorf("%d documents", info.Documents)
	}
}

// What an ingest acknowledges while the collection is built anew is in it afterwards.
func TestIngestDuringAMoveIsNotLost(t *testing.T) {
	y := newYard(t, 30)
	between := 0
	y.next.fail = func(text string) error {
		if !strings.HasPrefix(text, retriever.ProbeText) && between < 3 {
			between++
			y.src.put(fmt.Sprintf("during%d.txt", between), fmt.Sprintf("written during the move, %d", between))
			y.src.put("000.txt", fmt.Sprintf("changed during the move, %d", between))
			y.src.remove(fmt.Sprintf("%03d.txt", between))
			y.run(y.with(y.embedder), func(o *ingest.Options) { o.Prune, o.Owner = true, "writer" })
		}
		return nil
	}
	sum, err := y.move()
	if err != nil || !sum.Finished || between != 3 {
		t.Fatalf("%+v, %v", sum, err)
	}
	got := contents(t, y.store)
	if len(got) != 30 || !strings.HasPrefix(got["docs/000.txt"], "changed during the move, 3") {
		t.Errorf("%d documents, the changed one %q", len(got), got["docs/000.txt"])
	}
	for i := 1; i <= 3; i++ {
		if got[fmt.Sprintf("docs/during%d.txt", i)] == "" || got[fmt.Sprintf("docs/%03d.txt", i)] != "" {
			t.Errorf("step %d of the ingest is not in %v", i, got)
		}
	}
}

func TestInterruptedMoveChangesNothingAndGoesOn(t *testing.T) {
	y := newYard(t, 600)
	calls := 0
	down := errors.New("down")
	y.next.fail = func(string) error {
		if calls++; calls > 300 {
			return down
		}
		return nil
	}
	if sum, err := y.move(); !errors.Is(err, down) || sum.Finished {
		t.Fatalf("%+v, %v", sum, err)
	}
	if info := y.info(y.store); info.Fingerprint.Model != "fake" || info.Documents != 600 {
		t.Errorf("served meanwhile: %+v", info)
	}
	if infos, err := y.store.Collections(t.Context(), retriever.Operator()); err != nil || len(infos) != 1 {
		t.Errorf("listed: %+v, %v", infos, err)
	}
	y.next.fail = nil
	sum, err := y.move()
	if err != nil || !sum.Finished || sum.Unchanged == 0 || sum.Written+sum.Unchanged != 600 {
		t.Errorf("gone on: %+v, %v", sum, err)
	}
}

func TestMoveWithoutAnEmbedderLeavesWords(t *testing.T) {
	y := newYard(t, 5)
	sum, err := y.move(func(o *ingest.MoveOptions) { o.Embedder = nil })
	if info := y.info(y.store); err != nil || !sum.Finished || !info.Fingerprint.IsZero() || info.Vectors != 0 || info.Documents != 5 {
		t.Errorf("%+v, %+v, %v", sum, info, err)
	}
}

func TestCopyBringsEverythingAndIsRepeatable(t *testing.T) {
	y := newYard(t, 50)
	other := openLocal(t)
	to := func(o *ingest.MoveOptions) { o.To, o.Embedder = other, nil }
	sum, err := y.move(to)
	if err != nil || !sum.Finished || sum.Written != 50 || sum.Overlap < 1 {
		t.Fatalf("%+v, %v", sum, err)
	}
	if diff := cmp.Diff(contents(t, y.store), contents(t, other)); diff != "" {
		t.Errorf("documents (-from +to):\n%s", diff)
	}
	y2 := *y
	y2.store = other
	if got := y2.ingest(y.embedder); got != (ingest.Counts{Unchanged: 50}) {
		t.Errorf("ingest into the copy: %+v", got)
	}
	if again, err := y.move(to); err != nil || !again.Finished || again.Written != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	y.src.put("new.txt", "new here")
	y.ingest(y.embedder)
	if _, err := y.move(to); !errors.Is(err, ingest.ErrInTheWay) {
		t.Errorf("into one that differs: %v", err)
	}
	if sum, err := y.move(to, func(o *ingest.MoveOptions) { o.Replace = true }); err != nil || !sum.Finished {
		t.Errorf("replacing: %+v, %v", sum, err)
	}
	if got := contents(t, other); len(got) != 51 {
		t.Errorf("%d documents in the copy", len(got))
	}
}

// loses answers as its store does, and hides a document from listings of what is built.
type loses struct{ retriever.Store }

func (l loses) Collection(ctx context.Context, scope retriever.Scope, name string) (retriever.CollectionInfo, error) {
	info, err := l.Store.Collection(ctx, scope, name)
	if _, served := retriever.ServedName(name); !served {
		info.Documents--
	}
	return info, err
}

func TestMoveThatLacksADocumentIsNotSwitchedTo(t *testing.T) {
	y := newYard(t, 10)
	whole := y.store
	y.store = loses{whole}
	if sum, err := y.move(); !errors.Is(err, ingest.ErrCheckFailed) || sum.Finished {
		t.Errorf("%+v, %v", sum, err)
	}
	if info := y.info(whole); info.Fingerprint.Model != "fake" {
		t.Errorf("switched to %v", info.Fingerprint)
	}
}
