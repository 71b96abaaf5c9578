package uploads

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"ragway/gateway"
	"ragway/retriever"
)

// attached is what is wanted and what has become of it, in one collection.
type attached struct {
	attachments map[string]attachment
	outcomes    map[string]outcome
	batches     map[string]batch
}

func (l *Library) attached(ctx context.Context, collection string) (d attached, err error) {
	// What is wanted is read last: a state never is of a revision that is not there yet.
	if d.outcomes, err = l.outcomes.all(ctx, collection); err != nil {
		return d, err
	}
	if d.batches, err = l.batches.all(ctx, collection); err != nil {
		return d, err
	}
	d.attachments, err = l.attachments.all(ctx, collection)
	return d, err
}

func (d attached) done(id string) bool {
	w := d.attachments[id]
	return w.Rev != "" && d.outcomes[id].Rev == w.Rev
}

func (d attached) status(id string) gateway.FileStatus {
	switch {
	case d.done(id):
		return d.outcomes[id].Status
	case d.batches[d.attachments[id].Batch].Cancelled:
		return gateway.Cancelled
	}
	return gateway.InProgress
}

// Attach wants a file in a vector store.
func (l *Library) Attach(ctx context.Context, scope retriever.Scope, name string, a gateway.Attachment) (gateway.VectorStoreFile, error) {
	if _, err := l.open(ctx, scope, name); err != nil {
		return gateway.VectorStoreFile{}, err
	}
	if err := l.attach(ctx, scope, name, []gateway.Attachment{a}, ""); err != nil {
		return gateway.VectorStoreFile{}, err
	}
	return l.VectorStoreFile(ctx, scope, name, a.File)
}

// AttachBatch wants several, all or none.
func (l *Library) AttachBatch(ctx context.Context, scope retriever.Scope, name string, as []gateway.Attachment) (gateway.FileBatch, error) {
	if _, err := l.open(ctx, scope, name); err != nil {
		return gateway.FileBatch{}, err
	}
	b := batch{Tenant: scope.Tenant, Principals: scope.Principals, Created: l.o.Now().UTC()}
	for _, a := range as {
		b.Files = append(b.Files, a.File)
	}
	id := newID("vsfb_")
	// Before the files that name it; one of which nothing came is swept up later.
	if err := l.batches.put(ctx, name, id, b); err != nil {
		return gateway.FileBatch{}, err
	}
	if err := l.attach(ctx, scope, name, as, id); err != nil {
		return gateway.FileBatch{}, errors.Join(err, l.batches.delete(ctx, name, id))
	}
	return l.FileBatch(ctx, scope, name, id)
}

