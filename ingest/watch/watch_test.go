package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newWatcher(t *testing.T, o Options) *Watcher {
	t.Helper()
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// hang bounds a wait that should have ended.
const hang = 30 * time.Second

func TestChangesEndTheWait(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	changes := map[string]func() error{
		"a new file":      func() error { return os.WriteFile(path, []byte("a"), 0o644) },
		"another content": func() error { return os.WriteFile(path, []byte("b"), 0o644) },
		"another name":    func() error { return os.Rename(path, path+"2") },
		"a new folder":    func() error { return os.Mkdir(filepath.Join(dir, "sub"), 0o755) },
		"gone":            func() error { return os.Remove(path + "2") },
	}
	w := newWatcher(t, Options{Quiet: time.Millisecond})
	if !w.Follow([]string{dir, filepath.Join(dir, "missing")}) || w.Follow([]string{dir}) {
		t.Error("a folder is new once")
	}
	for _, name := range []string{"a new file", "another content", "another name", "a new folder", "gone"} {
		ctx, cancel := context.WithTimeout(t.Context(), hang)
		if err := changes[name](); err != nil {
			t.Fatal(err)
		}
		if err := w.Wait(ctx, time.Hour); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestFoldersThatAreNoLongerFollowedAreStill(t *testing.T) {
	old, dir := t.TempDir(), t.TempDir()
	w := newWatcher(t, Options{Quiet: time.Millisecond})
	w.Follow([]string{old})
	w.Follow([]string{dir})
	if got := w.events.WatchList(); len(got) != 1 || got[0] != dir {
		t.Errorf("watched: %v", got)
	}
}

func TestWaitEndsWithItsTimeAndItsContext(t *testing.T) {
	w := newWatcher(t, Options{})
	if err := w.Wait(t.Context(), 0); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Wait(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A folder in which something is always written must be looked at all the same.
func TestChangesThatNeverRestEndTheWait(t *testing.T) {
	dir := t.TempDir()
	w := newWatcher(t, Options{Quiet: time.Hour, Most: time.Millisecond})
	w.Follow([]string{dir})
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	if err := w.Wait(ctx, time.Hour); err != nil {
		t.Error(err)
	}
}
