package qdrant

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/text"
)

// Keys of a Qdrant collection's Metadata.
const (
	metaFormat     = "ragway_format"
	metaCollection = "ragway_collection"     // JSON, see collectionRecord
	metaAverage    = "ragway_average_length" // absent until the first Put
	metaAnalysis   = "ragway_analysis"       // the text.Version of its words; absent: 1
)

const (
	denseVector  = "dense"
	sparseVector = "bm25"
)

// collectionRecord is a retriever.Collection as it is stored.
type collectionRecord struct {
	Name        string                `json:"name"`
	Physical    string                `json:"physical,omitempty"` // where it is not what names.physical says
	Fingerprint retriever.Fingerprint `json:"fingerprint"`
	Chunking    chunkingRecord        `json:"chunking"`
	Language    string                `json:"language,omitempty"`
	CreatedAt   time.Time             `json:"created_at,omitzero"`
	K1          float64               `json:"k1"`
	B           float64               `json:"b"`
}

type chunkingRecord struct {
	Strategy  string `json:"strategy,omitempty"`
	Tokens    int    `json:"tokens,omitempty"`
	Overlap   int    `json:"overlap,omitempty"`
	Tokenizer string `json:"tokenizer,omitempty"`
}

// head is what is known of a collection before looking at its points. These are reached by
// the name of the Qdrant collection, not by the alias: whoever has a head keeps to what it
// says when the alias moves.
type head struct {
	name          string // also of a staged or a former one
	physical      string
	collection    retriever.Collection
	schema        retriever.Schema
	dated         map[string]bool // fields with an index of dates
	saturation    saturation
	averageLength float64 // 0: not chosen yet
	analysis      int64   // of the chunks' words
	indexed       bool    // some vectors are in an approximate index
	chunks        int     // those of older versions that are not deleted yet included
	readAt        time.Time
}

// headTTL bounds how late another process's change of a collection itself is seen.
const headTTL = 500 * time.Millisecond

type headCache struct {
	mu     sync.Mutex
	byName map[string]head
}

func (c *headCache) get(name string) (head, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.byName[name]
	return h, ok && time.Since(h.readAt) < headTTL
}

func (c *headCache) put(h head) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]head{}
	}
	c.byName[h.name] = h
}

func (c *headCache) forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byName, name)
}

// head returns what is known of a collection, at most headTTL old.
func (s *Store) head(ctx context.Context, name string) (head, error) {
	if h, ok := s.heads.get(name); ok {
		return h, ctx.Err()
	}
	return s.readHead(ctx, name)
}

// known is the head of a collection if the scope may know of it.
func (s *Store) known(ctx context.Context, scope retriever.Scope, name string) (head, error) {
	if !scope.AllowsCollection(name) {
		return head{}, notFound(name)
	}
	h, err := s.head(ctx, name)
	if err != nil || scope.Names(name) {
		return h, err
	}
	one, err := s.client.Scroll(ctx, &api.ScrollPoints{CollectionName: h.physical, Filter: ofKind(documentKind, tenantOf(scope)),
		Limit: api.PtrOf[uint32](1), WithPayload: api.NewWithPayload(false)})
	switch err = translate(ctx, err); {
	case err != nil:
		return head{}, named(name, err)
	case len(one) == 0:
		return head{}, notFound(name)
	}
	return h, nil
}

// readHead asks the server.
func (s *Store) readHead(ctx context.Context, name string) (head, error) {
	readAt := time.Now()
	base, _ := retriever.ServedName(name)
	if err := retriever.CheckCollectionName(base); err != nil {
		return head{}, notFound(name)
	}
	alias := s.names.alias(name)
	info, err := s.client.GetCollectionInfo(ctx, alias)
	if err = translate(ctx, err); err != nil {
		return head{}, named(name, err)
	}
	h, err := s.parseHead(name, info)
	if err != nil {
		return head{}, fmt.Errorf("collection %q: %w", name, err)
	}
	if h.collection.Name != base {
		return head{}, notFound(name) // of a store whose prefix begins with ours
	}
	// An estimate, which the server reads off the index of "kind": counting is a scan.
	n, err := s.client.Count(ctx, &api.CountPoints{CollectionName: h.physical, Filter: ofKind(chunkKind), Exact: api.PtrOf(false)})
	if err = translate(ctx, err); err != nil {
		return head{}, named(name, err)
	}
	h.chunks, h.readAt = int(n), readAt
	s.heads.put(h)
	return h, nil
}

func (s *Store) parseHead(name string, info *api.CollectionInfo) (head, error) {
	if err := checkFormat(info); err != nil {
		return head{}, err
	}
	meta := info.GetConfig().GetMetadata()
	analysis := cmp.Or(meta[metaAnalysis].GetIntegerValue(), 1)
	if analysis > text.Version {
		return head{}, fmt.Errorf("words of analysis %d, this ragway knows %d: %w", analysis, text.Version, retriever.ErrNewerFormat)
	}
	var r collectionRecord
	if err := json.Unmarshal([]byte(meta[metaCollection].GetStringValue()), &r); err != nil {
		return head{}, fmt.Errorf("settings: %w: %w", err, retriever.ErrCorrupt)
	}
	schema, dated := schemaOf(info.GetPayloadSchema())
	if r.Physical == "" {
		r.Physical = s.names.physical(r.Name, r.Fingerprint)
	}
	return head{
		name: name, physical: r.Physical,
		collection: retriever.Collection{Name: r.Name, Fingerprint: r.Fingerprint, Chunking: retriever.Chunking(r.Chunking),
			Language: r.Language, CreatedAt: r.CreatedAt},
		schema:        schema,
		dated:         dated,
		saturation:    saturation{r.K1, r.B},
		averageLength: meta[metaAverage].GetDoubleValue(),
		analysis:      analysis,
		indexed:       info.GetIndexedVectorsCount() > 0,
	}, nil
}

func notFound(name string) error {
	return fmt.Errorf("collection %q: %w", name, retriever.ErrCollectionNotFound)
}

// named says which collection an error is about, in our words where it does not exist.
func named(name string, err error) error {
	if errors.Is(err, retriever.ErrCollectionNotFound) {
		return notFound(name)
	}
	return fmt.Errorf("collection %q: %w", name, err)
}