// attach writes attachments to a vector store that the caller may see. Of a file that is there already an access list that is not said
// stays.
func (l *Library) attach(ctx context.Context, scope retriever.Scope, name string, as []gateway.Attachment, batch string) error {
	kept, err := l.files.all(ctx, home)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d, err := l.attached(ctx, name)
	if err != nil {
		return err
	}
	var records []retriever.Record
	for _, a := range as {
		f, ok := kept[a.File]
		if !ok || f.Deleted || !owns(scope, f.Tenant, f.Principals) {
			return fmt.Errorf("%w: %s", gateway.ErrFileNotFound, a.File)
		}
		w := attachment{
			Tenant: f.Tenant, Principals: f.Principals, Name: f.Name, Bytes: f.Bytes, SHA256: f.SHA256, Uploaded: f.Created,
			Created: l.o.Now().UTC(), Metadata: a.Metadata, ACL: a.ACL, Batch: batch, Rev: newID(""),
			Chunking: chunking{a.Chunking.Strategy, a.Chunking.Tokens, a.Chunking.Overlap},
		}
		if before, ok := d.attachments[a.File]; ok && !before.Deleted {
			w.Created = before.Created
			if w.ACL == nil {
				w.ACL = before.ACL
			}
		}
		r, err := l.attachments.record(name, a.File, w)
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	return l.want(ctx, name, records)
}

// want writes attachments and has the worker look at them.
func (l *Library) want(ctx context.Context, name string, records []retriever.Record) error {
	q, err := l.queue.record(home, name, queued{l.o.Now().UTC()})
	if err != nil {
		return err
	}
	if err := l.o.Store.PutRecords(ctx, append(records, q)...); err != nil {
		return fmt.Errorf("uploads: %w", err)
	}
	l.kick()
	return nil
}

func (l *Library) enqueue(ctx context.Context, name string) error { return l.want(ctx, name, nil) }

// VectorStoreFiles yields documents and uploaded files, these once whatever was made of
// them.
func (l *Library) VectorStoreFiles(ctx context.Context, scope retriever.Scope, name, batch string) iter.Seq2[gateway.VectorStoreFile, error] {
	return func(yield func(gateway.VectorStoreFile, error) bool) {
		if err := l.eachFile(ctx, scope, name, batch, "", func(f gateway.VectorStoreFile) bool { return yield(f, nil) }); err != nil {
			yield(gateway.VectorStoreFile{}, err)
		}
	}
}

// eachFile calls yield until it returns false, for what is of one file where that is named.
func (l *Library) eachFile(ctx context.Context, scope retriever.Scope, name, batch, only string, yield func(gateway.VectorStoreFile) bool) error {
	s, err := l.open(ctx, scope, name)
	if err != nil {
		return err
	}
	d, err := l.attached(ctx, name)
	if err != nil {
		return err
	}
	prefix := ""
	if only != "" || batch != "" {
		prefix = gateway.UploadPrefix(only)
	}
	made := map[string]gateway.VectorStoreFile{}
	if !s.info.CreatedAt.IsZero() { // else there is no collection
		for doc, err := range l.o.Store.Documents(ctx, scope, name, prefix) {
			if err != nil {
				return fmt.Errorf("documents of %s: %w", name, err)
			}
			id, _, uploaded := gateway.UploadOf(doc.URI)
			if !uploaded {
				if !yield(ofDocument(doc)) {
					return nil
				}
				continue
			}
			f, known := made[id]
			if !known {
				f = ofDocument(doc)
				f.ID, f.Bytes = id, 0
			}
			f.Bytes += doc.Size
			made[id] = f
		}
	}
	for id, w := range d.attachments {
		f, seen := made[id]
		delete(made, id)
		if w.Deleted || w.Tenant != scope.Tenant || !seen && !owns(scope, w.Tenant, w.Principals) ||
			batch != "" && !slices.Contains(d.batches[batch].Files, id) || only != "" && id != only {
			continue
		}
		if !yield(d.show(name, id, f.Bytes)) {
			return nil
		}
	}
	if batch != "" {
		return nil
	}
	for _, f := range made { // brought here by another way, as a copied collection's
		if !yield(f) {
			return nil
		}
	}
	return nil
}

func ofDocument(d retriever.Document) gateway.VectorStoreFile {
	return gateway.VectorStoreFile{
		ID: d.ID, Store: d.Collection, Status: gateway.Completed, Created: d.UpdatedAt, Bytes: d.Size, Metadata: withACL(d.Metadata, d.ACL),
	}
}

// withACL shows an access list as the attribute that it is given by.
func withACL(m retriever.Metadata, acl []string) retriever.Metadata {
	out := retriever.Metadata{}
	for k, v := range m {
		out[k] = v
	}
	if len(acl) > 0 {
		out["acl"] = strings.Join(acl, ",")
	}
	return out
}

func (d attached) show(name, id string, bytes int64) gateway.VectorStoreFile {
	w, st := d.attachments[id], d.outcomes[id]
	return gateway.VectorStoreFile{
		ID: id, Store: name, Status: d.status(id), Error: st.Error, Created: w.Created, Bytes: bytes, Metadata: withACL(w.Metadata, w.ACL),
		Chunking: retriever.Chunking{Strategy: w.Chunking.Strategy, Tokens: w.Chunking.Tokens, Overlap: w.Chunking.Overlap},
	}
}

// VectorStoreFile is one of them, by the id of an uploaded file or of a document.
func (l *Library) VectorStoreFile(ctx context.Context, scope retriever.Scope, name, id string) (gateway.VectorStoreFile, error) {
	if !fileID.MatchString(id) {
		doc, err := l.document(ctx, scope, name, id)
		if err != nil {
			return gateway.VectorStoreFile{}, err
		}
		return ofDocument(doc), nil
	}
	found, ok := gateway.VectorStoreFile{}, false
	err := l.eachFile(ctx, scope, name, "", id, func(f gateway.VectorStoreFile) bool {
		found, ok = f, f.ID == id
		return !ok
	})
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s", gateway.ErrFileNotFound, id)
	}
	return found, err
}

