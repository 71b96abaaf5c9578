package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// linger is how long a batch that is not full waits for the next document. Local models
// do not notice; to a remote one half a second a run is nothing against another request.
const linger = 20 * time.Millisecond

// batchAll gathers documents until they hold enough texts for one call of the embedder.
// A document is never cut: the embedder does that as its backend likes.
func (r *run) batchAll(ctx context.Context, in <-chan *pending, out chan<- []*pending) error {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for {
		first, ok := <-in
		if !ok {
			return nil
		}
		batch, open := r.fill(in, []*pending{first}, timer)
		if !send(ctx, out, batch) {
			return context.Cause(ctx)
		}
		if !open {
			return nil
		}
	}
}

func (r *run) fill(in <-chan *pending, batch []*pending, timer *time.Timer) (_ []*pending, open bool) {
	texts := len(batch[0].todo)
	for texts < r.e.o.Limits.EmbedTexts {
		timer.Reset(linger)
		select {
		case p, ok := <-in:
			if !ok {
				return batch, false
			}
			batch = append(batch, p)
			texts += len(p.todo)
		case <-timer.C:
			return batch, true
		}
	}
	return batch, true
}

func (r *run) embedAll(ctx context.Context, in <-chan []*pending, out chan<- *pending) error {
	for batch := range in {
		err := r.embedBatch(ctx, batch, out)
		if !errors.Is(err, errEmbedderDown) {
			if err != nil {
				return err
			}
			continue
		}
		r.halt(err)
		for range in { // not started: planned again next time
		}
	}
	return nil
}

// errEmbedderDown ends a run, after what is embedded already has been stored.
var errEmbedderDown = errors.New("embedder is down")

// embedBatch embeds the documents of one batch and hands on each that is whole. When a
// call fails, the document it failed at is tried by itself: is the embedder well, then
// that document is at fault and recorded, and the rest goes on.
func (r *run) embedBatch(ctx context.Context, batch []*pending, out chan<- *pending) error {
	for len(batch) > 0 {
		whole, err := r.embed(ctx, batch)
		r.through(&r.embedded, whole)
		for _, p := range batch[:whole] {
			if !send(ctx, out, p) {
				return context.Cause(ctx)
			}
		}
		batch = batch[whole:]
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if batch, err = r.isolateText(ctx, batch, out, err); err != nil {
			return err
		}
	}
	return nil
}

// isolateText deals with the first document of a batch whose embedding failed, and
// returns the rest.
func (r *run) isolateText(ctx context.Context, batch []*pending, out chan<- *pending, cause error) ([]*pending, error) {
	first, rest := batch[0], batch[1:]
	if len(rest) > 0 {
		var whole int
		if whole, cause = r.embed(ctx, batch[:1]); whole == 1 {
			r.through(&r.embedded, 1)
			if !send(ctx, out, first) {
				return nil, context.Cause(ctx)
			}
			return rest, nil
		}
	}
	down := r.embedderDown(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if down == nil {
		return rest, r.fail(ctx, first.entry, Failf(EmbedFailed, "%w", cause))
	}
	cause = fmt.Errorf("%w: %w", errEmbedderDown, cause)
	if err := r.fail(ctx, first.entry, &Failure{EmbedFailed, cause.Error(), cause}); err != nil {
		return nil, err
	}
	return nil, cause
}

// embedderDown asks for the embedding of a text that no cache can hold.
func (r *run) embedderDown(ctx context.Context) error {
	text := fmt.Sprintf("%s %d", retriever.ProbeText, time.Now().UnixNano())
	_, err := r.embedder.Embed(ctx, retriever.DocumentText, []string{text})
	return err
}

// embed fills in the vectors of the batch in one call and returns how many of its
// documents, the longest prefix, have all of theirs. What an earlier call finished is
// not asked for again.
func (r *run) embed(ctx context.Context, batch []*pending) (whole int, err error) {
	if r.embedder == nil {
		return len(batch), nil
	}
	var texts []string
	var targets []*retriever.Chunk
	for _, p := range batch {
		for _, i := range p.todo {
			texts = append(texts, p.up.Chunks[i].Indexed())
			targets = append(targets, &p.up.Chunks[i])
		}
	}
	if len(texts) == 0 {
		return len(batch), nil
	}
	start := time.Now()
	vectors, err := r.embedder.Embed(ctx, retriever.DocumentText, texts)
	r.e.o.Observer.stage("embed", start, err)
	if err == nil && len(vectors) != len(texts) {
		err = errors.New("embedder: fewer vectors than texts, and no error")
	}
	n := min(len(vectors), len(texts))
	for i, v := range vectors[:n] {
		targets[i].Vector = v
	}
	return advance(batch, n), err
}

// advance notes that n more of the batch's texts are embedded and returns how many
// documents that makes whole.
func advance(batch []*pending, n int) (whole int) {
	for _, p := range batch {
		took := min(n, len(p.todo))
		p.todo = p.todo[took:]
		n -= took
		if len(p.todo) > 0 {
			return whole
		}
		whole++
	}
	return whole
}
