//go:build !unix

package source

import "io/fs"

// trusted takes every file: who may write where is not told by an owner here.
func trusted(fs.FileInfo) bool { return true }
