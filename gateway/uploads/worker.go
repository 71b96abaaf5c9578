package uploads

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"ragway/retriever"
)

// Run ingests what is wanted until ctx ends, and takes up first what an earlier process
// left. What goes wrong is logged and tried again.
func (l *Library) Run(ctx context.Context) {
	w := &worker{Library: l, review: map[string]bool{}, reviewed: map[string]bool{}, resting: map[string]rest{}}
	for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, time.Minute) {
		err := w.resume(ctx)
		if err == nil {
			break
		}
		l.o.Logger.Warn("what earlier uploads left could not be taken up; trying again", "err", err)
		l.sleep(ctx, pause)
	}
	for ctx.Err() == nil {
		if err := w.round(ctx); err != nil && ctx.Err() == nil {
			l.o.Logger.Warn("uploads could not be worked on; trying again", "err", err)
		}
		l.sleep(ctx, l.o.Poll)
	}
}

// sleep waits for something to do, for at most d.
func (l *Library) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-l.wake:
	case <-timer.C:
	}
}

// worker is one Run.
type worker struct {
	*Library
	// review are collections whose completed files have not been planned again since the
	// start: a newer version may extract or cut them in another way.
	review   map[string]bool
	reviewed map[string]bool // files of the collection under review
	resting  map[string]rest // collections in which the last run failed as a whole
}

type rest struct {
	pause time.Duration
	until time.Time
}

// batchesKept is how long a batch is remembered.
const batchesKept = 30 * 24 * time.Hour

// resume cleans up and finds what there is to do after a start.
func (w *worker) resume(ctx context.Context) error {
	if err := w.sweep(ctx); err != nil {
		return err
	}
	kept, err := w.files.all(ctx, home)
	if err != nil {
		return err
	}
	for id, f := range kept {
		if f.Deleted {
			if _, err := w.withdraw(ctx, id); err != nil {
				return err
			}
		}
	}
	names, err := w.collections(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := w.forgetBatches(ctx, name); err != nil {
			return err
		}
		w.review[name] = true
	}
	return nil
}

func (w *worker) forgetBatches(ctx context.Context, name string) error {
	batches, err := w.batches.all(ctx, name)
	if err != nil {
		return err
	}
	maps.DeleteFunc(batches, func(_ string, b batch) bool { return w.o.Now().Sub(b.Created) < batchesKept })
	return w.batches.delete(ctx, name, sorted(batches)...)
}

// round goes through the collections in which there is something to do.
func (w *worker) round(ctx context.Context) error {
	waiting, err := w.queue.all(ctx, home)
	if err != nil {
		return err
	}
	names := sorted(waiting)
	for name := range w.review {
		if _, known := waiting[name]; !known {
			names = append(names, name)
		}
	}
	var errs []error
	for _, name := range names {
		if r, ok := w.resting[name]; ok && w.o.Now().Before(r.until) || ctx.Err() != nil {
			continue
		}
		err := w.collection(ctx, name)
		if err == nil {
			delete(w.resting, name)
			continue
		}
		r := w.resting[name]
		r.pause = min(max(2*r.pause, w.o.Poll), 5*time.Minute)
		r.until = w.o.Now().Add(r.pause)
		w.resting[name] = r
		errs = append(errs, fmt.Errorf("collection %s: %w", name, err))
	}
	if len(names) > 0 {
		errs = append(errs, w.purgeDeleted(ctx))
	}
	return errors.Join(errs...)
}

// purgeDeleted removes the files that are going and that no collection wants any more.
func (w *worker) purgeDeleted(ctx context.Context) error {
	kept, err := w.files.all(ctx, home)
	if err != nil {
		return err
	}
	maps.DeleteFunc(kept, func(_ string, f file) bool { return !f.Deleted })
	if len(kept) == 0 {
		return nil
	}
	names, err := w.collections(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		attachments, err := w.attachments.all(ctx, name)
		if err != nil {
			return err
		}
		maps.DeleteFunc(kept, func(id string, _ file) bool { _, wanted := attachments[id]; return wanted })
	}
	for id := range kept {
		if err := w.purge(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// collection does what there is to do in one collection, unless another process is at it.
func (w *worker) collection(ctx context.Context, name string) error {
	held, release, err := retriever.HoldLease(ctx, w.o.Store, "uploads:"+name, w.o.Owner, w.o.Abandoned)
	if _, busy := errors.AsType[*retriever.LeaseHeld](err); busy {
		return nil
	}
	if err != nil {
		return err
	}
	err = w.workOff(held, name)
	return errors.Join(err, release())
}

func (w *worker) workOff(ctx context.Context, name string) error {
	clear(w.reviewed)
	for ctx.Err() == nil {
		stores, err := w.stores.all(ctx, home)
		if err != nil {
			return err
		}
		if stores[name].Deleted {
			return w.tearDown(ctx, name)
		}
		d, err := w.attached(ctx, name)
		if err != nil {
			return err
		}
		todo, later := w.due(d, w.review[name])
		if len(todo) == 0 {
			delete(w.review, name)
			if later {
				return nil
			}
			return w.leave(ctx, name)
		}
		if err := w.ingest(ctx, name, d, todo); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// tearDown removes a vector store that is going, with all that is wanted in it.
func (w *worker) tearDown(ctx context.Context, name string) error {
	err := w.o.Store.DeleteCollection(ctx, name)
	if err != nil && !errors.Is(err, retriever.ErrCollectionNotFound) {
		return fmt.Errorf("delete: %w", err)
	}
	d, err := w.attached(ctx, name)
	if err != nil {
		return err
	}
	delete(w.review, name)
	return errors.Join(
		w.attachments.delete(ctx, name, sorted(d.attachments)...), w.outcomes.delete(ctx, name, sorted(d.outcomes)...),
		w.batches.delete(ctx, name, sorted(d.batches)...), w.queue.delete(ctx, home, name), w.stores.delete(ctx, home, name),
	)
}

// leave takes a collection out of the queue. What came meanwhile puts it there again.
func (w *worker) leave(ctx context.Context, name string) error {
	if err := w.queue.delete(ctx, home, name); err != nil {
		return err
	}
	d, err := w.attached(ctx, name)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(sorted(d.attachments), func(id string) bool { return !d.done(id) }) {
		return w.enqueue(ctx, name)
	}
	return nil
}
