package ingest

import (
	"context"
	"errors"
	"slices"

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
	r.sum.count(en.Action, 1)
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
	r.emit(ProgressEvent{Done: r.done, Total: r.total, Chunks: r.sum.Chunks, Bytes: r.sum.Bytes})
}

// fail records a failed document, sees to it that its stored version is not visible to
// more callers than it is meant for now, and tells. The error is the store's.
func (r *run) fail(ctx context.Context, en *Entry, f *Failure) error {
	if !en.resting {
		if errors.Is(f, errBadACL) && len(en.offer.ACL) == 0 {
			en.offer.ACL = []string{Nobody}
		}
		if err := r.restrict(ctx, en); err != nil {
			return err
		}
		if err := r.e.failures.put(ctx, en, f); err != nil {
			return err
		}
		r.e.o.Logger.Warn("document failed", "uri", en.Item.URI, "reason", f.Reason, "err", f.Message)
	}
	r.finish(en, 0, f)
	return nil
}

// restrict puts the access list that is offered now on the stored version of a document
// whose new version failed. Its pipeline still names the offer it was made from, so the
// next plan takes it up again.
func (r *run) restrict(ctx context.Context, en *Entry) error {
	if !en.stored || len(en.offer.ACL) == 0 {
		return nil
	}
	doc, chunks, err := r.e.o.Store.Document(ctx, r.e.o.Scope, en.DocumentID)
	switch {
	case errors.Is(err, retriever.ErrDocumentNotFound):
		return nil
	case err != nil:
		return err
	case slices.Equal(doc.ACL, en.offer.ACL):
		return nil
	}
	doc.ACL = en.offer.ACL
	up := retriever.Upsert{Document: doc, Chunks: chunks}
	up.Seal()
	_, err = r.e.o.Store.Put(ctx, r.e.o.Collection, []retriever.Upsert{up})
	return err
}
