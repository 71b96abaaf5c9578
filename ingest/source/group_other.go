//go:build !unix

package source

import "os/exec"

// inOwnGroup ends cmd alone: there are no process groups here.
func inOwnGroup(cmd *exec.Cmd) { cmd.Cancel = func() error { return cmd.Process.Kill() } }
