package uploads

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"ragway/gateway"
	"ragway/retriever"
)

const (
	// batchFiles and batchBytes bound what is ingested in one go: in between, deletions and
	// what other tenants want have their turn.
	batchFiles = 32
	batchBytes = 64 << 20
	// attempts are how often a file is tried that fails for a reason that may pass.
	attempts = 6
	// firstPause doubles with each attempt: six take half an hour.
	firstPause = time.Minute
)

// due are the files to work on now, of one tenant, deletions first; later says that there
// are others for which the time has not come. With review, completed ones count too.
func (w *worker) due(d attached, review bool) (ids []string, later bool) {
	tenant, bytes := "", int64(0)
	take := func(id string, size int64) {
		if tenant == "" {
			tenant = d.attachments[id].Tenant
		}
		if d.attachments[id].Tenant == tenant && len(ids) < batchFiles && (bytes == 0 || bytes+size <= batchBytes) {
			ids = append(ids, id)
			bytes += size
		}
	}
	for id, att := range d.attachments {
		if att.Deleted {
			take(id, 0)
		}
	}
	for _, id := range sorted(d.attachments) {
		att, st := d.attachments[id], d.outcomes[id]
		switch {
		case att.Deleted:
		case !d.done(id) && !w.here(id):
			later = true // another process has its bytes
		case !d.done(id) && st.Tried == att.Rev && w.o.Now().Before(st.Next):
			later = true
		case !d.done(id):
			take(id, att.Bytes)
		case review && st.Status == gateway.Completed && !w.reviewed[id] && w.here(id):
			take(id, 0)
		}
	}
	return ids, later
}

func (l *Library) here(id string) bool {
	_, err := os.Stat(l.path(id))
	return err == nil
}

// ingest works on files of one tenant and writes what became of them.
func (w *worker) ingest(ctx context.Context, name string, d attached, ids []string) error {
	var items []Item
	cancelled := map[string]outcome{}
	for _, id := range ids {
		att := d.attachments[id]
		if !att.Deleted && d.status(id) == gateway.Cancelled {
			cancelled[id] = outcome{Rev: att.Rev, Tried: att.Rev, Status: gateway.Cancelled, Documents: d.outcomes[id].Documents, Bytes: d.outcomes[id].Bytes}
			continue
		}
		items = append(items, w.item(id, att))
	}
	if err := w.outcomes.putAll(ctx, name, cancelled); err != nil || len(items) == 0 {
		return err
	}
	failures, err := w.o.Ingest(ctx, name, d.attachments[ids[0]].Tenant, items)
	if err != nil {
		return errors.Join(err, w.tellHeldUp(ctx, name, d, ids))
	}
	if err := w.begun(ctx, name); err != nil {
		return err
	}
	became := map[string]outcome{}
	var gone []string
	for _, id := range ids {
		att := d.attachments[id]
		if _, skipped := cancelled[id]; skipped {
			continue
		}
		if att.Deleted {
			gone = append(gone, id)
			continue
		}
		if became[id], err = w.outcome(ctx, name, id, att, d.outcomes[id], failures); err != nil {
			return err
		}
		w.reviewed[id] = true
	}
	if err := w.forget(ctx, name, gone); err != nil {
		return err
	}
	return w.outcomes.putAll(ctx, name, became)
}

func (l *Library) item(id string, att attachment) Item {
	return Item{
		URI: att.uri(id), Name: att.Name, Size: att.Bytes, ModTime: att.Uploaded, SHA256: att.SHA256, Metadata: att.Metadata, ACL: att.ACL,
		Chunking: retriever.Chunking{Strategy: att.Chunking.Strategy, Tokens: att.Chunking.Tokens, Overlap: att.Chunking.Overlap},
		Deleted:  att.Deleted,
		Open: func(context.Context) (io.ReadCloser, error) {
			f, err := os.Open(l.path(id))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, errors.New("the file was deleted meanwhile")
			}
			return f, err
		},
	}
}

// outcome is what became of a file, by what is in the store now and by what failed.
func (w *worker) outcome(ctx context.Context, name, id string, att attachment, before outcome, failures []Failure) (outcome, error) {
	out := outcome{Rev: att.Rev, Tried: att.Rev, Status: gateway.Completed}
	docs, err := w.DocumentsOf(ctx, w.o.Scope, name, id)
	if err != nil {
		return out, err
	}
	for _, doc := range docs {
		out.Documents++
		out.Bytes += doc.Size
	}
	uri, passing, inside := att.uri(id), false, 0
	for _, f := range failures {
		switch {
		case f.URI == uri:
			out.Status, out.Error, passing = gateway.Failed, &f.Error, f.Passing
		case strings.HasPrefix(f.URI, uri+gateway.MemberMark):
			inside++
			passing = passing || f.Passing
			if out.Error == nil {
				_, member, _ := gateway.UploadOf(f.URI)
				out.Error = &gateway.FileError{Code: f.Error.Code, Message: member + ": " + f.Error.Message}
			}
		}
	}
	if inside > 1 {
		out.Error.Message += fmt.Sprintf(" (and %d more documents in it)", inside-1)
	}
	switch {
	case out.Error == nil && out.Documents == 0:
		out.Status, out.Error = gateway.Failed, &gateway.FileError{Code: "invalid_file", Message: "nothing to read was found in it"}
	case inside > 0 && out.Documents == 0:
		out.Status = gateway.Failed
	}
	if before.Tried == att.Rev {
		out.Attempts = before.Attempts
	}
	if out.Attempts++; passing && out.Attempts < attempts {
		out.Rev, out.Status = "", gateway.InProgress
		out.Next = w.o.Now().Add(firstPause << (out.Attempts - 1)).UTC()
	}
	return out, nil
}

// tellHeldUp says of files in progress that a run failed as a whole. Why is the log's: it
// may name machines.
func (w *worker) tellHeldUp(ctx context.Context, name string, d attached, ids []string) error {
	became := map[string]outcome{}
	for _, id := range ids {
		if st := d.outcomes[id]; ctx.Err() == nil && !d.attachments[id].Deleted && !d.done(id) && st.Error == nil {
			st.Error = &gateway.FileError{Code: "server_error", Message: "ingesting is held up, and tried again; the server's log says why"}
			became[id] = st
		}
	}
	return w.outcomes.putAll(ctx, name, became)
}

// forget drops the records of files whose documents are gone, unless they are wanted again.
func (l *Library) forget(ctx context.Context, name string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	attachments, err := l.attachments.all(ctx, name)
	if err != nil {
		return err
	}
	var gone []string
	for _, id := range ids {
		if attachments[id].Deleted {
			gone = append(gone, id)
		}
	}
	return errors.Join(l.outcomes.delete(ctx, name, gone...), l.attachments.delete(ctx, name, gone...))
}

// begun notes that there is a collection of a vector store's name.
func (l *Library) begun(ctx context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	stores, err := l.stores.all(ctx, home)
	if err != nil {
		return err
	}
	s, ok := stores[name]
	if !ok || s.Begun {
		return nil
	}
	there, err := l.exists(ctx, name)
	if err != nil || !there {
		return err
	}
	s.Begun = true
	return l.stores.put(ctx, home, name, s)
}
