package ingest_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"ragway/retriever"
)

// memoryStore is a retriever.Store of maps, for what ingesting asks of one. before, when
// set, is called ahead of each write with the name of the method and may fail it.
type memoryStore struct {
	retriever.Store // Candidates, which nothing here calls

	mu          sync.Mutex
	collections map[string]retriever.CollectionInfo
	documents   map[string]retriever.Upsert
	records     map[string]retriever.Record
	leases      map[string]lease
	puts        int
	before      func(method string, ups []retriever.Upsert) (stored int, err error)
}

type lease struct {
	owner string
	until time.Time
}

func newMemoryStore() *memoryStore {
	return &memoryStore{
		collections: map[string]retriever.CollectionInfo{}, documents: map[string]retriever.Upsert{},
		records: map[string]retriever.Record{}, leases: map[string]lease{},
	}
}

func (s *memoryStore) call(method string, ups []retriever.Upsert) (int, error) {
	if s.before == nil {
		return 0, nil
	}
	return s.before(method, ups)
}

func (s *memoryStore) CreateCollection(_ context.Context, c retriever.Collection) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.collections[c.Name]; ok {
		return retriever.ErrCollectionExists
	}
	s.collections[c.Name] = retriever.CollectionInfo{Collection: c}
	return nil
}

func (s *memoryStore) Collection(_ context.Context, _ retriever.Scope, name string) (retriever.CollectionInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.collections[name]
	if !ok {
		return c, retriever.ErrCollectionNotFound
	}
	return c, nil
}

func (s *memoryStore) Settings(ctx context.Context, scope retriever.Scope, name string) (retriever.Collection, error) {
	info, err := s.Collection(ctx, scope, name)
	return info.Collection, err
}

func (s *memoryStore) Put(ctx context.Context, collection string, ups []retriever.Upsert) (int, error) {
	if n, err := s.call("put", ups); err != nil {
		return n, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	c := s.collections[collection]
	s.puts++
	for i, up := range ups {
		schema, _, err := c.Schema.Extend(up.Document.Metadata)
		if err != nil {
			return i, err
		}
		if err := up.CheckSpace(c.Fingerprint); err != nil {
			return i, err
		}
		for _, ch := range up.Chunks {
			if ch.Vector != nil {
				if err := ch.Vector.Check(c.Fingerprint.Dimension); err != nil {
					return i, err
				}
			}
		}
		c.Schema = schema
		up.Chunks = slices.Clone(up.Chunks)
		s.documents[up.Document.ID] = up
	}
	c.LastIngest = time.Now()
	s.collections[collection] = c
	return len(ups), nil
}

func (s *memoryStore) Delete(_ context.Context, collection string, ids []string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[collection]
	c.LastIngest = time.Now()
	s.collections[collection] = c
	for _, id := range ids {
		delete(s.documents, id)
	}
	return len(ids), nil
}

func (s *memoryStore) Documents(_ context.Context, _ retriever.Scope, collection, prefix string) iter.Seq2[retriever.Document, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []retriever.Document
	for _, id := range slices.Sorted(maps.Keys(s.documents)) {
		if d := s.documents[id].Document; d.Collection == collection && strings.HasPrefix(d.URI, prefix) {
			found = append(found, d)
		}
	}
	return func(yield func(retriever.Document, error) bool) {
		for _, d := range found {
			if !yield(d, nil) {
				return
			}
		}
	}
}

func (s *memoryStore) Document(_ context.Context, _ retriever.Scope, id string) (retriever.Document, []retriever.Chunk, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	up, ok := s.documents[id]
	if !ok {
		return up.Document, nil, retriever.ErrDocumentNotFound
	}
	return up.Document, slices.Clone(up.Chunks), nil
}

func recordKey(collection, kind, key string) string {
	return collection + "\x00" + kind + "\x00" + key
}

func (s *memoryStore) PutRecords(_ context.Context, records ...retriever.Record) error {
	if _, err := s.call("records", nil); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		s.records[recordKey(r.Collection, r.Kind, r.Key)] = r
	}
	return nil
}

func (s *memoryStore) Records(_ context.Context, collection, kind string) ([]retriever.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []retriever.Record
	for _, k := range slices.Sorted(maps.Keys(s.records)) {
		if r := s.records[k]; r.Collection == collection && r.Kind == kind {
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *memoryStore) DeleteRecords(_ context.Context, collection, kind string, keys ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		delete(s.records, recordKey(collection, kind, k))
	}
	return nil
}

func (s *memoryStore) AcquireLease(_ context.Context, name, owner string, ttl time.Duration) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if l, ok := s.leases[name]; ok && l.owner != owner && now.Before(l.until) {
		return l.owner, fmt.Errorf("%s: %w", name, retriever.ErrLeaseLost)
	}
	s.leases[name] = lease{owner, now.Add(ttl)}
	return owner, nil
}

func (s *memoryStore) ReleaseLease(_ context.Context, name, owner string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[name].owner == owner {
		delete(s.leases, name)
	}
	return nil
}

func (s *memoryStore) Ping(context.Context) error { return nil }
func (s *memoryStore) Close() error               { return nil }

// byURI is what is stored, by URI.
func (s *memoryStore) byURI() map[string]retriever.Upsert {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]retriever.Upsert{}
	for _, up := range s.documents {
		out[up.Document.URI] = up
	}
	return out
}
