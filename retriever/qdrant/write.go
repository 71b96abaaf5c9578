package qdrant

import (
	"context"
	"errors"
	"fmt"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// Put implements retriever.Writer. Documents are written in groups, several at a time; see
// the package comment for the order of steps.
func (s *Store) Put(ctx context.Context, collection string, docs []retriever.Upsert) (int, error) {
	h, err := s.readHead(ctx, collection)
	if err != nil || len(docs) == 0 {
		return 0, err
	}
	s.renew(h)
	ready, bad := prepare(h, docs)
	h, ready, bad, err = s.extendSchema(ctx, h, ready, bad)
	if err != nil {
		return 0, named(collection, err)
	}
	if h, err = s.chooseAverage(ctx, h, ready); err != nil {
		return 0, named(collection, err)
	}
	stored, err := s.putGroups(ctx, h, groups(ready))
	s.wrote(h)
	if err != nil {
		return stored, fmt.Errorf("put into %q: %w", collection, err)
	}
	if stored > 0 {
		if err := errors.Join(s.stamp(ctx, h), s.stillThere(ctx, h)); err != nil {
			return 0, fmt.Errorf("put into %q: %w", collection, err)
		}
	}
	return stored, bad
}

// wrote forgets what this store remembers of a collection it has changed.
func (s *Store) wrote(h head) {
	s.heads.forget(h.name)
	s.samples.changed(h.physical)
}

// putGroup writes documents whole: chunks, then manifests, then away with the old.
func (s *Store) putGroup(ctx context.Context, h head, group []prepared) error {
	ids := make([]string, len(group))
	for i := range group {
		ids[i] = group[i].Document.ID
	}
	before, err := s.manifests(ctx, h.physical, ids)
	if err != nil {
		return err
	}
	var same, changed []prepared
	for _, p := range group {
		if m, ok := before[p.Document.ID]; ok && m.document.Version == p.Document.Version {
			same = append(same, p)
		} else {
			changed = append(changed, p)
		}
	}
	if err := s.touch(ctx, h, same, before); err != nil {
		return err
	}
	if len(changed) == 0 {
		return nil
	}
	return s.replace(ctx, h, changed, s.nextStart(before))
}

// nextStart is later than every write among before, by whichever clock.
func (s *Store) nextStart(before map[string]manifest) int64 {
	start := time.Now().UnixMicro()
	for _, m := range before {
		start = max(start, m.started+1)
	}
	return start
}

// touch renews UpdatedAt of documents that are stored in this version, and removes what a
// crash may have left of others. Setting payload never creates a point, so a document
// deleted meanwhile stays deleted.
func (s *Store) touch(ctx context.Context, h head, same []prepared, before map[string]manifest) error {
	if len(same) == 0 {
		return nil
	}
	var either []*api.Condition
	for _, p := range same {
		either = append(either, allOf(api.NewMatch(fieldDocumentID, p.Document.ID), api.NewMatch(fieldVersion, p.Document.Version)))
	}
	result, err := s.client.SetPayload(ctx, &api.SetPayloadPoints{CollectionName: h.physical, Wait: api.PtrOf(true),
		Payload:        api.NewValueMap(payload{fieldUpdated: timestamp(s.options.Now())}),
		PointsSelector: api.NewPointsSelectorFilter(ofKind(documentKind, anyOf(either...)))})
	if err := completed(ctx, result, err); err != nil {
		return fmt.Errorf("renew: %w", err)
	}
	return s.sweep(ctx, h, before, same)
}

func (s *Store) replace(ctx context.Context, h head, docs []prepared, started int64) error {
	var points []*api.PointStruct
	for i := range docs {
		for j := range docs[i].Chunks {
			points = append(points, chunkPoint(h, &docs[i], j, started))
		}
	}
	if err := s.upsert(ctx, &api.UpsertPoints{CollectionName: h.physical}, points); err != nil {
		return fmt.Errorf("upsert chunks: %w", err)
	}
	if err := s.commit(ctx, h, docs, started); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return s.clear(ctx, h, docs, started)
}

func chunkPoint(h head, p *prepared, i int, started int64) *api.PointStruct {
	c := &p.Chunks[i]
	return &api.PointStruct{Id: api.NewID(c.ID), Vectors: h.vectorsOf(c, p.terms[i]),
		Payload: api.NewValueMap(chunkPayload(&p.Document, c, started))}
}

func (h head) vectorsOf(c *retriever.Chunk, terms termCounts) *api.Vectors {
	vectors := map[string]*api.Vector{}
	if c.Vector != nil {
		vectors[denseVector] = api.NewVectorDense(c.Vector)
	}
	if ids, weights := terms.weights(h.saturation, h.averageLength); len(ids) > 0 {
		vectors[sparseVector] = api.NewVectorSparse(ids, weights)
	}
	return api.NewVectorsMap(vectors)
}

// commit makes the new versions the current ones, unless a write that started later was
// faster. The stamp goes with them: a process that is killed right after must not leave
// documents behind that nobody who looks at the stamp would notice.
func (s *Store) commit(ctx context.Context, h head, docs []prepared, started int64) error {
	points := []*api.PointStruct{s.stampPoint()}
	for i := range docs {
		p, err := manifestPoint(&docs[i].Upsert, started, time.Now(), s.options.Now())
		if err != nil {
			return err
		}
		points = append(points, p)
	}
	// MustNot: a manifest without the field counts as old. Must with Lt would keep it.
	older := &api.Filter{MustNot: []*api.Condition{api.NewRange(fieldStarted, &api.Range{Gte: api.PtrOf(float64(started))})}}
	return s.upsert(ctx, &api.UpsertPoints{CollectionName: h.physical, UpdateFilter: older}, points)
}

// clear removes the chunks that the commit made old: those of earlier writes, or our own
// where a later write won.
func (s *Store) clear(ctx context.Context, h head, docs []prepared, started int64) error {
	ids := make([]string, len(docs))
	for i := range docs {
		ids[i] = docs[i].Document.ID
	}
	now, err := s.manifests(ctx, h.physical, ids)
	if err != nil {
		return err
	}
	var won []prepared
	for _, p := range docs {
		m, ok := now[p.Document.ID]
		switch {
		case ok && m.started == started && m.document.Version == p.Document.Version:
			won = append(won, p)
		case ok && m.document.Version != p.Document.Version:
			if err := s.deletePoints(ctx, h, ofKind(chunkKind, api.NewMatch(fieldDocumentID, p.Document.ID),
				api.NewMatch(fieldVersion, p.Document.Version), upTo(started))); err != nil {
				return err
			}
		}
	}
	return s.sweep(ctx, h, now, won)
}

// sweep deletes the chunks of other versions of the documents that writes up to the one
// committed left.
func (s *Store) sweep(ctx context.Context, h head, committed map[string]manifest, docs []prepared) error {
	if len(docs) == 0 {
		return nil
	}
	var either []*api.Condition
	for _, p := range docs {
		either = append(either, allOf(api.NewMatch(fieldDocumentID, p.Document.ID),
			not(api.NewMatch(fieldVersion, p.Document.Version)), upTo(committed[p.Document.ID].started)))
	}
	if err := s.deletePoints(ctx, h, ofKind(chunkKind, anyOf(either...))); err != nil {
		return fmt.Errorf("remove old chunks: %w", err)
	}
	return nil
}

func upTo(started int64) *api.Condition {
	return api.NewRange(fieldStarted, &api.Range{Lte: api.PtrOf(float64(started))})
}

func (s *Store) deletePoints(ctx context.Context, h head, filter *api.Filter) error {
	result, err := s.client.Delete(ctx, &api.DeletePoints{CollectionName: h.physical, Wait: api.PtrOf(true),
		Points: api.NewPointsSelectorFilter(filter)})
	return completed(ctx, result, err)
}

func headPoint() *api.PointId { return pointID("head") }

// stamp notes that the collection was written now.
func (s *Store) stamp(ctx context.Context, h head) error {
	result, err := s.client.Upsert(ctx, &api.UpsertPoints{CollectionName: h.physical, Wait: api.PtrOf(true), Points: []*api.PointStruct{s.stampPoint()}})
	return completed(ctx, result, err)
}

func (s *Store) stampPoint() *api.PointStruct {
	return barePoint(headPoint(), payload{fieldOfKind: string(headKind), fieldUpdated: timestamp(s.options.Now())})
}
