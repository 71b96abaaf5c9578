package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"ragway/ingest"
)

// spooled are temporary copies of what is elsewhere, and the UTF-8 forms of those that
// hold records.
type spooled struct {
	o    Options
	text *decoded

	mu    sync.Mutex
	paths []string
}

func newSpooled(o Options) *spooled { return &spooled{o: o, text: newDecoded(o)} }

// add copies r, of at most o.SpoolBytes.
func (s *spooled) add(ctx context.Context, r io.Reader) (path string, err error) {
	path, err = spool(ctx, &atMost{r, s.o.SpoolBytes, s.o.SpoolBytes}, s.o.TempDir)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths = append(s.paths, path)
	return path, nil
}

// remove removes a copy before its time.
func (s *spooled) remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths = slices.DeleteFunc(s.paths, func(p string) bool { return p == path })
	os.Remove(path)
}

// records yields those of the record file r, called uri.
func (s *spooled) records(ctx context.Context, uri string, r io.Reader, modTime time.Time, yield func(ingest.Item, error) bool) (more bool) {
	fail := func(err error) bool {
		if ctx.Err() != nil {
			return yield(ingest.Item{}, ctx.Err())
		}
		return yield(ingest.Item{URI: uri, Size: -1}, asUnreadable(err))
	}
	path, err := s.add(ctx, r)
	if err != nil {
		return fail(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fail(err)
	}
	return recordsOf(ctx, file{path: path, uri: uri, info: asOf{info, modTime}}, s.text, s.o, yield)
}

// asUnreadable keeps the reason of a failure that has one.
func asUnreadable(err error) error {
	if f, typed := errors.AsType[*ingest.Failure](err); typed {
		return f
	}
	return ingest.Failf(ingest.Unreadable, "%w", withoutPath(err))
}

// Close removes the copies; more may be added afterwards.
func (s *spooled) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := []error{s.text.Close()}
	for _, p := range s.paths {
		errs = append(errs, os.Remove(p))
	}
	s.paths = nil
	return errors.Join(errs...)
}

// asOf is a copy with the time of the original.
type asOf struct {
	fs.FileInfo
	modTime time.Time
}

func (a asOf) ModTime() time.Time { return a.modTime }

// atMost is r up to a bound, over which reading is a failure.
type atMost struct {
	r          io.Reader
	left, most int64
}

func (a *atMost) Read(p []byte) (int, error) {
	if int64(len(p)) > a.left+1 {
		p = p[:a.left+1]
	}
	n, err := a.r.Read(p)
	if a.left -= int64(n); a.left < 0 {
		return n, ingest.Failf(ingest.TooLarge, "over the bound of %d bytes", a.most)
	}
	return n, err
}

// ended reports how a listing ended: an error before the first item is the source's, one
// after it leaves what was listed standing.
func ended(ctx context.Context, listed int, err error) error {
	if listed == 0 || ctx.Err() != nil {
		return err
	}
	return &ingest.Incomplete{Err: fmt.Errorf("after %d items: %w", listed, err)}
}
