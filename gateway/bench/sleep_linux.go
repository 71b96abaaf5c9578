package main

import (
	"syscall"
	"time"
)

// sleepUntil wakes within a twentieth of a millisecond. The runtime's own timers wait in
// epoll, for whole milliseconds.
func sleepUntil(t time.Time) {
	for left := time.Until(t); left > 0; left = time.Until(t) {
		wait := syscall.NsecToTimespec(int64(left))
		_ = syscall.Nanosleep(&wait, nil) // a signal wakes it early
	}
}
