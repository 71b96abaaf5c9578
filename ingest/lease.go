package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// leaseTTL is how long a dead writer blocks the next one; renewed four times within it,
// so that a disk busy for seconds costs nothing.
const leaseTTL = 10 * time.Second

// LeaseName is what ingests of a collection are serialised by, over all machines on a store.
func LeaseName(collection string) string { return "ingest:" + collection }

// underLease waits for the collection's lease and runs work with it, renewed in the
// background. The context of work ends with retriever.ErrLeaseLost as its cause when the
// lease is lost.
func (e *Engine) underLease(ctx context.Context, note func(string), work func(context.Context) error) error {
	name := LeaseName(e.o.Collection)
	if err := e.awaitLease(ctx, name, note); err != nil {
		return err
	}
	held, lose := context.WithCancelCause(ctx)
	// Renewal outlives ctx: what is in flight when a run is cancelled is still written.
	renewal, stop := context.WithCancel(context.WithoutCancel(ctx))
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		if err := e.renewLease(renewal, name); err != nil {
			lose(err)
		}
	}()
	err := work(held)
	stop()
	<-renewed
	release, done := context.WithTimeout(context.WithoutCancel(ctx), leaseTTL)
	defer done()
	if rerr := e.o.Store.ReleaseLease(release, name, e.o.Owner); rerr != nil {
		e.o.Logger.Warn("release lease", "lease", name, "err", rerr)
	}
	lose(nil)
	return err
}

func (e *Engine) awaitLease(ctx context.Context, name string, note func(string)) error {
	said := ""
	for {
		holder, err := e.o.Store.AcquireLease(ctx, name, e.o.Owner, leaseTTL)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, retriever.ErrLeaseLost):
			return fmt.Errorf("lease %s: %w", name, err)
		case e.o.Abandoned != nil && e.o.Abandoned(holder):
			if err := e.o.Store.ReleaseLease(ctx, name, holder); err != nil {
				return fmt.Errorf("lease %s of %s: %w", name, holder, err)
			}
			continue
		}
		if holder != said {
			said = holder
			note(fmt.Sprintf("waiting for %s, which is ingesting into %s", holder, e.o.Collection))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(leaseTTL / 20):
		}
	}
}

// renewLease renews until ctx ends or the lease is somebody else's, or could not be
// renewed within its time.
func (e *Engine) renewLease(ctx context.Context, name string) error {
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
		_, err := e.o.Store.AcquireLease(attempt, name, e.o.Owner, leaseTTL)
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
