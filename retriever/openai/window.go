package openai

import (
	"context"
	"slices"
	"sync"
)

// window bounds the requests under way. It halves when the server says that it is
// overloaded and grows by one with every fourth windowful of answers. Additive increase
// and multiplicative decrease let several clients of one server arrive at a fair share
// (Chiu and Jain 1989); TCP's pace, one a windowful, would have a server that takes two
// at once refuse a quarter of the requests.
type window struct {
	mu      sync.Mutex
	most    int
	open    float64 // requests allowed at once, 1 to most
	busy    int
	cuts    int // how often it was halved
	waiting []chan struct{}
}

const growth = 4 // windowfuls of answers for one more request at once

func newWindow(most int) window { return window{most: most, open: float64(most)} }

// enter waits for a place. The ticket it returns goes to leave.
func (w *window) enter(ctx context.Context) (ticket int, err error) {
	w.mu.Lock()
	if w.busy < int(w.open) && len(w.waiting) == 0 {
		defer w.mu.Unlock()
		w.busy++
		return w.cuts, nil
	}
	turn := make(chan struct{})
	w.waiting = append(w.waiting, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.cuts, nil
	case <-ctx.Done():
		w.abandon(turn)
		return 0, ctx.Err()
	}
}

// abandon gives up a turn, which may have come in the meantime.
func (w *window) abandon(turn chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(w.waiting, turn); i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
		return
	}
	w.busy--
	w.admit()
}

// leave frees the place. Requests that were sent before a cut tell of the same overload
// and do not cut again; nor do their answers widen what was just narrowed.
func (w *window) leave(ticket int, overloaded bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.busy--
	switch {
	case ticket != w.cuts:
	case overloaded:
		w.open = max(1, w.open/2)
		w.cuts++
	default:
		w.open = min(float64(w.most), w.open+1/(growth*w.open))
	}
	w.admit()
}

func (w *window) admit() {
	for len(w.waiting) > 0 && w.busy < int(w.open) {
		close(w.waiting[0])
		w.waiting = w.waiting[1:]
		w.busy++
	}
}
