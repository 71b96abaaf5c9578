package retriever

import "errors"

// Errors that callers branch on. Adapters translate their own into these at their
// boundary and wrap them with what they were doing.
var (
	ErrCollectionNotFound = errors.New("collection not found")
	ErrCollectionExists   = errors.New("collection exists already")
	ErrDocumentNotFound   = errors.New("document not found")
	ErrBadFilter          = errors.New("bad filter")
	ErrBadMetadata        = errors.New("bad metadata")
	ErrBadVector          = errors.New("bad vector")                      // wrong dimension, NaN, Inf or zero length
	ErrFingerprint        = errors.New("another embedding space")         // the embedder configured is not the collection's
	ErrNewerFormat        = errors.New("written by a newer version")      // the store is left untouched
	ErrUnavailable        = errors.New("store unavailable")               // the backend does not answer; trying again may help
	ErrLeaseLost          = errors.New("another process holds the lease") // see Store.AcquireLease
	ErrChanged            = errors.New("changed meanwhile")               // see Stager.Promote
	ErrCorrupt            = errors.New("store is corrupt")
)
