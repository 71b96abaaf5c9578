package upstream

import (
	"context"
	"sync"
	"time"

	"ragway/gateway"
)

// queue bounds how many calls are under way at once, and how many wait for one of those to
// end. The nil queue has no bounds.
type queue struct {
	places  chan struct{} // one in it for each call under way
	most    int
	timeout time.Duration

	mu      sync.Mutex
	waiting int
}

func newQueue(concurrency, most int, timeout time.Duration) *queue {
	if concurrency <= 0 {
		return nil
	}
	return &queue{places: make(chan struct{}, concurrency), most: most, timeout: timeout}
}

// enter takes a place and returns what gives it back. Calls that wait get places in no
// particular order. gateway.ErrUpstreamBusy says that there is none.
func (q *queue) enter(ctx context.Context) (leave func(), err error) {
	if q == nil {
		return func() {}, nil
	}
	leave = sync.OnceFunc(func() { <-q.places })
	select {
	case q.places <- struct{}{}:
		return leave, nil
	default:
	}
	if !q.wait(1) {
		return nil, gateway.ErrUpstreamBusy
	}
	defer q.wait(-1)
	patience := time.NewTimer(q.timeout)
	defer patience.Stop()
	select {
	case q.places <- struct{}{}:
		return leave, nil
	case <-patience.C:
		return nil, gateway.ErrUpstreamBusy
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// wait counts who waits and is false where that would be too many.
func (q *queue) wait(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n > 0 && q.waiting >= q.most {
		return false
	}
	q.waiting += n
	return true
}

// lengths are how many calls are under way and how many wait.
func (q *queue) lengths() (running, waiting int) {
	if q == nil {
		return 0, 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.places), q.waiting
}
