package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"ragway/retriever"
)

// waking is a store that is ready after some pings, or fails in another way.
type waking struct {
	retriever.Store
	busy int
	err  error
}

func (w *waking) Ping(context.Context) error {
	if w.busy--; w.busy >= 0 {
		return retriever.ErrUnavailable
	}
	return w.err
}

func TestServeWaitsForAStoreThatIsBusy(t *testing.T) {
	var log strings.Builder
	a := &app{log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := a.awaitStore(t.Context(), &waking{busy: 2}); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "waiting for the store"); n != 1 {
		t.Errorf("it is said %d times: %s", n, log.String())
	}
	if err := a.awaitStore(t.Context(), &waking{err: retriever.ErrCorrupt}); !errors.Is(err, retriever.ErrCorrupt) {
		t.Errorf("a store that is broken: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.awaitStore(ctx, &waking{busy: 2}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
