//go:build unix

package local

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile is the file's content, read only, and how to give it back.
func mapFile(f *os.File, size int) (data []byte, release func([]byte), err error) {
	data, err = unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	return data, func(data []byte) { _ = unix.Munmap(data) }, nil
}
