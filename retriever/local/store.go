package local

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"ragway/retriever"
)

// Options configure a Store. Only Path is required.
type Options struct {
	Path   string // the data folder; created if missing, mode 0700
	Logger *slog.Logger
	Now    func() time.Time

	// K1 and B are BM25's; 1.2 and 0.75, the usual values, when both are zero.
	K1, B float64
	// FollowInterval is how often the store looks for other processes' changes, so that
	// queries need not. Queries see them in any case.
	FollowInterval time.Duration

	keptChanges   int64 // see the constants of these names; tests set less
	segmentChunks int
	fileFrom      int
}

// Store is the embedded retriever.Store.
type Store struct {
	opts     Options
	db       *database
	stmts    *statements
	current  atomic.Pointer[view]
	unsealed atomic.Int64  // chunks stored here that seal has not put into files
	advance  chan struct{} // a lock that can be waited for with a context; held to replace current

	wake chan struct{} // asks the poller to look now
	stop context.CancelFunc
	done sync.WaitGroup
}

var _ retriever.Store = (*Store)(nil)

// Open opens or creates the store in the data folder. It returns ErrNewerFormat, with the
// file untouched, when a newer version wrote it, and ErrCorrupt when it is no store.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if opts.Path == "" {
		return nil, errors.New("local store: Options.Path is required")
	}
	opts.applyDefaults()
	db, err := openDatabase(ctx, opts.Path)
	if err != nil {
		return nil, fmt.Errorf("open store in %s: %w", opts.Path, err)
	}
	stmts, err := prepareStatements(ctx, db.read)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", opts.Path, translate(ctx, err)), db.close())
	}
	following, stop := context.WithCancel(context.Background())
	s := &Store{opts: opts, db: db, stmts: stmts, advance: make(chan struct{}, 1), wake: make(chan struct{}, 1), stop: stop}
	s.current.Store(&view{seq: -1})
	if err := s.reanalyse(ctx); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("open store in %s: %w", opts.Path, err), db.close())
	}
	s.done.Go(func() {
		if err := s.eraseDropped(following); err != nil && following.Err() == nil {
			opts.Logger.Warn("erase deleted collections", "error", err)
		}
		if err := s.sweepSegments(following); err != nil && following.Err() == nil {
			opts.Logger.Warn("sweep segment files", "error", err)
		}
		s.follow(following)
	})
	return s, nil
}

func (o *Options) applyDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.K1 == 0 && o.B == 0 {
		o.K1, o.B = 1.2, 0.75
	}
	if o.keptChanges == 0 {
		o.keptChanges = keptChanges
	}
	if o.segmentChunks == 0 {
		o.segmentChunks = segmentChunks
	}
	if o.fileFrom == 0 {
		o.fileFrom = fileFrom
	}
	if o.FollowInterval <= 0 {
		o.FollowInterval = 200 * time.Millisecond // five looks within the second that a change may take
	}
}

// Close ends the poller and closes the file. Calls in flight fail.
func (s *Store) Close() error {
	s.stop()
	s.done.Wait()
	return s.db.close()
}

// Ping returns nil once every collection that is or will be served is in memory.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(tx *sql.Tx, v *view) error {
		for _, name := range v.names() {
			if _, err := s.loaded(ctx, tx, v, name); err != nil {
				return err
			}
		}
		return s.loadStaged(ctx, tx, v)
	})
}

// now is the time as the file keeps it.
func (s *Store) now() string { return formatTime(s.opts.Now()) }

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") // fixed width: it sorts
}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("%w: %w", retriever.ErrCorrupt, err)
	}
	return t, nil
}
