package ingest

import (
	"context"
	"errors"
	"time"
)

// A Folderer is a Source whose changes a file system can tell of. Folders are those that
// its last Items looked into.
type Folderer interface{ Folders() []string }

// Watch ingests sources again and again as they change.
type Watch struct {
	Engine  *Engine
	Sources []Source
	// Changes waits until something may have changed in the folders or most has passed.
	Changes  func(ctx context.Context, folders []string, most time.Duration) error
	Interval time.Duration // between looks at what nothing tells of: object stores, web pages, programs
	Rescan   time.Duration // between looks at folders in any case; 10 min when 0: events can be lost
	Events   func(Event)   // of rounds that do something, as of Apply; failures that were told before are left out
	Round    func(Summary, error)
	Now      func() time.Time
}

// Retries of a round that failed, as when the store or the embedder is down.
const (
	firstPause   = 5 * time.Second
	longestPause = 5 * time.Minute
)

// Run ends with ctx, whose error it returns if that interrupts a round, and nil otherwise.
// What goes wrong in a round is told to Round; the round is made again after a pause.
func (w Watch) Run(ctx context.Context) error {
	if w.Rescan == 0 {
		w.Rescan = 10 * time.Minute
	}
	if w.Now == nil {
		w.Now = time.Now
	}
	r := &rounds{Watch: w, due: make([]time.Time, len(w.Sources)), told: map[string]string{}}
	for {
		err := r.round(ctx)
		if ctx.Err() != nil {
			return err
		}
		err = w.Changes(ctx, r.folders(), r.wait(ctx, err))
		if ctx.Err() != nil {
			return nil //nolint:nilerr // interrupted between rounds: nothing is left undone
		}
		if err != nil {
			return err
		}
		r.changed()
	}
}

type rounds struct {
	Watch
	due   []time.Time // when each source is looked at next
	pause time.Duration
	told  map[string]string // failures by URI
}

// round looks at the sources that are due.
func (r *rounds) round(ctx context.Context) error {
	now := r.Now()
	var total Summary
	var failed error
	worked := false
	for i, src := range r.Sources {
		if r.due[i].After(now) {
			continue
		}
		did, sum, err := r.one(ctx, src)
		total.Add(sum)
		worked = worked || did
		if err != nil {
			failed = errors.Join(failed, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		r.due[i] = now.Add(r.interval(src))
	}
	if r.Round != nil && (worked || failed != nil) {
		r.Round(total, failed)
	}
	return failed
}

func (r *rounds) interval(src Source) time.Duration {
	if _, ok := src.(Folderer); ok {
		return r.Rescan
	}
	return r.Interval
}

func (r *rounds) one(ctx context.Context, src Source) (did bool, sum Summary, err error) {
	eng := r.Engine
	plan, err := eng.Plan(ctx, src)
	if refused, ok := errors.AsType[*PruneRefused](err); ok { // what else there is to do is done
		if why := refused.Error(); r.told[src.Prefix()] != why {
			r.told[src.Prefix()] = why
			r.event(Note{why})
		}
		if eng, err = eng.withoutPrune(); err == nil {
			plan, err = eng.Plan(ctx, src)
		}
	}
	if err != nil || plan.idle() {
		return false, sum, err
	}
	sum, err = eng.Apply(ctx, plan, r.event)
	return true, sum, err
}

func (e *Engine) withoutPrune() (*Engine, error) {
	o := e.o
	o.Prune = false
	return New(o)
}

// event tells what is new.
func (r *rounds) event(ev Event) {
	if d, ok := ev.(DocumentEvent); ok {
		if d.Action == Fail && r.told[d.URI] == d.Reason {
			return
		}
		delete(r.told, d.URI)
		if d.Action == Fail {
			r.told[d.URI] = d.Reason
		}
	}
	if r.Events != nil {
		r.Events(ev)
	}
}

func (r *rounds) folders() []string {
	var out []string
	for _, src := range r.Sources {
		if f, ok := src.(Folderer); ok {
			out = append(out, f.Folders()...)
		}
	}
	return out
}

// wait is how long until something is due: a source, a document that failed, or after a
// round that failed the next attempt.
func (r *rounds) wait(ctx context.Context, failed error) time.Duration {
	now := r.Now()
	if failed != nil {
		r.pause = min(max(2*r.pause, firstPause), longestPause)
		return r.pause
	}
	r.pause = 0
	next := now.Add(r.Rescan)
	for _, due := range r.due {
		if due.Before(next) {
			next = due
		}
	}
	for _, retry := range r.retries(ctx) {
		if retry.After(now) && retry.Before(next) {
			next = retry
		}
	}
	return max(next.Sub(now), 0)
}

func (r *rounds) retries(ctx context.Context) (at []time.Time) {
	records, err := Failures(ctx, r.Engine.o.Store, r.Engine.o.Collection)
	if err != nil {
		return nil // the next round says what is wrong
	}
	for _, f := range records {
		at = append(at, f.NextRetry)
	}
	return at
}

// changed makes the folders due: something in them has changed, or a retry is.
func (r *rounds) changed() {
	for i, src := range r.Sources {
		if _, ok := src.(Folderer); ok {
			r.due[i] = time.Time{}
		}
	}
}
