package ingest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ragway/retriever"
)

// Apply does what plan says: read ▶ extract ▶ chunk ▶ embed ▶ store, each stage a bounded
// queue, under the collection's lease, which it waits for. events is called for each
// Event in turn, never twice at once; it may be nil.
//
// A document that fails is recorded in the ledger and does not stop the others. An
// embedder or a store that is down does, with an error; so does ctx, after what was in
// flight has been stored. The Summary is true in each case: what it counts is stored, and
// planning again continues from there.
func (e *Engine) Apply(ctx context.Context, plan *Plan, events func(Event)) (Summary, error) {
	now := e.o.Now()
	r := &run{e: e, plan: plan, events: events, start: now, shown: now}
	r.sum.Unchanged = plan.Unchanged
	r.emit(plan.event())
	for _, n := range plan.Notes {
		r.note(n)
	}
	err := error(nil)
	switch {
	case plan.refused != nil:
		err = plan.refused
	case plan.idle():
		err = r.settle(ctx)
	default:
		err = e.turn().run(ctx, r.note, r.apply)
	}
	if err == nil {
		err = r.plan.Incomplete()
	}
	if err != nil {
		err = fmt.Errorf("ingest %s: %w", plan.Source, err)
	}
	r.sum.Seconds = e.o.Now().Sub(r.start).Seconds()
	r.emit(r.sum)
	return r.sum, err
}

// idle reports whether the plan writes nothing at all.
func (p *Plan) idle() bool {
	if p.Create || p.origin != nil || len(p.obsolete) > 0 || len(p.tokens) > 0 || len(p.opened) > 0 {
		return false
	}
	for _, en := range p.Entries {
		if en.Action != Skip && !en.resting {
			return false
		}
	}
	return true
}

// run is one Apply.
type run struct {
	e      *Engine
	plan   *Plan
	events func(Event)
	spaces
	start time.Time
	total int // entries with work
	halt  context.CancelCauseFunc

	mu       sync.Mutex // guards what follows, and calls of events
	sum      Summary
	read     int
	embedded int
	done     int
	shown    time.Time       // when progress was last told
	fields   map[string]bool // of the metadata that was stored
}

// refresh plans again when another ingest has changed the collection since: what is to be
// deleted or rewritten must not come from a state that is gone.
func (r *run) refresh(ctx context.Context) error {
	info, found, err := r.e.collection(ctx)
	if err != nil || found != r.plan.Create && info.LastIngest.Equal(r.plan.seen) {
		return err
	}
	r.note("the collection has changed since it was planned for: planning again")
	if r.plan, err = r.e.Plan(ctx, r.plan.src); err != nil {
		return err
	}
	r.sum.Unchanged = r.plan.Unchanged
	r.emit(r.plan.event())
	return nil
}

func (r *run) apply(ctx context.Context) (err error) {
	if err := r.refresh(ctx); err != nil {
		return err
	}
	var work, rewrites, deletions []*Entry
	for _, en := range r.plan.Entries {
		switch en.Action {
		case Add, Change:
			work = append(work, en)
		case Rewrite:
			rewrites = append(rewrites, en)
		case Delete:
			deletions = append(deletions, en)
		}
	}
	r.total = len(rewrites) + len(work) + len(deletions)
	defer r.tellOthers(ctx)()
	if err := r.rewrite(ctx, rewrites); err != nil {
		return err
	}
	if r.spaces, err = r.e.openCollection(ctx, len(work) > 0, r.note); err != nil {
		return err
	}
	if err := r.e.putOrigin(ctx, r.plan.origin); err != nil {
		return err
	}
	if err := r.e.failures.clear(ctx, r.plan.obsolete...); err != nil {
		return err
	}
	if err := r.e.putState(ctx, "tokens", r.plan.tokens); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	if err := r.write(ctx, work); err != nil {
		return err
	}
	if err := r.tellKept(ctx); err != nil {
		return err
	}
	if err := r.delete(ctx, deletions); err != nil {
		return err
	}
	return r.keepContainers(ctx)
}

// tellKept names fields of the documents stored that cannot be filtered by, because the
// collection has as many as it may.
func (r *run) tellKept(ctx context.Context) error {
	if len(r.fields) == 0 {
		return nil
	}
	info, err := r.e.o.Store.Collection(ctx, r.e.o.Scope, r.e.o.Collection)
	if err != nil || len(info.Schema) < retriever.MaxFields {
		return err
	}
	maps.DeleteFunc(r.fields, func(name string, _ bool) bool { return info.Schema[name] != "" })
	if kept := slices.Sorted(maps.Keys(r.fields)); len(kept) > 0 {
		const some = 5
		r.note(fmt.Sprintf("fields beyond the %d that can be filtered by are kept with their documents: %s", retriever.MaxFields, strings.Join(kept[:min(len(kept), some)], ", ")))
	}
	return nil
}

