//go:build unix

package gateway_test

import "syscall"

// descriptorLimit is how many files this process may open, 0 when that is unknown.
func descriptorLimit() int {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 0
	}
	return int(min(uint64(r.Cur), 1<<30)) //nolint:unconvert // Cur is signed on some systems
}
