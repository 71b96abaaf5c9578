package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"time"

	"ragway/retriever"
)

// pending is a document on its way through the stages.
type pending struct {
	entry *Entry
	up    retriever.Upsert
	todo  []int // chunks that have no vector yet, in order
}

func (r *run) prepareAll(ctx context.Context, in <-chan *Entry, out chan<- *pending) error {
	for en := range in {
		p, err := r.prepare(ctx, en)
		r.through(&r.read, 1)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			if err := r.fail(ctx, en, asFailure(err, Internal)); err != nil {
				return err
			}
		case !send(ctx, out, p):
			return context.Cause(ctx)
		}
	}
	return nil
}

// prepare reads, extracts and chunks one document within its time.
func (r *run) prepare(ctx context.Context, en *Entry) (*pending, error) {
	most := r.e.o.Limits.DocumentTime
	timed, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	p, err := r.build(timed, en)
	if err != nil && timed.Err() != nil && ctx.Err() == nil {
		return nil, Failf(Timeout, "took longer than %v: %w", most, err)
	}
	return p, err
}

func (r *run) build(ctx context.Context, en *Entry) (*pending, error) {
	start := r.e.o.Now()
	data, hash, err := r.e.read(ctx, en.Item)
	if err != nil {
		return nil, err
	}
	found, err := r.extract(ctx, Input{Name: nameOf(en.Item), MIME: en.Item.MIME, Data: data})
	if err != nil {
		return nil, err
	}
	doc, err := r.describe(en, found)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(found.Text) == "" {
		return nil, Failf(EmptyText, "no text in it")
	}
	doc.Hash, doc.Size, doc.ModTime = hash, int64(len(data)), provenTime(en.Item, start)
	if en.Item.Hash != "" {
		doc.Size = en.Item.Size
	}
	if en.Action == Rewrite && hash == en.hash {
		return r.reuse(ctx, en, doc)
	}
	if en.Action == Rewrite {
		en.Action = Change // it changed after the plan was made
	}
	chunks, err := r.chunk(ctx, en.offer.cutter.Chunk, dated(en.Item, found), doc.Title)
	if err != nil {
		return nil, err
	}
	p := seal(en, doc, chunks, r.made)
	r.recall(ctx, p)
	return p, nil
}

// dated gives the text of a record the date that stands beside it. Another date is another
// hash of the record; what is said of a file from outside may change without its chunks.
func dated(it Item, found Extracted) Extracted {
	date, ok := it.Metadata["date"]
	if it.RecordID == "" || !ok {
		return found
	}
	found.Metadata = maps.Clone(found.Metadata)
	if found.Metadata == nil {
		found.Metadata = retriever.Metadata{}
	}
	found.Metadata["date"] = date
	return found
}

// racy is how young a file's last change may be when it is read for its modification
// time not to prove anything: the coarsest clock of a common file system.
const racy = 2 * time.Second

// provenTime is the item's modification time, zero where bytes written after they were
// read might have the same: no later plan may take them as unchanged by it.
func provenTime(it Item, read time.Time) time.Time {
	if it.Hash == "" && read.Sub(it.ModTime) <= racy {
		return time.Time{}
	}
	return it.ModTime.UTC()
}

// describe also notes who may read the document, for the case that it fails later.
func (r *run) describe(en *Entry, found Extracted) (retriever.Document, error) {
	d := retriever.Document{
		Collection: r.e.o.Collection, Tenant: en.offer.Tenant, URI: en.Item.URI, RecordID: en.Item.RecordID,
		MIME: cmp.Or(found.MIME, en.Item.MIME), UpdatedAt: r.e.o.Now().UTC(),
	}
	d.Pipeline = en.offer.pipeline(r.e.pipeline(d.MIME, en.offer.cutter))
	err := en.offer.describe(&d, found)
	en.access = d.ACL
	if errors.Is(err, errBadACL) && len(d.ACL) == 0 {
		en.access = []string{Nobody}
	}
	return d, err
}

func seal(en *Entry, doc retriever.Document, chunks []retriever.Chunk, space retriever.Fingerprint) *pending {
	p := &pending{entry: en, up: retriever.Upsert{Document: doc, Chunks: chunks, Space: space}}
	p.up.Seal()
	p.todo = make([]int, len(chunks))
	for i := range p.todo {
		p.todo[i] = i
	}
	return p
}

// reuse takes the chunks and vectors the store has under the document's new description.
// Vectors stay as they are: a source that wants its titles embedded anew has them in its
// hash, as records do.
func (r *run) reuse(ctx context.Context, en *Entry, doc retriever.Document) (*pending, error) {
	before, chunks, err := r.e.o.Store.Document(ctx, r.e.o.Scope, en.DocumentID)
	if err != nil {
		return nil, Failf(StoreFailed, "%w", err)
	}
	if before.Title != doc.Title {
		for i := range chunks {
			chunks[i].Context = retitle(chunks[i].Context, before.Title, doc.Title)
		}
	}
	p := seal(en, doc, chunks, r.held)
	p.todo = nil
	return p, nil
}

// retitle replaces the title that a chunk's context starts with.
func retitle(context, before, after string) string {
	rest, ok := strings.CutPrefix(context, before)
	switch {
	case before == "" && context != "":
		return after + "\n" + context
	case !ok:
		return context
	}
	return after + rest
}

func (r *run) extract(ctx context.Context, in Input) (found Extracted, err error) {
	defer func(start time.Time) { r.e.o.Observer.stage("extract", start, err) }(time.Now())
	return isolate(ctx, func() (Extracted, error) { return r.e.o.Extract(ctx, in) })
}

func (r *run) chunk(ctx context.Context, cut Chunker, found Extracted, title string) (chunks []retriever.Chunk, err error) {
	defer func(start time.Time) { r.e.o.Observer.stage("chunk", start, err) }(time.Now())
	chunks, err = isolate(ctx, func() ([]retriever.Chunk, error) { return cut(found, title) })
	if err == nil && len(chunks) == 0 {
		err = Failf(EmptyText, "no chunks in %d bytes of text", len(found.Text))
	}
	return chunks, err
}

// isolate runs f so that a panic is an Internal failure and an f that does not end is
// left behind when ctx does.
func isolate[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type outcome struct {
		v   T
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o.err = panicked(p)
			}
			done <- o
		}()
		o.v, o.err = f()
	}()
	select {
	case o := <-done:
		return o.v, o.err
	case <-ctx.Done():
		return *new(T), ctx.Err()
	}
}

// panicked keeps the innermost frames of a panic, which say where the bug is.
func panicked(p any) *Failure {
	stack := strings.Split(string(debug.Stack()), "\n")
	for i, line := range stack {
		if strings.HasPrefix(line, "panic(") && i+2 < len(stack) {
			stack = stack[i+2:]
			break
		}
	}
	where := strings.TrimSpace(strings.Join(stack[:min(4, len(stack))], " "))
	cause, isError := p.(error)
	if !isError {
		cause = errors.New(fmt.Sprint(p))
	}
	return Failf(Internal, "panic: %w (%s)", cause, where)
}
