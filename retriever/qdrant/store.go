package qdrant

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// format is the number of the layout described in the package comment. A collection with
// a higher one is left untouched.
const format = 2

// Options say which server to use. Addresses is required.
type Options struct {
	Addresses []string // host:port of gRPC (6334); several are used in turn
	APIKey    string
	TLS       bool
	TLSConfig *tls.Config // nil: the system's roots; only with TLS

	CollectionPrefix string        // of every Qdrant collection and alias; "ragway_"
	Timeout          time.Duration // of one attempt of a read; 10 s, ten times the slowest measured under load
	WriteTimeout     time.Duration // of one attempt of a write; 60 s, a write waits for a stalled replica for 10
	K1, B            float64       // BM25's, of new collections; 1.2 and 0.75 when both are zero
	Tuning           Tuning
	// WriteStreams is how many batches of points are on their way at once; 3. Of SciFact's
	// abstracts, a chunk and a manifest each, a server on two cores took 1,700 a second in
	// one stream, 2,200 in two, 2,700 in three and 2,500 in four.
	WriteStreams int

	// Owner names this process on what it holds while it creates or deletes a collection;
	// Abandoned says that the process of that name is known to be dead, so that another need
	// not wait for the rest of 10 s. Both may be left out.
	Owner     string
	Abandoned func(owner string) bool

	Logger *slog.Logger
	Now    func() time.Time // for what is stored: UpdatedAt, LastIngest, lease expiry
}

func (o *Options) applyDefaults() error {
	if len(o.Addresses) == 0 {
		return errors.New("qdrant: no address given")
	}
	if o.CollectionPrefix == "" {
		o.CollectionPrefix = "ragway_"
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = time.Minute
	}
	if o.K1 == 0 && o.B == 0 {
		o.K1, o.B = 1.2, 0.75
	}
	if o.WriteStreams <= 0 {
		o.WriteStreams = 3
	}
	if err := o.Tuning.applyDefaults(); err != nil {
		return fmt.Errorf("qdrant: %w", err)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// Store is a retriever.Store on a Qdrant server.
type Store struct {
	client    *api.Client
	options   Options
	names     names
	heads     headCache
	samples   sampleCache
	state     stateCollection
	rewriting *rewriting
	uploads   chan struct{} // holds one for each batch of points under way
	// settled is true while every write acknowledged before the last connection was made
	// is known to be visible.
	settled atomic.Bool
}

var _ retriever.Store = (*Store)(nil)

// Open connects and checks the server's version and the format of what it holds. A server
// that does not answer is retriever.ErrUnavailable.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.applyDefaults(); err != nil {
		return nil, err
	}
	s := &Store{options: o, names: names{prefix: o.CollectionPrefix}, uploads: make(chan struct{}, o.WriteStreams), rewriting: newRewriting()}
	client, err := dial(o, func() { s.settled.Store(false) })
	if err != nil {
		return nil, fmt.Errorf("qdrant: %w", err)
	}
	s.client = client
	if err := s.checkServer(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("qdrant %s: %w", strings.Join(o.Addresses, ", "), err), client.Close())
	}
	return s, nil
}

// Close ends what runs behind the scenes, and the connections.
func (s *Store) Close() error {
	s.rewriting.stop()
	return s.client.Close()
}

// Ping returns nil when the server answers to the key and has applied every write that it
// acknowledged before its last restart.
func (s *Store) Ping(ctx context.Context) error {
	// HealthCheck needs no key, so it would not notice a wrong one.
	if _, err := s.client.ListCollections(ctx); err != nil {
		return fmt.Errorf("ping: %w", translate(ctx, err))
	}
	if s.settled.Load() {
		return nil
	}
	// Set before looking: a connection made meanwhile resets it.
	s.settled.Store(true)
	if err := s.checkQueues(ctx); err != nil {
		s.settled.Store(false)
		return fmt.Errorf("ping: %w", err)
	}
	return nil
}

// checkQueues is ErrUnavailable while the server replays acknowledged writes, which it
// does after a restart for as long as 20 s while it already says that it is ready.
func (s *Store) checkQueues(ctx context.Context) error {
	aliases, err := s.aliases(ctx)
	if err != nil {
		return err
	}
	for _, a := range append(aliases, s.names.state()) {
		info, err := s.client.GetCollectionInfo(ctx, a)
		if err = translate(ctx, err); errors.Is(err, retriever.ErrCollectionNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if n := info.GetUpdateQueue().GetLength(); n > 0 {
			return fmt.Errorf("%s: %d writes not applied yet: %w", a, n, retriever.ErrUnavailable)
		}
	}
	return nil
}

func (s *Store) checkServer(ctx context.Context) error {
	reply, err := s.client.HealthCheck(ctx)
	if err != nil {
		return translate(ctx, err)
	}
	if err := checkVersion(reply.GetVersion()); err != nil {
		return err
	}
	info, err := s.client.GetCollectionInfo(ctx, s.names.state())
	if err = translate(ctx, err); errors.Is(err, retriever.ErrCollectionNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return checkFormat(info)
}

// checkVersion refuses servers that do not report their update queue or an unfinished
// wait, without which neither Ping nor an acknowledged write means anything.
func checkVersion(version string) error {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return fmt.Errorf("server version %q is not understood", version)
	}
	major, errMajor := strconv.Atoi(parts[0])
	minor, errMinor := strconv.Atoi(parts[1])
	if errMajor != nil || errMinor != nil {
		return fmt.Errorf("server version %q is not understood", version)
	}
	if major < 1 || major == 1 && minor < 17 {
		return fmt.Errorf("server version %s is too old: want 1.17 or newer", version)
	}
	return nil
}

func checkFormat(info *api.CollectionInfo) error {
	if f := info.GetConfig().GetMetadata()[metaFormat].GetIntegerValue(); f > format {
		return fmt.Errorf("format %d, this ragway knows %d: %w", f, format, retriever.ErrNewerFormat)
	}
	return nil
}
