package qdrant

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	api "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"ragway/retriever"
)

const (
	documentPage = 256
	// getPage keeps a page of chunks with vectors of 4,096 dimensions below 20 MB.
	getPage = 512
	// maxRounds ends a read of documents that another process keeps replacing. A round
	// fails only when a commit falls into its one or two calls.
	maxRounds = 64
)

// get reads points by ID, in pages, in no order. What is asked for of each is in the
// request. A page too large for one message is read in halves.
func (s *Store) get(ctx context.Context, qdrant string, ids []string, request *api.GetPoints) ([]*api.RetrievedPoint, error) {
	var out []*api.RetrievedPoint
	for page := range slices.Chunk(ids, getPage) {
		points, err := s.getPage(ctx, qdrant, page, request)
		if err != nil {
			return nil, err
		}
		out = append(out, points...)
	}
	return out, nil
}

func (s *Store) getPage(ctx context.Context, qdrant string, ids []string, r *api.GetPoints) ([]*api.RetrievedPoint, error) {
	points, err := s.client.Get(ctx, &api.GetPoints{CollectionName: qdrant, Ids: pointIDs(ids), WithPayload: r.WithPayload, WithVectors: r.WithVectors})
	if status.Code(err) != codes.ResourceExhausted || len(ids) == 1 {
		return points, translate(ctx, err)
	}
	first, err := s.getPage(ctx, qdrant, ids[:len(ids)/2], r)
	if err != nil {
		return nil, err
	}
	second, err := s.getPage(ctx, qdrant, ids[len(ids)/2:], r)
	return append(first, second...), err
}

// manifests gets the manifests of the documents that have one.
func (s *Store) manifests(ctx context.Context, qdrant string, ids []string) (map[string]manifest, error) {
	return s.readManifests(ctx, qdrant, ids, manifestFields, parseManifest)
}

// stamps gets manifests with no more of the document than its version and who may see it.
func (s *Store) stamps(ctx context.Context, qdrant string, ids []string) (map[string]manifest, error) {
	return s.readManifests(ctx, qdrant, ids, stampFields,
		func(id string, p map[string]*api.Value) (manifest, error) { return parseStamp(id, p), nil })
}

