package ingest

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// Holding is what documents of a type hold.
type Holding int

const (
	HoldsText    Holding = iota // text of their own
	HoldsMembers                // other documents and nothing else: an archive, a mailbox
	HoldsBoth                   // text and other documents: a message with what is attached to it
)

// Member is a document inside a container.
type Member struct {
	// Path is its place inside, slash-separated, with nothing that leads out of it. A
	// member of an inner container follows it after MemberMark.
	Path    string
	Size    int64 // bytes; -1 when unknown
	ModTime time.Time
	Hash    string // SHA-256 hex of its bytes where it is known
	Token   string // as Item.Token
	// Open reads it, at any time and any number of times. It fails when the container is
	// not what it was when its members were listed.
	Open func(ctx context.Context) (io.ReadCloser, error)
}

// MemberMark stands between a container's URI and the place of a member in it:
// "docs/reports.zip!/2024/may.pdf".
const MemberMark = "!/"

// ErrNoContainer says that something is named like a container and is not one, as a DOCX
// called .zip. It is then a document.
var ErrNoContainer = errors.New("not a container")

// An Expander yields the members of a container, those of inner ones in their place, in
// the order in which they lie there. An error of one member comes with its Path, which
// also stands for all below it; any other ends the sequence and is an *Failure where the
// reason is known. open gives the container's bytes, more than once.
type Expander func(ctx context.Context, name string, open func(context.Context) (io.ReadCloser, error)) iter.Seq2[Member, error]