// rewrite goes before everything else: access that was withdrawn must not wait for hours
// of embedding, nor for an embedder that is down.
func (r *run) rewrite(ctx context.Context, entries []*Entry) (err error) {
	if len(entries) == 0 {
		return nil
	}
	if r.spaces, err = r.e.openCollection(ctx, false, r.note); err != nil {
		return err
	}
	return r.write(ctx, entries)
}

// settle reports the entries that nothing is done about, and records their failures, many
// in one write: a file can be full of them.
func (r *run) settle(ctx context.Context) error {
	var failed []*Entry
	for _, en := range r.plan.Entries {
		switch en.Action {
		case Skip:
			r.finish(en, 0, nil)
		case Fail:
			failed = append(failed, en)
		}
	}
	for some := range slices.Chunk(failed, r.e.o.Limits.PutDocuments) {
		failures := make([]*Failure, len(some))
		for i, en := range some {
			failures[i] = en.Failure
		}
		if err := r.failAll(ctx, some, failures); err != nil {
			return err
		}
	}
	return nil
}

// write runs the stages over the entries. When ctx is cancelled or r.halt called no
// further entry starts, and those that have may finish within the grace; a lost lease
// stops them at once.
func (r *run) write(ctx context.Context, work []*Entry) error {
	feeding, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	r.halt = halt
	flight, abort := context.WithCancelCause(context.WithoutCancel(ctx))
	defer abort(nil)
	defer r.graceAfter(feeding, abort)()

	group, flight := errgroup.WithContext(flight)
	entries := make(chan *Entry)
	prepared := make(chan *pending, r.e.o.Workers)
	batches := make(chan []*pending)
	embedded := make(chan *pending, r.e.o.Limits.PutDocuments)

	group.Go(func() error { return feed(feeding, flight, work, entries) })
	stage(group, r.e.o.Workers, prepared, func() error { return r.prepareAll(flight, entries, prepared) })
	stage(group, 1, batches, func() error { return r.batchAll(flight, prepared, batches) })
	stage(group, r.e.o.Limits.EmbedCalls, embedded, func() error { return r.embedAll(flight, batches, embedded) })
	group.Go(func() error { return r.storeAll(flight, embedded) })

	err := group.Wait()
	if feeding.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return context.Cause(feeding)
	}
	return err
}

// graceAfter calls abort when ctx has ended and the grace has passed. The function it
// returns calls that off.
func (r *run) graceAfter(ctx context.Context, abort context.CancelCauseFunc) (stop func()) {
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		if errors.Is(context.Cause(ctx), retriever.ErrLeaseLost) {
			abort(context.Cause(ctx))
			return
		}
		timer := time.NewTimer(r.e.o.Limits.Grace)
		defer timer.Stop()
		select {
		case <-over:
		case <-timer.C:
			abort(context.Cause(ctx))
		}
	}()
	return func() { close(over); <-watched }
}

// stage runs n goroutines of a stage in group and closes its output after the last.
func stage[T any](group *errgroup.Group, n int, out chan T, work func() error) {
	var running sync.WaitGroup
	running.Add(n)
	for range n {
		group.Go(func() error {
			defer running.Done()
			return work()
		})
	}
	group.Go(func() error {
		running.Wait()
		close(out)
		return nil
	})
}

// feed hands out entries until there are none, ctx is cancelled, or flight has failed.
func feed(ctx, flight context.Context, work []*Entry, out chan<- *Entry) error {
	defer close(out)
	for _, en := range work {
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		select {
		case out <- en:
		case <-ctx.Done():
			return nil
		case <-flight.Done():
			return context.Cause(flight)
		}
	}
	return nil
}

// send is false when the run has failed meanwhile.
func send[T any](ctx context.Context, out chan<- T, v T) bool {
	select {
	case out <- v:
		return true
	case <-ctx.Done():
		return false
	}
}

// deleteBatch is how many documents one call removes: each is a commit.
const deleteBatch = 256

func (r *run) delete(ctx context.Context, entries []*Entry) error {
	for len(entries) > 0 {
		n := min(deleteBatch, len(entries))
		ids := make([]string, n)
		for i, en := range entries[:n] {
			ids[i] = en.DocumentID
		}
		start := time.Now()
		_, err := r.e.o.Store.Delete(ctx, r.e.o.Collection, ids)
		r.e.o.Observer.stage("store", start, err)
		if err != nil {
			return fmt.Errorf("delete: %w", err)
		}
		if err := r.e.clearTokens(ctx, entries[:n]); err != nil {
			return err
		}
		for _, en := range entries[:n] {
			r.finish(en, 0, nil)
		}
		r.progress()
		entries = entries[n:]
	}
	return nil
}
