package ingest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ragway/ingest"
)

// told is a shelf whose changes are told of.
type told struct{ *shelf }

func (told) Folders() []string { return []string{"/srv/docs"} }

// watching runs a Watch of the bench's shelf; each step stands for a change that is told of.
// It returns what each round that did something did.
func (b *bench) watching(src ingest.Source, steps []func(), change ...func(*ingest.Options)) (rounds []ingest.Counts, waits []time.Duration, events []ingest.Event) {
	ctx, cancel := context.WithCancel(b.t.Context())
	defer cancel()
	w := ingest.Watch{
		Engine: b.engine(change...), Sources: []ingest.Source{src}, Interval: time.Hour, Rescan: 10 * time.Minute,
		Now:    func() time.Time { return b.now },
		Events: func(ev ingest.Event) { events = append(events, ev) },
		Round: func(sum ingest.Summary, err error) {
			if err != nil {
				sum.Failed = -1
			}
			rounds = append(rounds, sum.Counts)
		},
		Changes: func(ctx context.Context, _ []string, most time.Duration) error {
			waits = append(waits, most)
			if len(steps) == 0 {
				cancel()
				return ctx.Err()
			}
			steps[0]()
			steps = steps[1:]
			return nil
		},
	}
	if err := w.Run(ctx); err != nil {
		b.t.Fatal(err)
	}
	return rounds, waits, events
}

func TestWatchIngestsWhatChanges(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "a", "b.txt": "!corrupt"})
	rounds, _, events := b.watching(told{b.src}, []func(){
		func() { b.src.put("c.txt", "c") },
		func() {},
		func() { b.src.put("a.txt", "other") },
	})
	want := []ingest.Counts{{Added: 1, Failed: 1}, {Added: 1, Unchanged: 1, Failed: 1}, {Changed: 1, Unchanged: 1, Failed: 1}}
	if diff := cmp.Diff(want, rounds); diff != "" {
		t.Errorf("rounds (-want +got):\n%s", diff)
	}
	failures := 0
	for _, ev := range events {
		if d, ok := ev.(ingest.DocumentEvent); ok && d.Action == ingest.Fail {
			failures++
		}
	}
	if failures != 1 {
		t.Errorf("the failure was told %d times", failures)
	}
}

func TestWatchLooksWhenADocumentIsToBeTriedAgain(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "!plain"}) // internal: rests for half a minute
	rounds, waits, _ := b.watching(told{b.src}, []func(){func() { b.now = b.now.Add(time.Minute) }})
	if len(rounds) != 2 || waits[0] != 30*time.Second || waits[1] != time.Minute {
		t.Errorf("rounds %+v, waits %v", rounds, waits)
	}
}

func TestWatchPollsWhatNothingTellsOf(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "a"})
	rounds, waits, _ := b.watching(b.src, []func(){
		func() { b.src.put("b.txt", "b") }, // before its time: not looked at
		func() { b.now = b.now.Add(time.Hour) },
	})
	if len(rounds) != 2 || rounds[1].Added != 1 {
		t.Errorf("rounds %+v", rounds)
	}
	if waits[0] != 10*time.Minute {
		t.Errorf("waits %v", waits)
	}
}

func TestWatchTriesAFailedRoundAgain(t *testing.T) {
	b := newBench(t, map[string]string{"a.txt": "a"})
	b.embedder.fail = func(string) error { return errors.New("down") }
	rounds, waits, _ := b.watching(told{b.src}, []func(){func() {}, func() { b.embedder.fail = nil }})
	if len(rounds) != 3 || rounds[0].Failed != -1 || rounds[2].Added != 1 {
		t.Errorf("rounds %+v", rounds)
	}
	if waits[0] != 5*time.Second || waits[1] != 10*time.Second {
		t.Errorf("waits %v", waits)
	}
}

// A folder that is suddenly empty must neither be pruned without --force nor end the watch.
func TestWatchGoesOnWhereItMayNotPrune(t *testing.T) {
	b := newBench(t, three())
	rounds, _, events := b.watching(told{b.src}, []func(){
		func() { b.src.remove("a.txt"); b.src.remove("b.txt"); b.src.put("c.txt", "other") },
		func() {},
	}, prune)
	if len(rounds) != 2 || rounds[1].Changed != 1 || rounds[1].Deleted != 0 {
		t.Errorf("rounds %+v", rounds)
	}
	notes := 0
	for _, ev := range events {
		if n, ok := ev.(ingest.Note); ok && strings.Contains(n.Message, "more than half") {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("told %d times that nothing is pruned", notes)
	}
}
