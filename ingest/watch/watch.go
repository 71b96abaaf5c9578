// Package watch tells when files in folders may have changed, by the file system's own
// events. Events are hints: whoever asks looks for himself what is there.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options bound how long changes gather.
type Options struct {
	Quiet  time.Duration // without a change, after which files count as settled; 1 s when 0: editors and copies write in bursts
	Most   time.Duration // after which they do in any case; 1 min when 0: a log is never settled
	Logger *slog.Logger  // of folders that cannot be watched; nil: nobody
}

// A Watcher waits for changes. It is not safe for concurrent use.
type Watcher struct {
	o       Options
	events  *fsnotify.Watcher
	folders map[string]bool // that are watched
	told    bool            // that some are not
}

// New returns a Watcher of nothing.
func New(o Options) (*Watcher, error) {
	if o.Quiet == 0 {
		o.Quiet = time.Second
	}
	if o.Most == 0 {
		o.Most = time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch folders: %w", err)
	}
	return &Watcher{o: o, events: events, folders: map[string]bool{}}, nil
}

// Close ends the watching.
func (w *Watcher) Close() error { return w.events.Close() }

// Follow watches these folders and no others, without those below them. One that cannot be
// watched, as systems bound their number, is logged once; its changes are found when the
// caller looks without being called. It reports whether any is watched that was not
// before: what changed in it until now is not told of.
func (w *Watcher) Follow(folders []string) (more bool) {
	wanted := make(map[string]bool, len(folders))
	for _, f := range folders {
		wanted[f] = true
	}
	for f := range w.folders {
		if !wanted[f] {
			_ = w.events.Remove(f) // a folder that is gone is not watched any more
			delete(w.folders, f)
		}
	}
	for f := range wanted {
		// Also those that are watched: a folder may have been replaced by another one.
		err := w.events.Add(f)
		switch {
		case err == nil:
			more = more || !w.folders[f]
			w.folders[f] = true
		case errors.Is(err, fs.ErrNotExist):
		case !w.told:
			w.told = true
			w.o.Logger.Warn("not all folders can be watched: changes in the others are found at the next look", "err", err)
		}
	}
	return more
}

// Wait returns when something has changed and settled, or after most, whichever is first.
func (w *Watcher) Wait(ctx context.Context, most time.Duration) error {
	end := time.NewTimer(most)
	defer end.Stop()
	var settled, overdue <-chan time.Time
	var quiet *time.Timer
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-settled:
			return nil
		case <-overdue:
			return nil
		case ev, open := <-w.events.Events:
			if !open {
				return errors.New("watch folders: closed")
			}
			if ev.Op == fsnotify.Chmod {
				continue
			}
		case err, open := <-w.events.Errors: // events were lost
			if !open {
				return errors.New("watch folders: closed")
			}
			w.o.Logger.Debug("watch folders", "err", err)
		}
		if quiet == nil {
			quiet = time.NewTimer(w.o.Quiet)
			defer quiet.Stop()
			late := time.NewTimer(w.o.Most)
			defer late.Stop()
			settled, overdue = quiet.C, late.C
			continue
		}
		quiet.Reset(w.o.Quiet)
	}
}
