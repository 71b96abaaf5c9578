//go:build unix

package main

import (
	"errors"
	"strconv"
	"syscall"
)

// processIsDead reports whether there is no process with this number. Signal 0 only asks.
func processIsDead(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err == nil && n > 0 && errors.Is(syscall.Kill(n, 0), syscall.ESRCH)
}
