package upstream

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// A server that failed in so many of its last calls is left alone for a while, then asked
// by one call whether it is back.
const (
	breakerFailures = 5
	breakerCalls    = 10
	breakerDelay    = 10 * time.Second
)

// health is what is known of a server from the calls to it.
type health struct {
	breaker circuitbreaker.CircuitBreaker[any]

	mu     sync.Mutex
	rested time.Time // until then it asked to be left alone
	last   string    // error, "" after a success
}

func newHealth() *health {
	return &health{breaker: circuitbreaker.NewBuilder[any]().
		WithFailureThresholdRatio(breakerFailures, breakerCalls).WithDelay(breakerDelay).Build()}
}

// resting reports whether the server asked to be left alone.
func (h *health) resting(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Before(h.rested)
}

// succeeded notes an answer, of whatever status the caller's own fault may have made it.
func (h *health) succeeded() {
	h.breaker.RecordSuccess()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = ""
}

// failed notes that no answer came, or one that says that the server is ill.
func (h *health) failed(why string) {
	h.breaker.RecordFailure()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = why
}

// unknown notes a call whose client left before an answer came. It says nothing, but the
// one call that was to find out whether a server is back has to be followed by another.
func (h *health) unknown() {
	if h.breaker.IsHalfOpen() {
		h.breaker.RecordFailure()
	}
}

// limited notes that the server has had enough for now. That is no illness.
func (h *health) limited(until time.Time) {
	h.breaker.RecordSuccess()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = "rate limited"
	if until.After(h.rested) {
		h.rested = until
	}
}

// state is for people: ok, limited, failing, or open where nothing is sent to it.
func (h *health) state(now time.Time) (state, last string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.breaker.IsOpen():
		return "open", h.last
	case now.Before(h.rested):
		return "limited", h.last
	case h.last != "":
		return "failing", h.last
	}
	return "ok", ""
}

// longestRest bounds what a Retry-After is believed.
const longestRest = 10 * time.Minute

// retryAfter is when the server wants to be asked again, by Retry-After in seconds or as a
// date (RFC 9110 §10.2.3); the zero time where it says nothing.
func retryAfter(header http.Header, now time.Time) time.Time {
	value := header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	}
	if wait <= 0 {
		return time.Time{}
	}
	return now.Add(min(wait, longestRest))
}
