package qdrant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"ragway/retriever"
)

const (
	// exclusiveTTL is how long a crash inside exclusively blocks others who cannot tell that
	// it happened. It is renewed: creating a collection took 11 s in a cluster with a node
	// down.
	exclusiveTTL  = 10 * time.Second
	exclusiveWait = 50 * time.Millisecond
)

// exclusively runs f while no other process, nor another call in this one, runs one of the
// same name, waiting its turn. The context of f ends when it can no longer be sure of that.
func (s *Store) exclusively(ctx context.Context, name string, f func(context.Context) error) (err error) {
	lease, owner := "exclusive/"+name, s.options.Owner+callMark+uuid.NewString()
	if err := s.awaitTurn(ctx, lease, owner); err != nil {
		return err
	}
	defer func() {
		// Also after a cancelled f: otherwise the name stays taken until the lease expires.
		err = errors.Join(err, s.ReleaseLease(context.WithoutCancel(ctx), lease, owner))
	}()
	held, stop := s.renewed(ctx, lease, owner)
	defer stop()
	err = f(held)
	if lost := context.Cause(held); err != nil && errors.Is(lost, retriever.ErrLeaseLost) {
		return fmt.Errorf("%w: %w", lost, err)
	}
	return err
}

// callMark stands between a process and what tells apart its calls.
const callMark = "#"

func (s *Store) awaitTurn(ctx context.Context, lease, owner string) error {
	said := ""
	for {
		holder, err := s.AcquireLease(ctx, lease, owner, exclusiveTTL)
		if !errors.Is(err, retriever.ErrLeaseLost) {
			return err
		}
		process, _, _ := strings.Cut(holder, callMark)
		if process != "" && s.options.Abandoned != nil && s.options.Abandoned(process) {
			if err := s.ReleaseLease(ctx, lease, holder); err != nil {
				return err
			}
			continue
		}
		if holder != said {
			said = holder
			s.options.Logger.InfoContext(ctx, "waiting for another process", "lease", lease, "holder", holder)
		}
		select {
		case <-time.After(exclusiveWait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// renewed keeps the lease until stop. Its context ends with ErrLeaseLost as the cause when
// the lease is another's, or could not be renewed in its time.
func (s *Store) renewed(ctx context.Context, lease, owner string) (held context.Context, stop func()) {
	held, lose := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		last := time.Now()
		for {
			select {
			case <-time.After(exclusiveTTL / 4):
			case <-held.Done():
				return
			}
			attempt, done := context.WithDeadline(held, last.Add(exclusiveTTL))
			asked := time.Now()
			_, err := s.AcquireLease(attempt, lease, owner, exclusiveTTL)
			done()
			switch {
			case err == nil:
				last = asked
			case errors.Is(err, retriever.ErrLeaseLost), time.Since(last) >= exclusiveTTL:
				lose(fmt.Errorf("%q: %w", lease, retriever.ErrLeaseLost))
			}
		}
	}()
	return held, func() { lose(nil); <-ended }
}
