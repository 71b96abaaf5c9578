package qdrant

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/text"
)

// A collection's words were taken by the analysis of its day, text.Version, which its
// Metadata keeps. When text analyses otherwise now, the words of a query no longer meet all
// words of the chunks. Such a collection is served as it is and rewritten behind the
// scenes: what a sparse vector is made of is in the chunk's payload, so that it costs
// neither documents nor embeddings. Refusing to serve it would turn an update into an
// outage, and rewriting it first would make the update take minutes.

// datesSince is the first analysis whose collections keep dates apart, see datePath.
const datesSince = 2

// rewriting is a collection's rewrite in this process.
type rewriting struct {
	mu     sync.Mutex
	tried  map[string]time.Time // by collection
	ctx    context.Context      // ends with the store
	cancel context.CancelFunc
	under  sync.WaitGroup
}

// rewriteAgain is how long after a failed attempt the next may begin.
const rewriteAgain = time.Minute

func newRewriting() *rewriting {
	r := &rewriting{tried: map[string]time.Time{}}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

func (r *rewriting) stop() {
	r.mu.Lock() // nothing begins from here on
	r.cancel()
	r.mu.Unlock()
	r.under.Wait()
}

// begin runs f unless it ran for this collection lately, or the store is closed.
func (r *rewriting) begin(name string, f func(context.Context)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil || time.Since(r.tried[name]) < rewriteAgain {
		return
	}
	r.tried[name] = time.Now()
	r.under.Go(func() { f(r.ctx) })
}

// renew begins to rewrite the collection if its words are of another analysis. Of several
// processes one does it; the others wait their turn and then find it done.
func (s *Store) renew(h head) {
	if h.analysis == text.Version {
		return
	}
	name := h.collection.Name
	s.rewriting.begin(name, func(ctx context.Context) {
		log := s.options.Logger.With("collection", name, "analysis", text.Version)
		log.InfoContext(ctx, "rewriting the collection's words; until that is done, some are not found", "was", h.analysis)
		start := time.Now()
		n, err := s.rewrite(ctx, name)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			log.WarnContext(ctx, "the collection's words are not all rewritten", "error", err, "chunks", n)
		default:
			log.InfoContext(ctx, "the collection's words are rewritten", "chunks", n, "took", time.Since(start))
		}
	})
}

// rewrite makes the sparse vectors and the dates of all chunks anew. It may be cut off at
// any point and begun again: each chunk is replaced, if it is still there, by what a Put
// would store now.
func (s *Store) rewrite(ctx context.Context, name string) (chunks int, err error) {
	err = s.exclusively(ctx, "analysis/"+name, func(ctx context.Context) error {
		h, err := s.readHead(ctx, name)
		if err != nil || h.analysis == text.Version {
			return err
		}
		// First, so that no ragway that analyses as before writes from here on.
		if err := s.setMetadata(ctx, h, payload{metaFormat: format}); err != nil {
			return err
		}
		var next *api.PointId
		for {
			points, after, err := s.client.ScrollAndOffset(ctx, &api.ScrollPoints{CollectionName: h.physical, Filter: ofKind(chunkKind), Offset: next,
				Limit: api.PtrOf[uint32](pointBatch), WithPayload: api.NewWithPayload(true), WithVectors: h.denseIfAny()})
			if err != nil {
				return translate(ctx, err)
			}
			if h, err = s.rewritePage(ctx, h, points); err != nil {
				return err
			}
			chunks += len(points)
			if next = after; next == nil {
				break
			}
		}
		return s.setMetadata(ctx, h, payload{metaAnalysis: text.Version})
	})
	s.heads.forget(name)
	if errors.Is(err, retriever.ErrCollectionNotFound) {
		err = nil // deleted meanwhile
	}
	return chunks, err
}

func (h head) denseIfAny() *api.WithVectorsSelector {
	if h.collection.Fingerprint.IsZero() {
		return api.NewWithVectors(false)
	}
	return api.NewWithVectorsInclude(denseVector)
}

func (s *Store) rewritePage(ctx context.Context, h head, points []*api.RetrievedPoint) (head, error) {
	analyzer := text.For(h.collection.Language)
	renewed := make([]*api.PointStruct, len(points))
	var dated []prepared
	for i, p := range points {
		c := parseChunk(p.GetId().GetUuid(), p.Payload)
		c.Vector = denseOf(p.GetVectors())
		metadata := parseMetadata(p.Payload[fieldMetadata])
		dated = append(dated, prepared{Upsert: retriever.Upsert{Document: retriever.Document{Metadata: metadata}}})
		dates := payload{}
		addDates(dates, metadata)
		values, err := api.TryValueMap(dates)
		if err != nil {
			return h, fmt.Errorf("dates of chunk %s: %w", c.ID, err)
		}
		for key, v := range values {
			p.Payload[key] = v
		}
		renewed[i] = &api.PointStruct{Id: p.Id, Payload: p.Payload, Vectors: h.vectorsOf(&c, countTerms(c.Terms(analyzer)))}
	}
	indexes := dateIndexes(h, dated)
	if err := s.createIndexes(ctx, h.physical, indexes); err != nil {
		return h, err
	}
	if len(indexes) > 0 {
		fresh, err := s.readHead(ctx, h.collection.Name)
		if err != nil {
			return h, err
		}
		h.dated = fresh.dated
	}
	// Never inserted: a chunk that a Put or Delete has removed since stays away.
	return h, s.upsert(ctx, &api.UpsertPoints{CollectionName: h.physical, UpdateMode: api.UpdateMode_UpdateOnly.Enum()}, renewed)
}

// parseMetadata reads the strings of a chunk's metadata, all that dates are made of.
func parseMetadata(v *api.Value) retriever.Metadata {
	out := retriever.Metadata{}
	for key, v := range v.GetStructValue().GetFields() {
		values := v.GetListValue().GetValues()
		if values == nil {
			out[key] = v.GetStringValue()
			continue
		}
		list := make([]any, len(values))
		for i, e := range values {
			list[i] = e.GetStringValue()
		}
		out[key] = list
	}
	return out
}

func (s *Store) setMetadata(ctx context.Context, h head, p payload) error {
	return translate(ctx, s.client.UpdateCollection(ctx, &api.UpdateCollection{CollectionName: h.physical, Metadata: api.NewValueMap(p)}))
}
