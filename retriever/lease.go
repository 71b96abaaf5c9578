package retriever

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// leaseTTL is how long a dead holder blocks the next one; renewed four times within it,
// so that a disk busy for seconds costs nothing.
const leaseTTL = 10 * time.Second

// LeaseHeld is the ErrLeaseLost of a lease that somebody else holds.
type LeaseHeld struct{ Lease, Holder string }

func (e *LeaseHeld) Error() string { return fmt.Sprintf("lease %s is held by %s", e.Lease, e.Holder) }

func (e *LeaseHeld) Unwrap() error { return ErrLeaseLost }

// HoldLease takes the named lease for owner and renews it in the background until release
// is called, also after the end of ctx: what is in flight then may still be written. held
// ends with ErrLeaseLost as its cause when the lease is lost. A lease that another holds is
// a *LeaseHeld; nothing waits for it. abandoned says that a holder is known to be dead, so
// that its lease is taken over; nil: it is held until it expires.
func HoldLease(ctx context.Context, s State, name, owner string, abandoned func(holder string) bool) (held context.Context, release func() error, err error) {
	for {
		holder, err := s.AcquireLease(ctx, name, owner, leaseTTL)
		if err == nil {
			break
		}
		switch {
		case !errors.Is(err, ErrLeaseLost):
			return nil, nil, fmt.Errorf("lease %s: %w", name, err)
		case abandoned == nil || !abandoned(holder):
			return nil, nil, &LeaseHeld{name, holder}
		}
		if err := s.ReleaseLease(ctx, name, holder); err != nil {
			return nil, nil, fmt.Errorf("lease %s of %s: %w", name, holder, err)
		}
	}
	held, lose := context.WithCancelCause(ctx)
	renewal, stop := context.WithCancel(context.WithoutCancel(ctx))
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		if err := renewLease(renewal, s, name, owner); err != nil {
			lose(err)
		}
	}()
	return held, func() error {
		stop()
		<-renewed
		defer lose(nil)
		last, done := context.WithTimeout(context.WithoutCancel(ctx), leaseTTL)
		defer done()
		if err := s.ReleaseLease(last, name, owner); err != nil {
			return fmt.Errorf("release lease %s: %w", name, err)
		}
		return nil
	}, nil
}

// renewLease renews until ctx ends or the lease is somebody else's, or could not be renewed
// within its time.
func renewLease(ctx context.Context, s State, name, owner string) error {
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
		_, err := s.AcquireLease(attempt, name, owner, leaseTTL)
		done()
		switch {
		case err == nil:
			last = asked
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrLeaseLost), time.Since(last) >= leaseTTL:
			return fmt.Errorf("lease %s: %w", name, ErrLeaseLost)
		}
	}
}
