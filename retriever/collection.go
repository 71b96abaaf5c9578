package retriever

import (
	"fmt"
	"regexp"
	"time"
)

// DefaultCollection is where documents go, and are looked for, when nobody says.
const DefaultCollection = "default"

// VectorStorePrefix makes an OpenAI vector store id of a collection's name.
const VectorStorePrefix = "vs_"

var collectionName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// CheckCollectionName returns an error that states the rule when name breaks it.
func CheckCollectionName(name string) error {
	if !collectionName.MatchString(name) {
		return fmt.Errorf("collection name %q: want 1 to 63 of a-z, 0-9, _ and -, the first a letter or digit", name)
	}
	return nil
}

// Collection is a named set of documents that share one embedding space, one chunking
// and one language setting. All of it is fixed when the collection is created.
type Collection struct {
	Name        string
	Fingerprint Fingerprint // zero: no vectors, lexical search only
	Chunking    Chunking
	Language    string // ISO 639-1 code for stems and stop words; "" is English
	CreatedAt   time.Time
}

// Chunking says how documents are cut into chunks. Counts are tokens of the tokenizer
// named.
type Chunking struct {
	Strategy  string // "auto", "sentence" or "fixed"; "" is "auto"
	Tokens    int    // upper bound of a chunk
	Overlap   int    // tokens repeated from the chunk before
	Tokenizer string // e.g. "o200k_base"
}

// CollectionInfo is a Collection with what is in it now.
type CollectionInfo struct {
	Collection
	Documents      int
	Chunks         int
	Vectors        int       // chunks that have one
	Bytes          int64     // of stored chunk text
	LastIngest     time.Time // last Put or Delete; zero if none
	Schema         Schema
	RecallEstimate float64 // recall@10 of the dense index against an exact scan; 1 when exact or not loaded yet
}
