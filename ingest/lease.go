package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ragway/retriever"
)

// leaseTTL is how long a dead writer blocks the next one; renewed four times within it,
// so that a disk busy for seconds costs nothing.
const leaseTTL = 10 * time.Second

// LeaseName is what writers of a collection are serialised by, over all machines on a store.
func LeaseName(collection string) string { return "ingest:" + collection }

// A turn is one process's right to do something that others must not do at once.
type turn struct {
	state     retriever.State
	lease     string
	busy      string // what another that holds the lease is doing, e.g. "writing to default"
	owner     string
	abandoned func(holder string) bool // may be nil
	logger    *slog.Logger
}

// writing is the turn of whoever writes documents of a collection.
func writing(state retriever.State, collection, owner string, abandoned func(string) bool, logger *slog.Logger) turn {
	return turn{state, LeaseName(collection), "writing to " + collection, owner, abandoned, logger}
}

func (e *Engine) turn() turn {
	return writing(e.o.Store, e.o.Collection, e.o.Owner, e.o.Abandoned, e.o.Logger)
}

// run waits for the lease and runs work with it, renewed in the background. The context of
// work ends with retriever.ErrLeaseLost as its cause when the lease is lost.
func (t turn) run(ctx context.Context, note func(string), work func(context.Context) error) error {
	name := t.lease
	if err := t.await(ctx, name, note); err != nil {
		return err
	}
	held, lose := context.WithCancelCause(ctx)
	// Renewal outlives ctx: what is in flight when a run is cancelled is still written.
	renewal, stop := context.WithCancel(context.WithoutCancel(ctx))
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		if err := t.renew(renewal, name); err != nil {
			lose(err)
		}
	}()
	err := work(held)
	stop()
	<-renewed
	release, done := context.WithTimeout(context.WithoutCancel(ctx), leaseTTL)
	defer done()
	if rerr := t.state.ReleaseLease(release, name, t.owner); rerr != nil {
		t.logger.Warn("release lease", "lease", name, "err", rerr)
	}
	lose(nil)
	return err
}

func (t turn) await(ctx context.Context, name string, note func(string)) error {
	said := ""
	for {
		holder, err := t.state.AcquireLease(ctx, name, t.owner, leaseTTL)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, retriever.ErrLeaseLost):
			return fmt.Errorf("lease %s: %w", name, err)
		case t.abandoned != nil && t.abandoned(holder):
			if err := t.state.ReleaseLease(ctx, name, holder); err != nil {
				return fmt.Errorf("lease %s of %s: %w", name, holder, err)
			}
			continue
		}
		if holder != said {
			said = holder
			note(fmt.Sprintf("waiting for %s, which is %s", holder, t.busy))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leaseTTL / 20):
		}
	}
}

// renew renews until ctx ends or the lease is somebody else's, or could not be renewed
// within its time.
func (t turn) renew(ctx context.Context, name string) error {
	ticker := time.NewTicker(leaseTTL / 4)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		// A store that does not answer must not keep a writer at it whose time is over.
		attempt, done := context.WithDeadline(ctx, last.Add(leaseTTL))
		asked := time.Now()
		_, err := t.state.AcquireLease(attempt, name, t.owner, leaseTTL)
		done()
		switch {
		case err == nil:
			last = asked
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, retriever.ErrLeaseLost), time.Since(last) >= leaseTTL:
			return fmt.Errorf("lease %s: %w", name, retriever.ErrLeaseLost)
		}
	}
}
