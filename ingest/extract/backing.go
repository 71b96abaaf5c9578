package extract

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"ragway/ingest"
)

// maxIdle is how many containers stay open that nobody reads from: a run that takes the
// members of a few in turn opens each of them once.
const maxIdle = 4

// A backings keeps the bytes of containers within reach while their members are read.
type backings struct {
	dir string // of temporary files; "": the system's

	mu     sync.Mutex
	idle   []*backing // the longest unused first
	closed bool
}

// A backing is the bytes of one container, for reading anywhere in it. It is a file where
// the container is one, else a temporary copy. While nobody reads it may be closed; it
// then opens again with the same bytes or fails.
type backing struct {
	of   *backings
	open func(context.Context) (io.ReadCloser, error)
	most int64 // bytes it may have

	mu    sync.Mutex // held while it opens
	users int        // guarded by of.mu, as file is
	file  file
	known bool
	size  int64
	stamp string // of its bytes
}

// file is what an open container is read from.
type file interface {
	io.ReaderAt
	io.Closer
}

func (b *backings) add(open func(context.Context) (io.ReadCloser, error), most int64) *backing {
	return &backing{of: b, open: open, most: most}
}

// Close closes what is idle. What is still read from closes when that ends.
func (b *backings) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.shrink(0)
}

// shrink closes all but the last n of the idle ones. b.mu is held.
func (b *backings) shrink(n int) error {
	var errs []error
	for len(b.idle) > n {
		oldest := b.idle[0]
		b.idle = b.idle[1:]
		errs = append(errs, oldest.file.Close())
		oldest.file = nil
	}
	return errors.Join(errs...)
}

// acquire makes the bytes readable until release is called.
func (b *backing) acquire(ctx context.Context) (release func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.reuse() {
		f, err := b.opened(ctx)
		if err != nil {
			return nil, err
		}
		b.of.mu.Lock()
		b.file, b.users = f, 1
		b.of.mu.Unlock()
	}
	return sync.OnceFunc(b.release), nil
}

func (b *backing) reuse() bool {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.file == nil {
		return false
	}
	if b.users == 0 {
		b.of.idle = slices.DeleteFunc(b.of.idle, func(i *backing) bool { return i == b })
	}
	b.users++
	return true
}

func (b *backing) release() {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.users--; b.users > 0 {
		return
	}
	b.of.idle = append(b.of.idle, b)
	keep := maxIdle
	if b.of.closed {
		keep = 0
	}
	_ = b.of.shrink(keep) // files that were read only
}

func (b *backing) opened(ctx context.Context) (file, error) {
	r, err := b.open(ctx)
	if err != nil {
		return nil, err
	}
	f, size, stamp, err := b.take(ctx, r)
	if err != nil {
		return nil, err
	}
	if b.known && (size != b.size || stamp != b.stamp) {
		return nil, errors.Join(ingest.Failf(ingest.Unreadable, "the container has changed since its members were listed"), f.Close())
	}
	b.known, b.size, b.stamp = true, size, stamp
	return f, nil
}

// take keeps r if it can be read anywhere, and a copy of it if not.
func (b *backing) take(ctx context.Context, r io.ReadCloser) (f file, size int64, stamp string, err error) {
	switch on := r.(type) {
	case *bytesFile:
		return on, on.Size(), "", nil
	case *os.File:
		if info, err := on.Stat(); err == nil && info.Mode().IsRegular() {
			if info.Size() > b.most {
				return nil, 0, "", errors.Join(tooMuch(b.most), on.Close())
			}
			return on, info.Size(), info.ModTime().Format(time.RFC3339Nano), nil
		}
	}
	defer r.Close()
	return copied(ctx, r, b.most, b.of.dir)
}

func tooMuch(most int64) error {
	return ingest.Failf(ingest.TooLarge, "the container has more than %d bytes", most)
}

// inMemory is what a copy may have to need no file: most messages, and few archives.
const inMemory = 1 << 20

// copied is r in memory, or in a temporary file that is gone when it is closed, whatever
// ends the process.
func copied(ctx context.Context, r io.Reader, most int64, dir string) (file, int64, string, error) {
	hash := sha256.New()
	in := io.TeeReader(io.LimitReader(cancellable{ctx, r}, most+1), hash)
	var head bytes.Buffer
	n, err := io.CopyN(&head, in, inMemory)
	switch {
	case n > most:
		return nil, 0, "", tooMuch(most)
	case errors.Is(err, io.EOF):
		return newBytesFile(head.Bytes()), n, string(hash.Sum(nil)), nil
	case err != nil:
		return nil, 0, "", err
	}
	t, err := newTemporary(dir)
	if err != nil {
		return nil, 0, "", fmt.Errorf("copy of a container: %w", err)
	}
	n, err = io.Copy(t, io.MultiReader(&head, in))
	if err == nil && n > most {
		err = tooMuch(most)
	}
	if err != nil {
		return nil, 0, "", errors.Join(err, t.Close())
	}
	return t, n, string(hash.Sum(nil)), nil
}

// ReadAt may be called between acquire and release.
func (b *backing) ReadAt(p []byte, off int64) (int, error) {
	b.of.mu.Lock()
	f := b.file
	b.of.mu.Unlock()
	if f == nil {
		return 0, os.ErrClosed
	}
	return f.ReadAt(p, off)
}

// section opens n bytes from off on.
func (b *backing) section(off, n int64) func(context.Context) (io.ReadCloser, error) {
	return b.reader(func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(b, off, n)), nil })
}

// reader opens what start reads from b, and lets go of b when it is closed.
func (b *backing) reader(start func() (io.ReadCloser, error)) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) {
		release, err := b.acquire(ctx)
		if err != nil {
			return nil, err
		}
		r, err := start()
		if err != nil {
			release()
			return nil, err
		}
		return &held{r, release}, nil
	}
}

type held struct {
	io.ReadCloser
	release func()
}

func (h *held) Close() error {
	err := h.ReadCloser.Close()
	h.release()
	return err
}

// bytesFile is a container in memory.
type bytesFile struct{ *bytes.Reader }

func newBytesFile(data []byte) *bytesFile { return &bytesFile{bytes.NewReader(data)} }

func (*bytesFile) Close() error { return nil }

// temporary is a file that is removed when it is closed, or, where a name may go before
// its file does, is never seen.
type temporary struct {
	*os.File
	named bool
}

func newTemporary(dir string) (*temporary, error) {
	f, err := os.CreateTemp(dir, "ragway-*")
	if err != nil {
		return nil, err
	}
	return &temporary{File: f, named: os.Remove(f.Name()) != nil}, nil
}

func (t *temporary) Close() error {
	err := t.File.Close()
	if t.named {
		err = errors.Join(err, os.Remove(t.Name()))
	}
	return err
}

// cancellable is a reader that ends when its context does.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