func (s *Store) readManifests(ctx context.Context, qdrant string, ids, fields []string,
	parse func(id string, p map[string]*api.Value) (manifest, error)) (map[string]manifest, error) {
	points, err := s.get(ctx, qdrant, ids, &api.GetPoints{WithPayload: api.NewWithPayloadInclude(fields...)})
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	out := make(map[string]manifest, len(points))
	for _, p := range points {
		if p.Payload[fieldOfKind].GetStringValue() != string(documentKind) {
			continue // the id of a chunk
		}
		id := p.GetId().GetUuid()
		if out[id], err = parse(id, p.Payload); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Documents implements retriever.Reader. The server has no prefix match on keywords, so
// the prefix is compared here.
func (s *Store) Documents(ctx context.Context, scope retriever.Scope, collection, prefix string) iter.Seq2[retriever.Document, error] {
	return func(yield func(retriever.Document, error) bool) {
		h, err := s.known(ctx, scope, collection)
		if err != nil {
			yield(retriever.Document{}, err)
			return
		}
		filter := visible(documentKind, scope)
		var next *api.PointId
		for {
			docs, offset, err := s.documentPage(ctx, h, filter, next)
			if err != nil {
				yield(retriever.Document{}, named(collection, err))
				return
			}
			for _, d := range docs {
				if scope.Allows(d) && strings.HasPrefix(d.URI, prefix) && !yield(d, nil) {
					return
				}
			}
			if next = offset; next == nil {
				return
			}
		}
	}
}

// documentPage reads manifests in the order of their ids, which is that of UUID bytes.
func (s *Store) documentPage(ctx context.Context, h head, filter *api.Filter, from *api.PointId) ([]retriever.Document, *api.PointId, error) {
	points, next, err := s.client.ScrollAndOffset(ctx, &api.ScrollPoints{CollectionName: h.physical, Filter: filter, Offset: from,
		Limit: api.PtrOf[uint32](documentPage), WithPayload: api.NewWithPayload(true)})
	if err != nil {
		return nil, nil, translate(ctx, err)
	}
	docs := make([]retriever.Document, len(points))
	for i, p := range points {
		m, err := parseManifest(p.GetId().GetUuid(), p.Payload)
		if err != nil {
			return nil, nil, err
		}
		docs[i] = m.document
	}
	return docs, next, nil
}

// fields are the names of the metadata fields of documents that the scope may see, of
// the first page of them: enough for an error's text.
func (s *Store) fields(ctx context.Context, h head, scope retriever.Scope) []string {
	docs, _, err := s.documentPage(ctx, h, visible(documentKind, scope), nil)
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for _, d := range docs {
		for name := range d.Metadata {
			names[name] = true
		}
	}
	return slices.Collect(maps.Keys(names))
}

// Document implements retriever.Reader.
func (s *Store) Document(ctx context.Context, scope retriever.Scope, id string) (retriever.Document, []retriever.Chunk, error) {
	missing := fmt.Errorf("document %q: %w", id, retriever.ErrDocumentNotFound)
	if !isID(id) {
		return retriever.Document{}, nil, missing
	}
	names, err := s.collectionNames(ctx, scope)
	if err != nil {
		return retriever.Document{}, nil, fmt.Errorf("document %q: %w", id, err)
	}
	for _, name := range scope.Collections {
		if _, served := retriever.ServedName(name); !served && scope.AllowsByID(name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		d, chunks, err := s.documentIn(ctx, scope, name, id)
		if errors.Is(err, retriever.ErrDocumentNotFound) || errors.Is(err, retriever.ErrCollectionNotFound) {
			continue
		}
		if err != nil {
			return retriever.Document{}, nil, fmt.Errorf("document %q: %w", id, err)
		}
		return d, chunks, nil
	}
	return retriever.Document{}, nil, missing
}

// documentIn reads the manifest and then the chunks it says there are. Too few means that
// a replacement came between, or that it is broken when the manifest has not changed.
func (s *Store) documentIn(ctx context.Context, scope retriever.Scope, collection, id string) (retriever.Document, []retriever.Chunk, error) {
	h, err := s.head(ctx, collection)
	if err != nil {
		return retriever.Document{}, nil, err
	}
	incomplete := int64(-1)
	for range maxRounds {
		found, err := s.manifests(ctx, h.physical, []string{id})
		if err != nil {
			return retriever.Document{}, nil, err
		}
		m, ok := found[id]
		if !ok || !scope.Allows(m.document) {
			return retriever.Document{}, nil, retriever.ErrDocumentNotFound
		}
		if m.started == incomplete {
			return retriever.Document{}, nil, fmt.Errorf("chunks are missing: %w", retriever.ErrCorrupt)
		}
		chunks, err := s.chunksOf(ctx, h, m.document)
		if err != nil {
			return retriever.Document{}, nil, err
		}
		if len(chunks) == m.document.Chunks {
			return m.document, chunks, nil
		}
		incomplete = m.started
	}
	return retriever.Document{}, nil, fmt.Errorf("it keeps changing: %w", retriever.ErrUnavailable)
}

// chunksOf gets the chunks of a document's version by their ids, in order.
func (s *Store) chunksOf(ctx context.Context, h head, d retriever.Document) ([]retriever.Chunk, error) {
	ids := make([]string, d.Chunks)
	for i := range ids {
		ids[i] = retriever.ChunkID(d.ID, d.Version, i)
	}
	request := &api.GetPoints{WithPayload: api.NewWithPayloadInclude(chunkFields...)}
	if !h.collection.Fingerprint.IsZero() {
		request.WithVectors = api.NewWithVectorsInclude(denseVector)
	}
	points, err := s.get(ctx, h.physical, ids, request)
	if err != nil {
		return nil, err
	}
	chunks := make([]retriever.Chunk, 0, len(points))
	for _, p := range points {
		c := parseChunk(p.GetId().GetUuid(), p.Payload)
		c.Vector = denseOf(p.Vectors)
		chunks = append(chunks, c)
	}
	slices.SortFunc(chunks, func(a, b retriever.Chunk) int { return a.Ordinal - b.Ordinal })
	return chunks, nil
}
