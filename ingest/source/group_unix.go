//go:build unix

package source

import (
	"os/exec"
	"syscall"
)

// inOwnGroup starts cmd in a process group of its own, so that Ctrl-C in a terminal is
// ragway's to handle, and ends the whole group when its context does.
func inOwnGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
