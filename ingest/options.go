package ingest

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"ragway/retriever"
)

// Options configure an Engine. Store, Scope, Extract, ExtractID, Cut and Collection are
// required.
type Options struct {
	Store    retriever.Store
	Scope    retriever.Scope    // what the engine may read back: the operator's
	Embedder retriever.Embedder // nil: no vectors, lexical search only

	Extract Extractor
	// ExtractID names what makes the text of documents of a media type, or of any for "":
	// under another name, those of that type are ingested again.
	ExtractID func(mime string) string
	Claims    func(name string) bool // whether a name's type has an extractor; nil: all do
	// Holds tells what a document of this name and declared type holds, and Expand opens
	// those that hold others; nil: none does.
	Holds  func(name, mime string) Holding
	Expand Expander
	// Cut is asked for the collection's own chunking with the zero value, and for those of
	// documents that want another one (see Defaults).
	Cut func(retriever.Chunking) (Cutter, error)

	Collection string
	Template   retriever.Collection // chunking and language of a collection that has to be created

	// These override what sources and documents say of themselves, where set.
	Tenant   string
	ACL      []string
	Metadata retriever.Metadata
	URLBase  string // link of a document that has none of its own: URLBase + relative path

	Prune        bool // delete documents the source no longer has
	Force        bool // also when that is more than half of them
	Checksum     bool // size and modification time never stand for the hash
	RetryFailed  bool // failed documents are tried again before their time
	AcceptOrigin bool // the source's name was given by hand: from now on it means this origin

	Workers int // documents read, extracted and chunked at once
	Owner   string
	// Abandoned says that the process called holder is known to be dead, so that its lease
	// can be taken over at once; nil: leases are waited for until they expire.
	Abandoned func(holder string) bool

	Limits   Limits
	Observer Observer
	Logger   *slog.Logger
	Now      func() time.Time
}

// Limits bound one document and one batch. Zero values take the defaults.
type Limits struct {
	DocumentBytes int64         // source bytes of one document
	DocumentTime  time.Duration // to read, extract and chunk one document
	EmbedTexts    int           // texts handed to the embedder in one call, across documents
	EmbedCalls    int           // calls to the embedder at once
	PutDocuments  int           // documents in one commit, each of which syncs the disk
	PutChunks     int           // chunks in one commit
	Grace         time.Duration // for what is in flight when a run is cancelled
}

func (l *Limits) applyDefaults() {
	setDefault(&l.DocumentBytes, 256<<20)      // the largest scanned manuals; Workers of them fit in memory
	setDefault(&l.DocumentTime, 2*time.Minute) // a thousand-page PDF takes seconds; this ends loops
	setDefault(&l.EmbedTexts, 256)             // two requests of the 128 texts most servers take
	setDefault(&l.EmbedCalls, 2)               // keeps a server busy while the next batch is filled
	setDefault(&l.PutDocuments, 256)           // a commit syncs the disk, which can take 0.1 s
	setDefault(&l.PutChunks, 1024)
	setDefault(&l.Grace, 20*time.Second)
}

func setDefault[T comparable](p *T, v T) {
	if *p == *new(T) {
		*p = v
	}
}

// Observer is told what happens, for metrics. Each field may be nil; calls come from
// several goroutines.
type Observer struct {
	Document func(result Action, chunks int)                   // one per document, when it is done
	Failure  func(reason Reason)                               // one per failed document
	Stage    func(stage string, took time.Duration, err error) // "read", "extract", "chunk", "embed" or "store"
}

func (o Observer) stage(name string, start time.Time, err error) {
	if o.Stage != nil {
		o.Stage(name, time.Since(start), err)
	}
}

// An Engine plans and applies ingests into one collection. It may be used for any number
// of sources, one after the other.
type Engine struct {
	o        Options
	flags    retriever.Metadata // Options.Metadata, canonical
	failures ledger

	mu      sync.Mutex
	cutters map[retriever.Chunking]Cutter
}

// New checks o and returns an Engine. It touches nothing.
func New(o Options) (*Engine, error) {
	o.applyDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("ingest engine: %w", err)
	}
	flags, err := o.Metadata.Check()
	if err != nil {
		return nil, fmt.Errorf("ingest engine: %w", err)
	}
	if len(o.ACL) > 0 {
		if o.ACL, err = retriever.ParseACL(o.ACL); err != nil {
			return nil, fmt.Errorf("ingest engine: %w", err)
		}
	}
	return &Engine{o: o, flags: flags, failures: ledger{o.Store, o.Collection, o.Now}, cutters: map[retriever.Chunking]Cutter{}}, nil
}

func (o *Options) applyDefaults() {
	if o.Claims == nil {
		o.Claims = func(string) bool { return true }
	}
	if o.Holds == nil || o.Expand == nil {
		o.Holds = func(string, string) Holding { return HoldsText }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	o.Limits.applyDefaults()
}

func (o *Options) check() error {
	var errs []error
	need := func(ok bool, name string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s is required", name))
		}
	}
	need(o.Store != nil, "Store")
	need(o.Scope.IsOperator(), "Scope, of the operator,")
	need(o.Extract != nil, "Extract")
	need(o.ExtractID != nil, "ExtractID")
	need(o.Cut != nil, "Cut")
	need(o.Owner != "", "Owner")
	if o.Workers < 0 {
		errs = append(errs, fmt.Errorf("workers: %d, want at least 1", o.Workers))
	}
	return errors.Join(append(errs, retriever.CheckCollectionName(o.Collection))...)
}
