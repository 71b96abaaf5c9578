package upstream

import (
	"context"
	"fmt"
	"time"
)

// expiredError is the cause of a context that a watchdog cancelled.
type expiredError struct {
	what  string
	bound time.Duration
}

func (e *expiredError) Error() string { return fmt.Sprintf("%s for %s", e.what, e.bound) }

// watchdog cancels a call that is silent for too long, or takes too long altogether.
// Deadlines of the connection would do neither: a stream may rightly last half an hour
// and say nothing for a minute.
type watchdog struct {
	cancel context.CancelCauseFunc
	silent *time.Timer
	late   *time.Timer
	bound  time.Duration
}

func newWatchdog(ctx context.Context, silence, total time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watchdog{cancel: cancel, bound: silence}
	w.silent = time.AfterFunc(silence, func() { cancel(&expiredError{"no byte", silence}) })
	w.late = time.AfterFunc(total, func() { cancel(&expiredError{"unfinished", total}) })
	return ctx, w
}

// rearm changes the bound on silence for what follows.
func (w *watchdog) rearm(silence time.Duration) {
	w.silent.Stop()
	w.silent = time.AfterFunc(silence, func() { w.cancel(&expiredError{"no byte", silence}) })
}

// waitFor starts the clock of silence anew.
func (w *watchdog) waitFor(silence time.Duration) { w.silent.Reset(silence) }

// rest stops it: nobody is waiting.
func (w *watchdog) rest() { w.silent.Stop() }

// stop releases the call; it ends it too if it is still running.
func (w *watchdog) stop() {
	w.silent.Stop()
	w.late.Stop()
	w.cancel(context.Canceled)
}
