//go:build unix

package source

import (
	"io/fs"
	"os"
	"syscall"
)

// trusted reports whether a file is this user's or root's.
func trusted(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && (s.Uid == 0 || int(s.Uid) == os.Getuid())
}
