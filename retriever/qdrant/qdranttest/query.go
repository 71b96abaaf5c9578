package qdranttest

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	api "github.com/qdrant/go-client/qdrant"
)

// QueryBatch answers query after query; writes may come in between.
func (h pointService) QueryBatch(ctx context.Context, r *api.QueryBatchPoints) (*api.QueryBatchResponse, error) {
	out := &api.QueryBatchResponse{}
	for _, q := range r.QueryPoints {
		result, err := on(h.s, r.CollectionName, q.Filter, func(c *collection) (*api.BatchResult, error) { return c.query(q) })
		if err != nil {
			return nil, err // one bad query fails all
		}
		out.Result = append(out.Result, result)
	}
	return out, ctx.Err()
}

type scored struct {
	point *point
	score float32
}

// query ranks by score, NaN first, equal scores in random order.
func (c *collection) query(q *api.QueryPoints) (*api.BatchResult, error) {
	score, err := c.scorer(q)
	if err != nil {
		return nil, err
	}
	var hits []scored
	for _, p := range c.matching(q.Filter) {
		if s, ok := score(p); ok {
			hits = append(hits, scored{p, s})
		}
	}
	rand.Shuffle(len(hits), func(i, j int) { hits[i], hits[j] = hits[j], hits[i] })
	slices.SortStableFunc(hits, func(a, b scored) int {
		switch {
		case a.score > b.score || a.score != a.score && b.score == b.score:
			return -1
		case a.score < b.score || b.score != b.score && a.score == a.score:
			return 1
		}
		return 0
	})
	limit := uint64(10)
	if q.Limit != nil {
		limit = *q.Limit
	}
	out := &api.BatchResult{}
	for _, hit := range hits[:min(limit, uint64(len(hits)))] {
		out.Result = append(out.Result, &api.ScoredPoint{Id: api.NewID(hit.point.id), Score: hit.score,
			Payload: payloadOf(hit.point, q.WithPayload), Vectors: vectorsOf(hit.point, q.WithVectors)})
	}
	return out, nil
}

// scorer returns the score of a point, and false for points outside the list.
func (c *collection) scorer(q *api.QueryPoints) (func(*point) (float32, bool), error) {
	using := q.GetUsing()
	nearest := q.GetQuery().GetNearest()
	if params, ok := c.config.GetVectorsConfig().GetParamsMap().GetMap()[using]; ok {
		v := nearest.GetDense().GetData()
		if uint64(len(v)) != params.Size {
			return nil, invalid("Wrong input: Vector dimension error")
		}
		v = normalized(v)
		return func(p *point) (float32, bool) { return dot(v, p.dense[using]), p.dense[using] != nil }, nil
	}
	if _, ok := c.config.GetSparseVectorsConfig().GetMap()[using]; !ok {
		return nil, invalid("Wrong input: Not existing vector name error: " + using)
	}
	return c.sparseScorer(using, nearest.GetSparse()), nil
}

func dot(a, b []float32) float32 {
	var sum float32
	for i := range b {
		sum += a[i] * b[i]
	}
	return sum
}

// sparseScorer weighs each term by its IDF in the whole collection, whatever the filter.
func (c *collection) sparseScorer(using string, q *api.SparseVector) func(*point) (float32, bool) {
	weights := map[uint32]float32{}
	for i, id := range q.GetIndices() {
		weights[id] = q.GetValues()[i] * c.idf(using, id)
	}
	return func(p *point) (float32, bool) {
		var sum float32
		found := false
		v := p.sparse[using]
		for i, id := range v.GetIndices() {
			if w, ok := weights[id]; ok {
				sum += w * v.GetValues()[i]
				found = true
			}
		}
		return sum, found
	}
}

func (c *collection) idf(using string, id uint32) float32 {
	var n, df float64
	for _, p := range c.points {
		if v := p.sparse[using]; v != nil {
			n++
			if slices.Contains(v.GetIndices(), id) {
				df++
			}
		}
	}
	return float32(math.Log(1 + (n-df+0.5)/(df+0.5)))
}
