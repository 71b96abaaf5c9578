package qdrant

import (
	"context"
	"slices"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// Passages implements retriever.Reader with two Gets: the chunks, then the manifests that
// say which of them are of a committed version. It needs no more rounds: a chunk that a
// commit has just replaced may be left out.
func (s *Store) Passages(ctx context.Context, scope retriever.Scope, collection string, ids []string) ([]retriever.Passage, error) {
	h, err := s.known(ctx, scope, collection)
	if err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isID(id) })
	out, err := s.passages(ctx, scope, h, known)
	if err != nil {
		return nil, named(collection, err)
	}
	return out, nil
}

func (s *Store) passages(ctx context.Context, scope retriever.Scope, h head, ids []string) ([]retriever.Passage, error) {
	points, err := s.get(ctx, h.physical, ids, &api.GetPoints{
		WithPayload: api.NewWithPayloadInclude(append([]string{fieldOfKind}, chunkFields...)...)})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]map[string]*api.Value, len(points))
	var documents []string
	for _, p := range points {
		if p.Payload[fieldOfKind].GetStringValue() == string(chunkKind) {
			byID[p.GetId().GetUuid()] = p.Payload
			documents = append(documents, p.Payload[fieldDocumentID].GetStringValue())
		}
	}
	slices.Sort(documents)
	manifests, err := s.manifests(ctx, h.physical, slices.Compact(documents))
	if err != nil {
		return nil, err
	}
	var out []retriever.Passage
	for _, id := range ids {
		payload, ok := byID[id]
		if !ok {
			continue
		}
		m, ok := manifests[payload[fieldDocumentID].GetStringValue()]
		if ok && m.document.Version == payload[fieldVersion].GetStringValue() && scope.Allows(m.document) {
			out = append(out, retriever.Passage{Chunk: parseChunk(id, payload), Document: m.document})
		}
	}
	return out, nil
}
