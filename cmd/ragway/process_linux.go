package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processSpace names the space in which a process number means one process: this start of
// this kernel, and within it the PID namespace, of which each container has its own. The
// first namespace has the same number on every machine, the identity of the start has not.
func processSpace() string {
	boot, berr := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, nerr := os.Readlink("/proc/self/ns/pid") // pid:[4026531836]
	if berr != nil || nerr != nil {
		return unknownSpace
	}
	return strings.TrimSpace(string(boot)) + "+" + namespace
}

// processIsDead reports whether there is no process with this number. Signal 0 only asks.
func processIsDead(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err == nil && n > 0 && errors.Is(syscall.Kill(n, 0), syscall.ESRCH)
}
