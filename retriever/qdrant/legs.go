package qdrant

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// ask sends the queries for the two lists.
func (q *search) ask(ctx context.Context) (round, error) {
	var batch []*api.QueryPoints
	if len(q.terms) > 0 {
		batch = append(batch, q.leg(sparseVector, sparseQuery(q.terms...), nil))
	}
	if q.query.Vector != nil {
		batch = append(batch, q.leg(denseVector, api.NewQueryDense(q.query.Vector), q.s.options.Tuning.search()))
	}
	if len(batch) == 0 {
		return round{}, ctx.Err()
	}
	results, err := q.batch(ctx, batch)
	if err != nil {
		return round{}, err
	}
	var r round
	if len(q.terms) > 0 {
		r.lexical = bestFirst(results[0].GetResult())
	}
	if q.query.Vector != nil {
		r.dense = bestFirst(results[len(batch)-1].GetResult())
	}
	return r, nil
}

func (q *search) batch(ctx context.Context, queries []*api.QueryPoints) ([]*api.BatchResult, error) {
	results, err := q.s.client.QueryBatch(ctx, &api.QueryBatchPoints{CollectionName: q.head.physical, QueryPoints: queries})
	if err != nil {
		return nil, translate(ctx, err)
	}
	if len(results) != len(queries) {
		return nil, errors.New("the server answered another number of queries")
	}
	return results, nil
}

func (q *search) leg(using string, query *api.Query, params *api.SearchParams) *api.QueryPoints {
	return &api.QueryPoints{CollectionName: q.head.physical, Query: query, Using: api.PtrOf(using), Filter: q.filter, Params: params,
		Limit: api.PtrOf(uint64(q.page)), WithPayload: api.NewWithPayloadInclude(versionFields...)}
}

// bestFirst orders equal scores by ID, which the server does not.
func bestFirst(page []*api.ScoredPoint) []*api.ScoredPoint {
	slices.SortFunc(page, func(a, b *api.ScoredPoint) int {
		return cmp.Or(cmp.Compare(b.GetScore(), a.GetScore()), strings.Compare(a.GetId().GetUuid(), b.GetId().GetUuid()))
	})
	return page
}

// second asks for what one query cannot tell: the IDF of each term, once, and the cosine
// of the chunks that are in the lexical list alone.
func (q *search) second(ctx context.Context, lexicalOnly []string) (cosines map[string]float32, err error) {
	var batch []*api.QueryPoints
	if !q.probed {
		batch = q.probes()
	}
	probes := len(batch)
	if q.query.Vector != nil && len(lexicalOnly) > 0 {
		batch = append(batch, &api.QueryPoints{CollectionName: q.head.physical, Query: api.NewQueryDense(q.query.Vector), Using: api.PtrOf(denseVector),
			Filter: ofKind(chunkKind, api.NewHasID(pointIDs(lexicalOnly)...)), Params: &api.SearchParams{Exact: api.PtrOf(true)},
			Limit: api.PtrOf(uint64(len(lexicalOnly))), WithPayload: api.NewWithPayload(false)})
	}
	if len(batch) == 0 {
		return nil, ctx.Err()
	}
	results, err := q.batch(ctx, batch)
	if err != nil {
		return nil, err
	}
	if probes > 0 {
		q.learnIDF(results[:probes])
	}
	cosines = map[string]float32{}
	for _, r := range results[probes:] {
		for _, p := range r.GetResult() {
			cosines[p.GetId().GetUuid()] = p.GetScore()
		}
	}
	return cosines, nil
}

// probes ask for the best chunk of each term by itself: its score is the term's IDF times
// the weight it stores. The server computes IDF without regard to filters, so that the
// scope's filter alone gives the same number and reads nothing beyond the scope.
func (q *search) probes() []*api.QueryPoints {
	filter := visible(chunkKind, q.query.Scope)
	out := make([]*api.QueryPoints, len(q.terms))
	for i, t := range q.terms {
		t.weight = 1
		out[i] = &api.QueryPoints{CollectionName: q.head.physical, Query: sparseQuery(t), Using: api.PtrOf(sparseVector), Filter: filter,
			Limit: api.PtrOf[uint64](1), WithPayload: api.NewWithPayload(false), WithVectors: api.NewWithVectorsInclude(sparseVector)}
	}
	return out
}

func (q *search) learnIDF(results []*api.BatchResult) {
	q.probed = true
	for i := range q.terms {
		t := &q.terms[i]
		t.idf = unseenIDF(q.head.chunks)
		for _, p := range results[i].GetResult() {
			if w := weightOf(sparseOf(p.GetVectors()), t.id); w > 0 {
				t.idf = float64(p.GetScore()) / float64(w)
			}
		}
		t.mass = retriever.TermMass(t.idf, q.head.chunks)
	}
}