// document is one that was not uploaded.
func (l *Library) document(ctx context.Context, scope retriever.Scope, name, id string) (retriever.Document, error) {
	if _, err := l.open(ctx, scope, name); err != nil {
		return retriever.Document{}, err
	}
	doc, _, err := l.o.Store.Document(ctx, scope, id)
	_, _, uploaded := gateway.UploadOf(doc.URI)
	switch {
	case errors.Is(err, retriever.ErrDocumentNotFound), err == nil && (doc.Collection != name || uploaded):
		return doc, fmt.Errorf("%w: %s", gateway.ErrFileNotFound, id)
	case err != nil:
		return doc, fmt.Errorf("document %s: %w", id, err)
	}
	return doc, nil
}

// DocumentsOf are the documents that were made of a file, by URI.
func (l *Library) DocumentsOf(ctx context.Context, scope retriever.Scope, name, id string) ([]retriever.Document, error) {
	if !fileID.MatchString(id) {
		doc, err := l.document(ctx, scope, name, id)
		return []retriever.Document{doc}, err
	}
	var out []retriever.Document
	for doc, err := range l.o.Store.Documents(ctx, scope, name, gateway.UploadPrefix(id)) {
		if errors.Is(err, retriever.ErrCollectionNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("documents of %s: %w", name, err)
		}
		out = append(out, doc)
	}
	slices.SortFunc(out, func(a, b retriever.Document) int { return strings.Compare(a.URI, b.URI) })
	return out, nil
}

// UpdateVectorStoreFile changes the attributes of an uploaded file. An access list that is
// not said stays; one that is is in force when this returns, or the error is ErrPending.
func (l *Library) UpdateVectorStoreFile(ctx context.Context, scope retriever.Scope, name, id string, m retriever.Metadata, acl []string) (gateway.VectorStoreFile, error) {
	if _, err := l.VectorStoreFile(ctx, scope, name, id); err != nil {
		return gateway.VectorStoreFile{}, err
	}
	var rev string
	err := l.changeAttachment(ctx, name, id, func(att *attachment) {
		att.Metadata = m
		if acl != nil {
			att.ACL = acl
		}
		rev = att.Rev
	})
	if err != nil {
		return gateway.VectorStoreFile{}, err
	}
	err = l.await(ctx, func() (bool, error) {
		outcomes, err := l.outcomes.all(ctx, name)
		st := outcomes[id]
		return st.Rev == rev || acl == nil && st.Tried == rev, err
	})
	if errors.Is(err, gateway.ErrPending) && acl == nil {
		err = nil // the status says it
	}
	if err != nil {
		return gateway.VectorStoreFile{}, err
	}
	return l.VectorStoreFile(ctx, scope, name, id)
}

