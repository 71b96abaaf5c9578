package qdrant

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

const (
	// sampleSize gives a mean cosine within a fifth of a standard deviation.
	sampleSize = 512
	// sampleTTL is how long a full sample serves; a collection large enough to fill one
	// does not change its distribution within it.
	sampleTTL = time.Minute
	// recallQueries estimate recall@10 to about a hundredth.
	recallQueries = 32
)

// sampled are vectors of a collection. Chunk IDs are hashes, so that the first by ID are
// a random sample, and always the same one.
type sampled struct {
	vectors []retriever.Vector
	whole   bool    // they are all there are
	recall  float64 // 0: not measured since
	readAt  time.Time
}

func (v sampled) fresh() bool {
	if v.whole {
		return time.Since(v.readAt) < headTTL
	}
	return time.Since(v.readAt) < sampleTTL
}

type sampleCache struct {
	mu     sync.Mutex
	byName map[string]sampled
}

func (c *sampleCache) get(name string) (sampled, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.byName[name]
	return v, ok && v.fresh()
}

func (c *sampleCache) put(name string, v sampled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = map[string]sampled{}
	}
	c.byName[name] = v
}

func (c *sampleCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byName = nil
}

// changed forgets a sample that claims to be the whole collection.
func (c *sampleCache) changed(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName[name].whole {
		delete(c.byName, name)
	}
}

func (s *Store) sample(ctx context.Context, h head) (sampled, error) {
	if v, ok := s.samples.get(h.physical); ok {
		return v, nil
	}
	readAt := time.Now()
	points, err := s.client.Scroll(ctx, &api.ScrollPoints{CollectionName: h.physical, Limit: api.PtrOf[uint32](sampleSize),
		Filter:      ofKind(chunkKind, api.NewHasVector(denseVector)),
		WithPayload: api.NewWithPayload(false), WithVectors: api.NewWithVectorsInclude(denseVector)})
	if err != nil {
		return sampled{}, fmt.Errorf("sample vectors: %w", translate(ctx, err))
	}
	v := sampled{whole: len(points) < sampleSize, readAt: readAt}
	for _, p := range points {
		v.vectors = append(v.vectors, denseOf(p.GetVectors()))
	}
	s.samples.put(h.physical, v)
	return v, nil
}

// distribution is of the cosines between q and the sample.
func distribution(q retriever.Vector, sample []retriever.Vector) retriever.Distribution {
	if len(sample) == 0 {
		return retriever.Distribution{}
	}
	var sum, squares float64
	for _, v := range sample {
		c := float64(retriever.Dot(q, v))
		sum += c
		squares += c * c
	}
	n := float64(len(sample))
	mean := sum / n
	return retriever.Distribution{Mean: mean, StdDev: math.Sqrt(max(0, squares/n-mean*mean))}
}

// recall is the share of the exact ten nearest that the server's index finds, measured
// with vectors of the collection itself as queries, once a sample.
func (s *Store) recall(ctx context.Context, h head) (float64, error) {
	if !h.indexed || h.collection.Fingerprint.IsZero() {
		return 1, nil // the server scans
	}
	v, err := s.sample(ctx, h)
	if err != nil || len(v.vectors) == 0 || v.recall > 0 {
		return cmp.Or(v.recall, 1), err
	}
	queries := v.vectors[:min(recallQueries, len(v.vectors))]
	results, err := s.client.QueryBatch(ctx, &api.QueryBatchPoints{CollectionName: h.physical,
		QueryPoints: append(nearest(h, queries, s.options.Tuning.search()), nearest(h, queries, &api.SearchParams{Exact: api.PtrOf(true)})...)})
	if err != nil {
		return 0, fmt.Errorf("estimate recall: %w", translate(ctx, err))
	}
	v.recall = overlap(results[:len(queries)], results[len(queries):])
	s.samples.put(h.physical, v)
	return v.recall, nil
}

func nearest(h head, queries []retriever.Vector, params *api.SearchParams) []*api.QueryPoints {
	out := make([]*api.QueryPoints, len(queries))
	for i, v := range queries {
		out[i] = &api.QueryPoints{CollectionName: h.physical, Query: api.NewQueryDense(v), Using: api.PtrOf(denseVector),
			Filter: ofKind(chunkKind), Limit: api.PtrOf[uint64](10), Params: params}
	}
	return out
}

// overlap is the share of want that found holds. Scores are compared, not ids, so that an
// equally near chunk counts as found.
func overlap(found, want []*api.BatchResult) float64 {
	hits, all := 0, 0
	for i := range want {
		exact, have := want[i].GetResult(), found[i].GetResult()
		all += len(exact)
		for j := range exact {
			if j < len(have) && have[j].GetScore() >= exact[len(exact)-1].GetScore()-1e-6 {
				hits++
			}
		}
	}
	return float64(hits) / float64(max(all, 1))
}
