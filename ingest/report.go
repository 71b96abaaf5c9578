package ingest

import (
	"context"
	"errors"
	"slices"
	"time"

	"ragway/retriever"
)

func (r *run) emit(ev Event) {
	if r.events != nil {
		r.events(ev)
	}
}

func (r *run) note(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.emit(Note{message})
}

// finish counts the entry as done, as what its Action says, and tells.
func (r *run) finish(en *Entry, chunks int, f *Failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if en.Action != Skip && en.Action != Fail {
		r.done++
	}
	if f != nil {
		en.Action, en.Failure = Fail, f
	}
	r.sum.add(en)
	ev := en.event()
	ev.Chunks = chunks
	switch en.Action {
	case Add, Change, Rewrite:
		r.sum.Chunks += chunks
		r.sum.Bytes += ev.Bytes
	}
	r.emit(ev)
	if o := r.e.o.Observer; o.Document != nil {
		o.Document(en.Action, chunks)
	}
	if o := r.e.o.Observer; o.Failure != nil && en.Action == Fail {
		o.Failure(en.Failure.Reason)
	}
}

func (r *run) progress() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(r.e.o.Now())
}

// tell is called with r.mu held.
func (r *run) tell(now time.Time) {
	r.shown = now
	r.emit(ProgressEvent{Read: r.read, Embedded: r.embedded, Done: r.done, Total: r.total, Chunks: r.sum.Chunks, Bytes: r.sum.Bytes})
}

// progressEvery is how often progress is told between commits, which tell of it anyway.
const progressEvery = 500 * time.Millisecond

// through counts n more documents that have left a stage.
func (r *run) through(stage *int, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*stage += n
	if now := r.e.o.Now(); now.Sub(r.shown) >= progressEvery {
		r.tell(now)
	}
}

// fail records a failed document, sees to it that its stored version is not visible to
// more callers than it is meant for now, and tells. The error is the store's.
func (r *run) fail(ctx context.Context, en *Entry, f *Failure) error {
	return r.failAll(ctx, []*Entry{en}, []*Failure{f})
}

func (r *run) failAll(ctx context.Context, entries []*Entry, failures []*Failure) error {
	var records []retriever.Record
	for i, en := range entries {
		if en.resting {
			continue
		}
		for _, stored := range append([]*Entry{en}, en.below...) {
			if err := r.restrict(ctx, stored); err != nil {
				return err
			}
		}
		record, err := r.e.failures.record(en, failures[i])
		if err != nil {
			return err
		}
		records = append(records, record)
		r.e.o.Logger.Debug("document failed", "uri", en.Item.URI, "reason", failures[i].Reason, "err", failures[i].Message)
	}
	if err := r.e.failures.put(ctx, records); err != nil {
		return err
	}
	for i, en := range entries {
		r.finish(en, 0, failures[i])
	}
	return nil
}

// restricted stands where an offer's digest would, so that the next plan takes the
// document up again even if its source has gone back to what is stored.
const restricted = "restricted"

// restrict leaves the stored version of a document whose new version failed to those who
// may read the old one and the new one: what was taken out of the new one must not
// become visible to whom only that is open.
func (r *run) restrict(ctx context.Context, en *Entry) error {
	if !en.stored || len(en.access) == 0 {
		return nil
	}
	now, err := r.e.o.Store.Settings(ctx, r.e.o.Scope, r.e.o.Collection)
	if err != nil {
		return err
	}
	doc, chunks, err := r.e.o.Store.Document(ctx, r.e.o.Scope, en.DocumentID)
	switch {
	case errors.Is(err, retriever.ErrDocumentNotFound):
		return nil
	case err != nil:
		return err
	}
	acl := inBoth(doc.ACL, en.access)
	if slices.Equal(doc.ACL, acl) {
		return nil
	}
	mark := offerMark + restricted
	if namedTenant(doc.Pipeline) {
		mark += ownMark
	}
	doc.ACL, doc.Pipeline = acl, madeBy(doc.Pipeline)+mark
	up := retriever.Upsert{Document: doc, Chunks: chunks, Space: now.Fingerprint}
	up.Seal()
	_, err = r.e.o.Store.Put(ctx, r.e.o.Collection, []retriever.Upsert{up})
	return err
}
