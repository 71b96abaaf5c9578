package ingest

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"ragway/retriever"
)

// Action is what a plan does about a document, and afterwards what was done.
type Action string

const (
	Add       Action = "add"
	Change    Action = "change"
	Rewrite   Action = "rewrite" // title, link, metadata or access list alone: not embedded again
	Delete    Action = "delete"
	Unchanged Action = "unchanged"
	Skip      Action = "skip"
	Fail      Action = "fail"
)

// Plan is the difference between what a source offers and what the store has. It holds a
// small entry for each document that is not as it should be, never contents; the
// unchanged ones are only counted.
type Plan struct {
	Collection string
	Source     string
	Prefix     string
	Create     bool // the collection does not exist yet
	Entries    []*Entry
	Unchanged  int
	Vanished   int // documents the source no longer has, deleted or not
	Notes      []string

	src        Source
	seen       time.Time // the collection's last change when it was planned
	refused    *PruneRefused
	incomplete *Incomplete        // the source ended early
	tokens     []retriever.Record // of unchanged documents whose token is another now
	origin     *origin
	holders    map[string]string // IDs of stored documents that may have the bytes of new ones, by hash
	opened     []opened          // containers that were taken apart
	obsolete   []string          // ledger keys of documents that no longer exist or have recovered
}

// Entry is one document of a plan.
type Entry struct {
	Action     Action
	Item       Item
	DocumentID string
	From       string   // of Add: the URI under which the store has the same bytes, if that has vanished
	Reason     string   // why it is skipped
	Failure    *Failure // of Fail: known before anything is tried

	offer   offer
	access  []string // who may read the new version, as far as is known; empty: everyone
	below   []*Entry // stored members of a container that failed: they keep to its access, too
	stamp   string
	stored  bool           // the store has a version of it
	hash    string         // of that version
	failed  *FailureRecord // its last failure, if the ledger has one
	resting bool           // in back-off: nothing new to record
}

// Incomplete is why the source ended early, nil when it did not. Apply does what was
// planned until then and returns it.
func (p *Plan) Incomplete() error {
	if p.incomplete == nil {
		return nil
	}
	return fmt.Errorf("%s ended early: %w", p.Source, p.incomplete)
}

// Counts is the plan in figures.
func (p *Plan) Counts() Counts {
	c := Counts{Unchanged: p.Unchanged}
	for _, en := range p.Entries {
		c.add(en)
	}
	return c
}

func (c *Counts) add(en *Entry) {
	switch en.Action {
	case Add:
		c.Added++
		if en.From != "" {
			c.Renamed++
		}
	case Change:
		c.Changed++
	case Rewrite:
		c.Changed++
		c.Rewritten++
	case Delete:
		c.Deleted++
	case Unchanged:
		c.Unchanged++
	case Skip:
		c.Skipped++
	case Fail:
		c.Failed++
	}
}

// Events are what a dry run prints of the plan; Apply starts with the first of them.
func (p *Plan) Events() iter.Seq[Event] {
	return func(yield func(Event) bool) {
		if !yield(p.event()) {
			return
		}
		for _, n := range p.Notes {
			if !yield(Note{n}) {
				return
			}
		}
		for _, en := range p.Entries {
			if !yield(en.event()) {
				return
			}
		}
	}
}

func (p *Plan) event() PlanEvent {
	return PlanEvent{Collection: p.Collection, Source: p.Source, Create: p.Create, Counts: p.Counts()}
}

func (en *Entry) event() DocumentEvent {
	ev := DocumentEvent{URI: en.Item.URI, Action: en.Action, DocumentID: en.DocumentID, RenamedFrom: en.From, Reason: en.Reason, Bytes: max(en.Item.Size, 0)}
	if en.Failure != nil {
		ev.Reason, ev.Error = string(en.Failure.Reason), en.Failure.Message
	}
	return ev
}

// ErrPruneRefused is wrapped by a [PruneRefused].
var ErrPruneRefused = errors.New("prune refused")

// PruneRefused says that pruning would delete more than half of what a source has stored.
type PruneRefused struct {
	Prefix          string
	Vanished, Known int
}

func (e *PruneRefused) Error() string {
	return fmt.Sprintf("%d of the %d documents under %s are no longer there: deleting more than half needs --force", e.Vanished, e.Known, e.Prefix)
}

func (e *PruneRefused) Unwrap() error { return ErrPruneRefused }
