package retriever

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Stager builds a collection beside another of its name and puts it in its place, which is
// how the embedding space of a collection changes while it is served.
//
// What is built is reached under [StagedName], by the operator alone: Put, Delete and every
// read take that name, while its documents say that they are of the collection itself, so
// that their IDs do not change when it takes its place. What has been replaced is kept
// under [FormerName] in the same way. Neither is among Collections, nor is a document of
// theirs found by its ID alone unless the Scope spells the name out. State records are of
// the collection's name and stay as they are.
type Stager interface {
	// Stage makes the staged collection of c.Name with the settings of c, or returns with
	// the one that is there when it has them, whatever it holds already. A former collection
	// with these settings becomes the staged one again: going back to a space costs only what
	// has changed since. A staged collection of other settings is removed for it. There may
	// be no collection of that name yet.
	Stage(ctx context.Context, c Collection) error
	// Promote puts the staged collection in the place of the collection, which becomes the
	// former one; one that was there before is removed. It is one step: whoever reads, in
	// whatever process, reads the one or the other. Without a staged collection it is
	// ErrCollectionNotFound. When the collection's LastIngest is not seen, somebody has
	// written to it since, which the staged one may lack: ErrChanged, and nothing is done.
	// seen is zero when there is no collection to replace, or it has never been written.
	//
	// A Put that began before returns ErrFingerprint, or ErrUnavailable if its documents may
	// have gone to the former collection.
	Promote(ctx context.Context, collection string, seen time.Time) error
	// Snapshot makes a copy of the collection as it is at one moment and returns where it
	// lies, in words that lead an operator of this kind of store to it.
	Snapshot(ctx context.Context, collection string) (string, error)
}

const (
	stagedMark = "@next" // CheckCollectionName refuses both
	formerMark = "@old"
)

// StagedName is what the collection that is being built beside the one of this name is
// called. DeleteCollection with it removes that one alone.
func StagedName(collection string) string { return collection + stagedMark }

// FormerName is what the collection is called whose place the one of this name has taken.
// DeleteCollection with it removes that one alone.
func FormerName(collection string) string { return collection + formerMark }

// ServedName is the collection that a staged or a former one belongs to, served false; any
// other name is its own.
func ServedName(name string) (collection string, served bool) {
	for _, mark := range []string{stagedMark, formerMark} {
		if base, ok := strings.CutSuffix(name, mark); ok {
			return base, false
		}
	}
	return name, true
}

// SameSettings reports whether documents made for a may stand in b: one name, one space,
// one chunking and one language.
func (c Collection) SameSettings(b Collection) bool {
	return c.Name == b.Name && c.Chunking == b.Chunking && c.Language == b.Language &&
		c.Fingerprint.IsZero() == b.Fingerprint.IsZero() && c.Fingerprint.Matches(b.Fingerprint) == nil
}

// CheckSpace is ErrFingerprint unless the vectors of u, where it has any, were made in f.
func (u *Upsert) CheckSpace(f Fingerprint) error {
	for i := range u.Chunks {
		switch {
		case u.Chunks[i].Vector == nil:
			continue
		case f.IsZero():
			return fmt.Errorf("chunk %d: a vector of %s, and the collection has no vectors: %w: %w", i, u.Space, ErrBadVector, ErrFingerprint)
		case u.Space.IsZero():
			return fmt.Errorf("chunk %d: a vector of no space, the collection's is %s: %w", i, f, ErrFingerprint)
		}
		return f.Matches(u.Space)
	}
	return nil
}

// CheckVector is ErrFingerprint when the query's vector was made in another space than f,
// and ErrBadVector when it cannot be of f.
func (q *CandidateQuery) CheckVector(f Fingerprint) error {
	if q.Vector == nil {
		return nil
	}
	if !q.Space.IsZero() {
		if err := f.Matches(q.Space); err != nil {
			return fmt.Errorf("query vector: %w", err)
		}
	}
	if f.IsZero() {
		return fmt.Errorf("query vector for a collection without vectors: %w", ErrBadVector)
	}
	if err := q.Vector.Check(f.Dimension); err != nil {
		return fmt.Errorf("query vector: %w", err)
	}
	return nil
}
