package uploads

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"ragway/gateway"
	"ragway/retriever"
)

// Options of a Library. Store, Scope, Dir, Ingest and Owner are required.
type Options struct {
	Store  retriever.Store
	Scope  retriever.Scope // of the worker: the operator's
	Dir    string          // where bytes are kept; replicas that take uploads share it
	Ingest Ingest
	Owner  string // this process, on leases
	// Abandoned says that the process called holder is known to be dead, so that its work can
	// be taken over at once; nil: its lease is waited for until it expires.
	Abandoned func(holder string) bool

	FileBytes  int64 // of one file; default 100 MiB
	TotalBytes int64 // of all files; default 10 GiB
	TotalFiles int   // default 10,000

	// Patience is how long a call waits for the worker where a change is not to be
	// acknowledged before it is done; default 10 s.
	Patience time.Duration
	// Poll is how often the queue is looked at for what other processes put there; default 5 s.
	Poll time.Duration

	Logger *slog.Logger
	Now    func() time.Time
}

// Ingest reads items of one tenant into a collection, which is created when it is missing,
// and returns what failed of them. An error is of the run as a whole: it is tried again.
type Ingest func(ctx context.Context, collection, tenant string, items []Item) ([]Failure, error)

// Item is a file to ingest, or to take out again.
type Item struct {
	URI      string
	Name     string
	Size     int64
	ModTime  time.Time
	SHA256   string
	Metadata retriever.Metadata
	ACL      []string
	Chunking retriever.Chunking // zero: the collection's own
	Deleted  bool               // what was made of it goes; only the URI counts

	Open func(ctx context.Context) (io.ReadCloser, error)
}

// Failure is a document that could not be ingested: an item, or something in it.
type Failure struct {
	URI     string
	Error   gateway.FileError
	Passing bool // trying again may help
}

func (o *Options) check() error {
	var errs []error
	need := func(ok bool, name string) {
		if !ok {
			errs = append(errs, fmt.Errorf("uploads: Options.%s is required", name))
		}
	}
	need(o.Store != nil, "Store")
	need(o.Scope.IsOperator(), "Scope, of the operator,")
	need(o.Dir != "", "Dir")
	need(o.Ingest != nil, "Ingest")
	need(o.Owner != "", "Owner")
	return errors.Join(errs...)
}

func (o *Options) applyDefaults() {
	orDefault(&o.FileBytes, 100<<20)
	orDefault(&o.TotalBytes, 10<<30)
	orDefault(&o.TotalFiles, 10_000)
	orDefault(&o.Patience, 10*time.Second)
	orDefault(&o.Poll, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

func orDefault[T comparable](v *T, fallback T) {
	if *v == *new(T) {
		*v = fallback
	}
}

// Library is the uploaded files and the vector stores they are in. It is safe for
// concurrent use, also by several processes on one store and one folder.
type Library struct {
	o           Options
	files       table[file]
	stores      table[storeRecord]
	queue       table[queued]
	attachments table[attachment]
	outcomes    table[outcome]
	batches     table[batch]

	wake chan struct{} // the worker has something to do

	mu      sync.Mutex // guards what follows, and changes of records that are read before
	coming  int64      // bytes of files that are being received
	arrived int        // how many such files there are
}

// New checks o. It touches nothing; the folder is made with the first file.
func New(o Options) (*Library, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.applyDefaults()
	return &Library{
		o: o, wake: make(chan struct{}, 1),
		files: table[file]{o.Store, "file"}, stores: table[storeRecord]{o.Store, "vector_store"}, queue: table[queued]{o.Store, "queue"},
		attachments: table[attachment]{o.Store, "upload"}, outcomes: table[outcome]{o.Store, "upload_state"}, batches: table[batch]{o.Store, "upload_batch"},
	}, nil
}

// newID is unguessable.
func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// owns reports whether the scope has every principal that an uploader had.
func owns(scope retriever.Scope, tenant string, principals []string) bool {
	return scope.Tenant != "" && scope.Tenant == tenant &&
		!slices.ContainsFunc(principals, func(p string) bool { return !slices.Contains(scope.Principals, p) })
}

// kick wakes the worker.
func (l *Library) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// await asks done until it says so, ErrPending when that takes too long.
func (l *Library) await(ctx context.Context, done func() (bool, error)) error {
	l.kick()
	ctx, cancel := context.WithTimeoutCause(ctx, l.o.Patience, gateway.ErrPending)
	defer cancel()
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 250*time.Millisecond) {
		ok, err := done()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}
