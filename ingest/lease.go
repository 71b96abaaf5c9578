package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"ragway/retriever"
)

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

// run waits for the lease and runs work with it. The context of work ends with
// retriever.ErrLeaseLost as its cause when the lease is lost.
func (t turn) run(ctx context.Context, note func(string), work func(context.Context) error) error {
	held, release, err := t.await(ctx, note)
	if err != nil {
		return err
	}
	err = work(held)
	if rerr := release(); rerr != nil {
		t.logger.Warn("release", "err", rerr)
	}
	return err
}

// askAgain is how often a lease that another holds is asked for.
const askAgain = 500 * time.Millisecond

func (t turn) await(ctx context.Context, note func(string)) (held context.Context, release func() error, err error) {
	said := ""
	for {
		held, release, err = retriever.HoldLease(ctx, t.state, t.lease, t.owner, t.abandoned)
		other, isHeld := errors.AsType[*retriever.LeaseHeld](err)
		if !isHeld {
			return held, release, err
		}
		if other.Holder != said {
			said = other.Holder
			note(fmt.Sprintf("waiting for %s, which is %s", said, t.busy))
		}
		select {
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		case <-time.After(askAgain):
		}
	}
}
