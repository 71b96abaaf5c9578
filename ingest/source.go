package ingest

import (
	"context"
	"io"
	"iter"
	"time"

	"ragway/retriever"
)

// A Source offers items to ingest: a folder, a file, records, standard input.
type Source interface {
	// Name is the first part of its items' URIs; Prefix is what all of them start with.
	// Only documents under Prefix are ever deleted by a plan of this source.
	Name() string
	Prefix() string
	// Origin says where Name came from, e.g. "folder:/srv/docs". Another origin under a
	// known Name is refused, so that two folders called "docs" do not overwrite each other.
	Origin() string
	// Items yields what is there, in any order that is the same every time. An error with
	// a zero Item ends the sequence, and with it the plan unless it is an *Incomplete; an
	// error with an Item is that item's alone.
	//
	// An Item's error keeps what the source says is there from being pruned: its URI and
	// all below it, and where the reason is that something could not be read (Unreadable,
	// Corrupt, TooLarge), every record of the same file.
	Items(ctx context.Context) iter.Seq2[Item, error]
}

// A Coverer is a Source that says more exactly than its Prefix which documents are its
// own, e.g. a glob. Documents it does not cover are never deleted by its plans. Without
// it a Prefix that ends in "/" or "#" covers all that start with it, any other only
// itself.
type Coverer interface{ Covers(uri string) bool }

// A Revalidator is a Source that asks for news of what is stored, as HTTP does with
// If-None-Match. Revalidate is called before Items, with the token (see Item.Token) by URI
// of each document of the run's tenant under Prefix; "" where none is known or where the
// bytes are wanted all the same.
type Revalidator interface {
	Revalidate(tokens map[string]string)
}

// Incomplete is an error that ends a source's items early, though those before it are what
// they seem. They are ingested and nothing of the source is pruned; then the run fails.
type Incomplete struct{ Err error }

func (e *Incomplete) Error() string { return e.Err.Error() }

func (e *Incomplete) Unwrap() error { return e.Err }

// Item is one document a source offers. Its bytes are read only when they are needed.
type Item struct {
	URI      string // NAME/relative/path, FILE#ID or a URL; never a machine's path
	Name     string // base name, for its extension; "": the last element of URI
	Tenant   string // whose document it is; "" leaves it to the run
	RecordID string // the record's own id, for records
	Title    string // from the source; extraction may find one when it is empty
	MIME     string // what the source knows or guesses; "" leaves it to sniffing
	URL      string // what a person clicks
	Size     int64  // bytes; -1 when unknown
	ModTime  time.Time
	Hash     string // SHA-256 hex where the source vouches for it (records); else "", and it is made of the bytes
	Token    string // names one version of the bytes (an ETag): never the same for others. Open then gives that version or fails
	Metadata retriever.Metadata
	ACL      []string
	Defaults *Defaults // what is said of it from above; nil: nothing
	Explicit bool      // named itself by the caller: an unsupported type is then a failure, not skipped
	Deleted  bool      // the source says that it is to go: it is deleted without Prune. Only URI and Tenant count

	Open func(ctx context.Context) (io.ReadCloser, error)
}
