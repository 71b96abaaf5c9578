package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"ragway/retriever"
)

// step is one document in which two collections differ.
type step struct {
	document retriever.Document // of the source, as it is there
	remove   string             // or the ID of one that only the target has
	there    bool               // or one that the target has as it should be
}

// steps compares the source with a collection of the target, both in the order of their
// IDs, without holding either. target "" stands for an empty one.
func (m *Move) steps(ctx context.Context, target string) iter.Seq2[step, error] {
	return func(yield func(step, error) bool) {
		has, stop := iter.Pull2(m.documents(ctx, target))
		defer stop()
		there, err, more := has()
		for d, serr := range m.o.From.Documents(ctx, m.o.Scope, m.o.Collection, "") {
			if serr != nil || err != nil {
				yield(step{}, errors.Join(serr, err))
				return
			}
			for ; more && err == nil && there.ID < d.ID; there, err, more = has() {
				if !yield(step{remove: there.ID}, nil) {
					return
				}
			}
			if err != nil {
				yield(step{}, err)
				return
			}
			s := step{document: d}
			if more && there.ID == d.ID {
				s.there = there.Version == m.describe(d).Version
				there, err, more = has()
			}
			if !yield(s, nil) {
				return
			}
		}
		for ; more; there, err, more = has() {
			if !yield(step{remove: there.ID}, err) || err != nil {
				return
			}
		}
	}
}

func (m *Move) documents(ctx context.Context, target string) iter.Seq2[retriever.Document, error] {
	if target == "" {
		return func(func(retriever.Document, error) bool) {}
	}
	return m.to().Documents(ctx, m.o.Scope, target, "")
}

// describe is d as it is in what is built.
func (m *Move) describe(d retriever.Document) retriever.Document {
	if !m.copies() {
		d.Pipeline = embeddedIn(d.Pipeline, m.want.Fingerprint)
	}
	d.Version = retriever.DocumentVersion(d)
	return d
}

// count is what a pass over the target would have to do.
func (m *Move) count(ctx context.Context, target string) (w Work, err error) {
	for s, err := range m.steps(ctx, target) {
		switch {
		case err != nil:
			return w, err
		case s.remove != "":
			w.Delete++
		case s.there:
			w.There++
		default:
			w.Write++
			w.Chunks += s.document.Chunks
		}
	}
	return w, nil
}

// passDocuments bounds the documents written in one Put, and the deletions in one Delete.
const passDocuments = 256

// pass makes the staged collection what the source is now, and returns in how many
// documents it was not.
func (m *Move) pass(ctx context.Context) (did int, err error) {
	var write []retriever.Document
	var remove []string
	chunks := 0
	flush := func() error {
		if err := m.write(ctx, write); err != nil {
			return err
		}
		write, chunks = write[:0], 0
		return nil
	}
	for s, err := range m.steps(ctx, retriever.StagedName(m.o.Collection)) {
		switch {
		case err != nil:
			return did, err
		case s.there:
			continue
		case s.remove != "":
			remove = append(remove, s.remove)
		default:
			write, chunks = append(write, s.document), chunks+s.document.Chunks
		}
		did++
		if chunks >= m.batch() || len(write) == passDocuments {
			if err := flush(); err != nil {
				return did, err
			}
		}
	}
	if err := flush(); err != nil {
		return did, err
	}
	for ids := range slices.Chunk(remove, passDocuments) {
		n, err := m.to().Delete(ctx, retriever.StagedName(m.o.Collection), ids)
		if err != nil {
			return did, err
		}
		m.sum.Deleted += n
		m.progress()
	}
	return did, nil
}

// write brings documents over. Those that are gone meanwhile are left out: the next pass
// knows.
func (m *Move) write(ctx context.Context, documents []retriever.Document) error {
	ups, err := m.read(ctx, documents)
	if err != nil || len(ups) == 0 {
		return err
	}
	if !m.copies() {
		if err := m.embed(ctx, ups); err != nil {
			return err
		}
	}
	stored, err := m.to().Put(ctx, retriever.StagedName(m.o.Collection), ups)
	if err == nil {
		stored = len(ups)
	}
	for i := range ups[:stored] {
		m.sum.Written++
		m.sum.Chunks += len(ups[i].Chunks)
	}
	m.progress()
	return err
}

func (m *Move) progress() {
	done := m.sum.Written + m.sum.Deleted
	m.total = max(m.total, done)
	m.events(ProgressEvent{Done: done, Total: m.total, Chunks: m.sum.Chunks})
}

// readers is how many documents are read at once; each is a few calls to a server.
const readers = 4

func (m *Move) read(ctx context.Context, documents []retriever.Document) ([]retriever.Upsert, error) {
	found := make([]*retriever.Upsert, len(documents))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	scope := m.o.Scope.Within(m.o.Collection)
	for i, listed := range documents {
		group.Go(func() error {
			d, chunks, err := m.o.From.Document(ctx, scope, listed.ID)
			if errors.Is(err, retriever.ErrDocumentNotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			u := &retriever.Upsert{Document: m.describe(d), Chunks: chunks, Space: m.want.Fingerprint}
			u.Seal()
			found[i] = u
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	ups := make([]retriever.Upsert, 0, len(found))
	for _, u := range found {
		if u != nil {
			ups = append(ups, *u)
		}
	}
	return ups, nil
}

// embed replaces the vectors of all chunks.
func (m *Move) embed(ctx context.Context, ups []retriever.Upsert) error {
	var targets []*retriever.Chunk
	for i := range ups {
		for j := range ups[i].Chunks {
			ups[i].Chunks[j].Vector = nil
			targets = append(targets, &ups[i].Chunks[j])
		}
	}
	if m.o.Embedder == nil {
		return nil
	}
	for some := range slices.Chunk(targets, m.batch()) {
		if m.limiter != nil {
			if err := m.limiter.WaitN(ctx, len(some)); err != nil {
				return err
			}
		}
		if err := m.embedSome(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// embedSome embeds the chunks in one call, and those that a failed call left over one by
// one: a text that the embedder refuses while it takes others is left without a vector.
func (m *Move) embedSome(ctx context.Context, chunks []*retriever.Chunk) error {
	done, cause := m.embedCall(ctx, chunks)
	if cause == nil {
		return nil
	}
	for _, c := range chunks[done:] {
		if _, err := m.embedCall(ctx, []*retriever.Chunk{c}); err == nil {
			continue
		}
		text := fmt.Sprintf("%s %d", retriever.ProbeText, time.Now().UnixNano()) // no cache can hold it
		if _, err := m.o.Embedder.Embed(ctx, retriever.DocumentText, []string{text}); err != nil {
			return fmt.Errorf("%w: %w", errEmbedderDown, err)
		}
		m.sum.Unembedded++
		m.note(fmt.Sprintf("the embedder refuses passage %d of document %s, which will be found by words only: %v", c.Ordinal, c.DocumentID, cause))
	}
	return nil
}

// embedCall returns how many of the chunks, the first ones, have got their vector.
func (m *Move) embedCall(ctx context.Context, chunks []*retriever.Chunk) (done int, err error) {
	texts := make([]string, len(chunks))
	for i, c := range chunks {
		texts[i] = c.Indexed()
	}
	vectors, err := m.o.Embedder.Embed(ctx, retriever.DocumentText, texts)
	if err == nil && len(vectors) != len(texts) {
		err = errors.New("embedder: fewer vectors than texts, and no error")
	}
	done = min(len(vectors), len(texts))
	for i, v := range vectors[:done] {
		chunks[i].Vector = v
	}
	return done, err
}
