package openai

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"ragway/retriever"
)

// batch is what goes into one request.
type batch struct {
	inputs  []string
	indexes []int // of the inputs among the texts of the call
	tokens  int
}

func (b batch) first() int { return b.indexes[0] }

// String names the batch by the positions of its texts, from 0.
func (b batch) String() string {
	first, last := b.indexes[0], b.indexes[len(b.indexes)-1]
	if first == last {
		return fmt.Sprintf("text %d", first)
	}
	return fmt.Sprintf("texts %d–%d", first, last)
}

// cut packs the texts that are not blank into batches, in order.
func (e *Embedder) cut(prefix string, texts []string) []batch {
	var out []batch
	var b batch
	for i, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		input := prefix + text
		n := e.opts.CountTokens(input)
		if full := len(b.inputs) == e.opts.MaxBatch || b.tokens+n > e.opts.MaxBatchTokens; full && len(b.inputs) > 0 {
			out = append(out, b)
			b = batch{}
		}
		b.inputs, b.indexes, b.tokens = append(b.inputs, input), append(b.indexes, i), b.tokens+n
	}
	if len(b.inputs) > 0 {
		out = append(out, b)
	}
	return out
}

// embedAll fills in the vectors of all batches, or returns the first batch that failed and
// why. Batches before that one are finished, later ones given up.
func (e *Embedder) embedAll(ctx context.Context, batches []batch, vectors []retriever.Vector) (failed int, err error) {
	p := progress{failed: len(batches), cancels: make([]context.CancelFunc, len(batches))}
	var wg sync.WaitGroup
	for i, b := range batches {
		ctx, ok := p.start(ctx, i)
		if !ok {
			break
		}
		select {
		case e.slots <- struct{}{}:
		case <-ctx.Done():
			p.end(i, ctx.Err())
			continue
		}
		wg.Go(func() {
			defer func() { <-e.slots }()
			got, err := e.request(ctx, b)
			for j, v := range got {
				vectors[b.indexes[j]] = v
			}
			p.end(i, err)
		})
	}
	wg.Wait()
	return p.failed, p.err
}

// progress knows the first failure among batches that run at once.
type progress struct {
	mu      sync.Mutex
	failed  int // index of the first batch that failed; their number while none did
	err     error
	cancels []context.CancelFunc
}

// start returns the context of batch i, and false when an earlier one has failed.
func (p *progress) start(ctx context.Context, i int) (context.Context, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed < i {
		return nil, false
	}
	ctx, p.cancels[i] = context.WithCancel(ctx)
	return ctx, true
}

// end notes how batch i ended; a failure gives up all later ones.
func (p *progress) end(i int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancels[i]()
	if err == nil || i >= p.failed {
		return
	}
	p.failed, p.err = i, err
	for _, cancel := range p.cancels[i+1:] {
		if cancel != nil {
			cancel()
		}
	}
}
