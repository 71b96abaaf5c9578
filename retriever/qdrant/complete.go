package qdrant

import (
	"context"
	"maps"
	"slices"

	api "github.com/qdrant/go-client/qdrant"
	"golang.org/x/sync/errgroup"

	"ragway/retriever"
)

// rank keeps the chunks of committed versions, cut at the depth. It reports true when that
// may not be the list yet: chunks were dropped, or a tie crosses the end of the page, and
// the server has more.
func (q *search) rank(r round, page []*api.ScoredPoint) (kept []*api.ScoredPoint, short bool) {
	for _, p := range page {
		m, ok := r.manifests[p.Payload[fieldDocumentID].GetStringValue()]
		current := ok && m.document.Version == p.Payload[fieldVersion].GetStringValue()
		// The filter has done this already; a mistake there must not show a document.
		if current && q.allows(m.document) {
			kept = append(kept, p)
		}
	}
	depth := q.query.Depth
	if full := len(page) >= q.page; full && q.page < maxPage {
		last := page[len(page)-1].GetScore()
		short = len(kept) < depth || kept[depth-1].GetScore() <= last
	}
	return q.first(kept), short
}

func (q *search) first(page []*api.ScoredPoint) []*api.ScoredPoint {
	return page[:min(q.query.Depth, len(page))]
}

func (q *search) allows(d retriever.Document) bool {
	return q.query.Scope.Allows(d) && q.query.Filter.Match(d.Metadata) && (q.documents == nil || q.documents[d.ID])
}

// details are what candidates need beside their places in the lists, by chunk ID.
type details struct {
	points  map[string]*api.RetrievedPoint
	cosines map[string]float32 // of chunks that are in the lexical list alone and have a vector
}

// fetch gets the details of the union of two lists. A chunk that is not there any more is
// not among the points.
func (q *search) fetch(ctx context.Context, lexical, dense []*api.ScoredPoint) (details, error) {
	union, lexicalOnly := unite(lexical, dense)
	request := &api.GetPoints{WithPayload: api.NewWithPayload(false)}
	if !q.query.Bare {
		request.WithPayload = api.NewWithPayloadInclude(chunkFields...)
	}
	if len(q.terms) > 0 {
		request.WithVectors = api.NewWithVectorsInclude(sparseVector)
	}
	var d details
	var points []*api.RetrievedPoint
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if q.query.Bare && len(q.terms) == 0 { // all is known: that they are there as well
			points = bare(union)
			return nil
		}
		points, err = q.s.get(ctx, q.head.physical, union, request)
		return err
	})
	group.Go(func() (err error) {
		d.cosines, err = q.second(ctx, lexicalOnly)
		return err
	})
	if err := group.Wait(); err != nil {
		return d, err
	}
	d.points = make(map[string]*api.RetrievedPoint, len(points))
	for _, p := range points {
		d.points[p.GetId().GetUuid()] = p
	}
	return d, nil
}

func bare(ids []string) []*api.RetrievedPoint {
	out := make([]*api.RetrievedPoint, len(ids))
	for i, id := range pointIDs(ids) {
		out[i] = &api.RetrievedPoint{Id: id}
	}
	return out
}

func unite(lexical, dense []*api.ScoredPoint) (union, lexicalOnly []string) {
	inDense := make(map[string]bool, len(dense))
	for _, p := range dense {
		inDense[p.GetId().GetUuid()] = true
		union = append(union, p.GetId().GetUuid())
	}
	for _, p := range lexical {
		if id := p.GetId().GetUuid(); !inDense[id] {
			union, lexicalOnly = append(union, id), append(lexicalOnly, id)
		}
	}
	return union, lexicalOnly
}

// complete makes the union of the two lists with both scores for each candidate. It
// reports false when a chunk has gone since the lists were made.
func (q *search) complete(ctx context.Context, r round, lexical, dense []*api.ScoredPoint) (set retriever.CandidateSet, ok bool, err error) {
	union := map[string]*retriever.Candidate{}
	for i, p := range dense {
		union[p.GetId().GetUuid()] = &retriever.Candidate{Dense: retriever.Leg{Score: float64(p.GetScore()), Rank: i + 1, Known: true}}
	}
	for i, p := range lexical {
		id := p.GetId().GetUuid()
		if union[id] == nil {
			union[id] = &retriever.Candidate{}
		}
		union[id].Lexical = retriever.Leg{Score: float64(p.GetScore()), Rank: i + 1, Known: true}
	}
	ids := slices.Sorted(maps.Keys(union))
	if slices.ContainsFunc(ids, func(id string) bool { return r.details.points[id] == nil }) { // others were dropped
		if r.details, err = q.fetch(ctx, lexical, dense); err != nil {
			return set, false, err
		}
	}
	for _, id := range ids {
		p := r.details.points[id]
		if p == nil {
			return set, false, nil
		}
		q.fill(union[id], r, p)
		set.Candidates = append(set.Candidates, *union[id])
	}
	if q.query.Vector == nil {
		return set, true, nil
	}
	sample, err := q.s.sample(ctx, q.head)
	set.Background = distribution(q.query.Vector, sample.vectors)
	return set, err == nil, err
}

// fill adds to a candidate what its place in the lists did not tell.
func (q *search) fill(c *retriever.Candidate, r round, p *api.RetrievedPoint) {
	c.Chunk.ID = p.GetId().GetUuid()
	if !q.query.Bare {
		c.Chunk = parseChunk(c.Chunk.ID, p.Payload)
		c.Document = r.manifests[c.Chunk.DocumentID].document
	}
	if len(q.terms) > 0 {
		score, coverage := lexicalScore(q.terms, sparseOf(p.GetVectors()))
		c.Coverage = coverage
		if !c.Lexical.Known {
			c.Lexical = retriever.Leg{Score: score, Known: true}
		}
	}
	if cosine, ok := r.details.cosines[c.Chunk.ID]; ok && !c.Dense.Known {
		c.Dense = retriever.Leg{Score: float64(cosine), Known: true}
	}
}
