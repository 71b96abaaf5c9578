package retriever

import (
	"context"
	"sync"
)

// space is a collection to search, with its embedding space.
type space struct {
	name        string
	fingerprint Fingerprint
	mismatch    error // why its vectors cannot be compared with the query's
}

func (s space) hasVectors() bool { return !s.fingerprint.IsZero() }

// probe remembers the probed fingerprint of the embedder for good.
type probe struct {
	mu     sync.Mutex
	probed *Fingerprint
}

// fingerprint is the embedder's with its probe, asked for once; a failure is not
// remembered.
func (p *probe) fingerprint(ctx context.Context, e Embedder) (Fingerprint, error) {
	p.mu.Lock()
	probed := p.probed
	p.mu.Unlock()
	if probed != nil {
		return *probed, nil
	}
	fp, err := Probe(ctx, e)
	if err != nil {
		return fp, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probed = &fp
	return fp, nil
}
