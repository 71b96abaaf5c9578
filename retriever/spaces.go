package retriever

import (
	"context"
	"sync"
	"time"
)

// space is a collection to search, with its embedding space.
type space struct {
	name        string
	fingerprint Fingerprint
	mismatch    error // why its vectors cannot be compared with the query's
}

func (s space) hasVectors() bool { return !s.fingerprint.IsZero() }

// spaceCache remembers each collection's embedding space for a second, the bound within
// which a new collection has to be noticed, and the probed fingerprint of the embedder
// for good.
type spaceCache struct {
	store    Store
	embedder Embedder
	now      func() time.Time

	mu     sync.Mutex
	known  map[string]cachedSpace
	probed *Fingerprint
}

type cachedSpace struct {
	fingerprint Fingerprint
	at          time.Time
}

const spaceTTL = time.Second

func (c *spaceCache) fingerprint(ctx context.Context, scope Scope, name string) (Fingerprint, error) {
	if !scope.AllowsCollection(name) {
		return Fingerprint{}, ErrCollectionNotFound
	}
	c.mu.Lock()
	have, ok := c.known[name]
	c.mu.Unlock()
	if ok && c.now().Sub(have.at) < spaceTTL {
		return have.fingerprint, nil
	}
	info, err := c.store.Collection(ctx, scope, name)
	if err != nil {
		return Fingerprint{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]cachedSpace{}
	}
	c.known[name] = cachedSpace{fingerprint: info.Fingerprint, at: c.now()}
	return info.Fingerprint, nil
}

// configured is the embedder's fingerprint with its probe, asked for once.
func (c *spaceCache) configured(ctx context.Context) (Fingerprint, error) {
	c.mu.Lock()
	probed := c.probed
	c.mu.Unlock()
	if probed != nil {
		return *probed, nil
	}
	fp, err := Probe(ctx, c.embedder)
	if err != nil {
		return fp, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probed = &fp
	return fp, nil
}
