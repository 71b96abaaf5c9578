package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ragway/retriever"
)

// commitLinger is how long finished documents wait for others to share their commit,
// which syncs the disk.
const commitLinger = 100 * time.Millisecond

// storeAll commits documents in groups.
func (r *run) storeAll(ctx context.Context, in <-chan *pending) error {
	c := &committer{run: r}
	timer := time.NewTimer(commitLinger)
	defer timer.Stop()
	for {
		var due <-chan time.Time
		if len(c.group) > 0 {
			due = timer.C
		}
		select {
		case p, ok := <-in:
			if !ok {
				return c.flush(ctx)
			}
			if len(c.group) == 0 {
				timer.Reset(commitLinger)
			}
			if !c.add(p) {
				continue
			}
		case <-due:
		}
		if err := c.flush(ctx); err != nil {
			return err
		}
	}
}

// committer gathers one commit.
type committer struct {
	*run
	group   []*pending
	chunks  int
	refused int // documents in a row that the store took none of, for reasons of its own
}

// add reports whether the group is full.
func (c *committer) add(p *pending) bool {
	c.group = append(c.group, p)
	c.chunks += len(p.up.Chunks)
	return len(c.group) >= c.e.o.Limits.PutDocuments || c.chunks >= c.e.o.Limits.PutChunks
}

// flush stores the group. A document the store refuses is recorded and the rest goes on.
func (c *committer) flush(ctx context.Context) error {
	group := c.group
	c.group, c.chunks = nil, 0
	for len(group) > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		stored, err := c.put(ctx, group)
		if serr := c.stored(ctx, group[:stored]); serr != nil {
			return serr
		}
		group = group[stored:]
		if err == nil {
			break
		}
		if err := c.refuse(ctx, group, stored, err); err != nil {
			return err
		}
		group = group[1:]
	}
	c.progress()
	return nil
}

func (c *committer) put(ctx context.Context, group []*pending) (int, error) {
	ups := make([]retriever.Upsert, len(group))
	for i, p := range group {
		ups[i] = p.up
	}
	start := time.Now()
	stored, err := c.e.o.Store.Put(ctx, c.e.o.Collection, ups)
	c.e.o.Observer.stage("store", start, err)
	if err == nil {
		stored = len(group)
	}
	return min(stored, len(group)), err
}

// stored clears the documents' old failures and tells of them.
func (c *committer) stored(ctx context.Context, group []*pending) error {
	var recovered []string
	for _, p := range group {
		if p.entry.failed != nil {
			recovered = append(recovered, p.up.Document.ID)
		}
	}
	if err := c.e.failures.clear(ctx, recovered...); err != nil {
		return err
	}
	if err := c.e.keepTokens(ctx, group); err != nil {
		return err
	}
	for _, p := range group {
		p.entry.Item.Size = p.up.Document.Size
		c.noteFields(p.up.Document.Metadata)
		c.finish(p.entry, len(p.up.Chunks), nil)
		p.up = retriever.Upsert{}
	}
	return nil
}

// mostFields bounds the names that are remembered for a note.
const mostFields = 1000

func (r *run) noteFields(m retriever.Metadata) {
	for name := range m {
		if len(r.fields) < mostFields {
			if r.fields == nil {
				r.fields = map[string]bool{}
			}
			r.fields[name] = true
		}
	}
}

// mostRefused is how many documents in a row a store that answers may refuse before the
// run takes the store to be at fault, e.g. a full disk.
const mostRefused = 3

// refuse records the failure of the first document of group, or returns the error that
// ends the run because the store is down.
func (c *committer) refuse(ctx context.Context, group []*pending, stored int, err error) error {
	if len(group) == 0 {
		return fmt.Errorf("store: %w", err)
	}
	if stored > 0 {
		c.refused = 0
	}
	reason := StoreFailed
	switch {
	case errors.Is(err, retriever.ErrFingerprint): // the collection has been embedded anew: no document is at fault
		return &retriever.SpaceMismatch{Collection: c.e.o.Collection, Offered: c.e.embedderSpace(), Err: err}
	case errors.Is(err, retriever.ErrBadMetadata):
		reason = BadMetadata
	case errors.Is(err, retriever.ErrBadVector):
		reason = EmbedFailed
	case ctx.Err() != nil:
		return context.Cause(ctx)
	default:
		c.refused++
		if down(err) || c.refused >= mostRefused || c.e.o.Store.Ping(ctx) != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	return c.fail(ctx, group[0].entry, &Failure{Reason: reason, Message: err.Error(), Err: err})
}

func down(err error) bool {
	for _, fatal := range []error{retriever.ErrUnavailable, retriever.ErrCollectionNotFound, retriever.ErrNewerFormat, retriever.ErrCorrupt} {
		if errors.Is(err, fatal) {
			return true
		}
	}
	return false
}