// changeAttachment changes what is wanted of a file, under a new revision.
func (l *Library) changeAttachment(ctx context.Context, name, id string, change func(*attachment)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	attachments, err := l.attachments.all(ctx, name)
	if err != nil {
		return err
	}
	w, ok := attachments[id]
	if !ok {
		return fmt.Errorf("%w: ingest brought this document, and what it is told is changed there", gateway.ErrNotYours)
	}
	w.Rev = newID("")
	change(&w)
	r, err := l.attachments.record(name, id, w)
	if err != nil {
		return err
	}
	return l.want(ctx, name, []retriever.Record{r})
}

// Detach removes what was made of a file. It is gone when this returns.
func (l *Library) Detach(ctx context.Context, scope retriever.Scope, name, id string) error {
	if _, err := l.VectorStoreFile(ctx, scope, name, id); err != nil {
		return err
	}
	attachments, err := l.attachments.all(ctx, name)
	if err != nil {
		return err
	}
	if _, uploaded := attachments[id]; !uploaded {
		docs, err := l.DocumentsOf(ctx, scope, name, id)
		if err != nil {
			return err
		}
		return l.deleteDocuments(ctx, name, docs)
	}
	if err := l.remove(ctx, name, id); err != nil {
		return err
	}
	return l.awaitGone(ctx, name, id)
}

// remove takes what was made of an uploaded file out of a collection, whoever may see it.
// What is there goes at once; that nothing comes after it is the worker's to see to.
func (l *Library) remove(ctx context.Context, name, id string) error {
	if err := l.changeAttachment(ctx, name, id, func(att *attachment) { att.Deleted = true }); err != nil {
		return err
	}
	docs, err := l.DocumentsOf(ctx, l.o.Scope, name, id)
	if err != nil {
		return err
	}
	return l.deleteDocuments(ctx, name, docs)
}

// awaitGone waits for the worker to have seen to it that nothing more comes of a file.
func (l *Library) awaitGone(ctx context.Context, name, id string) error {
	return l.await(ctx, func() (bool, error) {
		attachments, err := l.attachments.all(ctx, name)
		w, there := attachments[id]
		return !there || !w.Deleted, err
	})
}

func (l *Library) deleteDocuments(ctx context.Context, name string, docs []retriever.Document) error {
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := l.o.Store.Delete(ctx, name, ids); err != nil {
		return fmt.Errorf("delete from %s: %w", name, err)
	}
	return nil
}

// FileBatch is how far the files of a batch have come. Those that have been removed since
// are not counted.
func (l *Library) FileBatch(ctx context.Context, scope retriever.Scope, name, id string) (gateway.FileBatch, error) {
	if _, err := l.open(ctx, scope, name); err != nil {
		return gateway.FileBatch{}, err
	}
	d, err := l.attached(ctx, name)
	if err != nil {
		return gateway.FileBatch{}, err
	}
	b, ok := d.batches[id]
	if !ok || !owns(scope, b.Tenant, b.Principals) {
		return gateway.FileBatch{}, fmt.Errorf("%w: %s", gateway.ErrBatchNotFound, id)
	}
	out := gateway.FileBatch{ID: id, Store: name, Created: b.Created, Cancelled: b.Cancelled}
	for _, f := range b.Files {
		if w, there := d.attachments[f]; there && !w.Deleted {
			out.Files.Add(d.status(f))
		}
	}
	return out, nil
}

// CancelFileBatch keeps the files of a batch from being ingested that are not yet.
func (l *Library) CancelFileBatch(ctx context.Context, scope retriever.Scope, name, id string) (gateway.FileBatch, error) {
	if _, err := l.FileBatch(ctx, scope, name, id); err != nil {
		return gateway.FileBatch{}, err
	}
	l.mu.Lock()
	batches, err := l.batches.all(ctx, name)
	if b := batches[id]; err == nil {
		b.Cancelled = true
		err = l.batches.put(ctx, name, id, b)
	}
	l.mu.Unlock()
	if err == nil {
		err = l.enqueue(ctx, name)
	}
	if err != nil {
		return gateway.FileBatch{}, err
	}
	return l.FileBatch(ctx, scope, name, id)
}
