package retriever

import (
	"context"
	"iter"
	"math"
	"time"
)

// A Store keeps collections of documents and finds candidates in them.
//
// A document is atomic: a read that starts after Put returned sees the new version whole,
// a concurrent one sees the old version or the new, never a mixture, never both. What Put
// or Delete acknowledged survives kill -9. Any number of readers may run beside a writer,
// in this process or another; another process's writes are seen within a second.
//
// Every read takes a Scope and returns only what it allows. A collection that does not
// exist, one beyond the Scope, and one that the Scope does not name (see Scope.Names) and
// that holds no document of its tenant are the same ErrCollectionNotFound, whatever else
// is wrong with the call. Methods return the
// context's error promptly once it is cancelled, and ErrUnavailable when a backend does
// not answer. A Store is safe for concurrent use.
type Store interface {
	Catalog
	Stager
	Writer
	Reader
	State

	// Ping returns nil when the store answers and everything written is visible.
	Ping(ctx context.Context) error
	Close() error
}

// Catalog keeps the collections themselves.
type Catalog interface {
	// CreateCollection makes an empty collection, ErrCollectionExists if there is one,
	// whatever its settings. The name is checked.
	CreateCollection(ctx context.Context, c Collection) error
	// Collections returns those the Scope may know of, by name. Counts are of all
	// documents for the operator, of the Scope's own otherwise.
	Collections(ctx context.Context, scope Scope) ([]CollectionInfo, error)
	// Collection returns one of them.
	Collection(ctx context.Context, scope Scope, name string) (CollectionInfo, error)
	// Settings returns what is fixed of one of them. It counts nothing: it is cheap enough
	// for every query.
	Settings(ctx context.Context, scope Scope, name string) (Collection, error)
	// DeleteCollection removes the collection, its documents and its state records, with
	// the staged and the former one. Of these two it removes one alone by its name.
	DeleteCollection(ctx context.Context, name string) error
}

// Writer changes documents. It is the operator's side and takes no Scope.
type Writer interface {
	// Put stores each document with its chunks, replacing whole any document of the same
	// ID. Storing the same Version again changes nothing but UpdatedAt. The documents
	// must be sealed (Upsert.Seal), of this collection and with canonical metadata.
	//
	// It returns how many were stored, the longest prefix, with the error that stopped it:
	// ErrFingerprint (see Upsert.CheckSpace), ErrBadVector (wrong dimension, NaN, not unit
	// length, or a vector in a collection without a space), ErrBadMetadata (see
	// Schema.Extend), ErrCollectionNotFound. A
	// document that caused an error leaves nothing behind and its old version in place.
	Put(ctx context.Context, collection string, docs []Upsert) (stored int, err error)
	// Delete removes documents by ID. Unknown IDs are not an error. It returns how many
	// were there; on an error the number removed so far.
	Delete(ctx context.Context, collection string, ids []string) (deleted int, err error)
}

// Reader finds and returns documents within a Scope.
type Reader interface {
	// Documents yields the documents whose URI starts with prefix, ordered by ID, without
	// their chunks. The sequence ends after the first error.
	Documents(ctx context.Context, scope Scope, collection, prefix string) iter.Seq2[Document, error]
	// Document returns one document with its chunks in order, vectors included. One that
	// is missing and one beyond the Scope are the same ErrDocumentNotFound. The ID alone
	// is enough: it is unique over all collections.
	Document(ctx context.Context, scope Scope, id string) (Document, []Chunk, error)
	// Candidates returns the best chunks by words and by vector; see CandidateSet.
	Candidates(ctx context.Context, q CandidateQuery) (CandidateSet, error)
	// Passages returns the collection's chunks of these IDs in the order asked for, without
	// vectors. Those that are not there, or no longer, and those beyond the Scope are left
	// out: a document may have been replaced since its chunks were found.
	Passages(ctx context.Context, scope Scope, collection string, ids []string) ([]Passage, error)
}

// Passage is a chunk with its document.
type Passage struct {
	Chunk    Chunk // without Vector
	Document Document
}

// CandidateQuery asks for the union of two ranked lists over one collection.
type CandidateQuery struct {
	Collection string
	Scope      Scope
	Filter     *Filter
	Documents  []string    // IDs; only chunks of these. None: of all
	Text       string      // for the lexical list; none when it holds no words
	Vector     Vector      // for the dense list; none when nil
	Space      Fingerprint // of Vector; ErrFingerprint when it is not the collection's. Zero: not checked
	Depth      int         // length of each list, ≥ 1
	Bare       bool        // a candidate's Chunk has its ID only and its Document nothing: Passages has the rest
}

// Leg is a candidate's standing in one of the two lists.
type Leg struct {
	Score float64 // BM25, or cosine
	Rank  int     // from 1; 0: not in the list, Score computed for the fusion all the same
	Known bool    // false: no score, as when the chunk has no vector. Never treat as zero
}

// Candidate is a chunk that one of the lists found.
type Candidate struct {
	Passage
	Lexical Leg
	Dense   Leg
	// Coverage is the share, in [0,1], of the query's mass whose terms the chunk holds; a
	// term's is its TermMass.
	Coverage float64
}

// TermMass is what a query's term with this IDF weighs in Candidate.Coverage: the IDF it
// would have in a collection of at least 1,000 chunks. Among a handful of chunks a word
// that occurs in one has the IDF log((n+1)/1.5), far less than one that occurs in none, and
// hardly any question would be covered; how rare a word is, so few chunks do not tell.
func TermMass(idf float64, chunks int) float64 {
	const enough = 1000
	return idf + math.Log(float64(max(chunks, enough)+1)/float64(chunks+1))
}

// CandidateSet is the union of the lexical and the dense list, ordered by chunk ID, with
// both exact scores for each candidate: the completed lists that fusion needs. Within a
// list a higher score ranks first and ties break by chunk ID; chunks without a query term
// in them are not in the lexical list.
type CandidateSet struct {
	Candidates []Candidate
	// Background is the distribution of the cosine between this query vector and the
	// collection's chunks, from a sample of at least min(256, n) of them; zero without.
	Background Distribution
}

// Distribution is a mean and a standard deviation.
type Distribution struct{ Mean, StdDev float64 }

// State keeps small records that outlive a run and are shared by every machine on the
// store: the failure ledger, the origins of sources, leases. Records are addressed by
// (collection, kind, key); the collection need not exist.
type State interface {
	PutRecords(ctx context.Context, records ...Record) error
	// Records returns those of one kind, ordered by key.
	Records(ctx context.Context, collection, kind string) ([]Record, error)
	DeleteRecords(ctx context.Context, collection, kind string, keys ...string) error

	// AcquireLease takes or renews the named lease for owner until ttl from now. If
	// another owner holds it unexpired, the error is ErrLeaseLost and holder its name.
	AcquireLease(ctx context.Context, name, owner string, ttl time.Duration) (holder string, err error)
	// ReleaseLease gives it up if owner holds it; otherwise it does nothing.
	ReleaseLease(ctx context.Context, name, owner string) error
}

// Record is one piece of state. Value is JSON.
type Record struct {
	Collection string
	Kind       string
	Key        string
	Value      []byte
}
