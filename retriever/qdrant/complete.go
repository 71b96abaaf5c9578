package qdrant

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
)

// rank orders the chunks of committed versions by score and then by ID, and cuts them at
// the depth. It reports true when that may not be the list yet: chunks were dropped, or a
// tie crosses the end of the page, and the server has more.
func (q *search) rank(r round, page []*api.ScoredPoint) (kept []*api.ScoredPoint, short bool) {
	for _, p := range page {
		m, ok := r.manifests[p.Payload[fieldDocumentID].GetStringValue()]
		current := ok && m.document.Version == p.Payload[fieldVersion].GetStringValue()
		// The filter has done this already; a mistake there must not show a document.
		if current && q.allows(m.document) {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b *api.ScoredPoint) int {
		return cmp.Or(cmp.Compare(b.GetScore(), a.GetScore()), strings.Compare(a.GetId().GetUuid(), b.GetId().GetUuid()))
	})
	depth := q.query.Depth
	if full := len(page) >= q.page; full && q.page < maxPage {
		last := page[len(page)-1].GetScore()
		short = len(kept) < depth || kept[depth-1].GetScore() <= last
	}
	return kept[:min(depth, len(kept))], short
}

func (q *search) allows(d retriever.Document) bool {
	return q.query.Scope.Allows(d) && q.query.Filter.Match(d.Metadata) &&
		(q.documents == nil || q.documents[d.ID])
}

// complete makes the union of the two lists with both scores for each candidate.
func (q *search) complete(ctx context.Context, r round, lexical, dense []*api.ScoredPoint) (retriever.CandidateSet, error) {
	union := map[string]*retriever.Candidate{}
	add := func(p *api.ScoredPoint) *retriever.Candidate {
		id := p.GetId().GetUuid()
		if union[id] == nil {
			union[id] = q.candidate(r, p)
		}
		return union[id]
	}
	for i, p := range dense {
		add(p).Dense = retriever.Leg{Score: float64(p.GetScore()), Rank: i + 1, Known: true}
	}
	for i, p := range lexical {
		c := add(p)
		c.Lexical = retriever.Leg{Score: float64(p.GetScore()), Rank: i + 1, Known: true}
		if v := denseOf(p.GetVectors()); v != nil && !c.Dense.Known {
			c.Dense = retriever.Leg{Score: float64(retriever.Dot(q.query.Vector, v)), Known: true}
		}
	}
	var set retriever.CandidateSet
	for _, id := range slices.Sorted(maps.Keys(union)) {
		set.Candidates = append(set.Candidates, *union[id])
	}
	if q.query.Vector == nil {
		return set, nil
	}
	sample, err := q.s.sample(ctx, q.head)
	if err != nil {
		return retriever.CandidateSet{}, err
	}
	set.Background = distribution(q.query.Vector, sample.vectors)
	return set, nil
}

// candidate is p with its lexical score computed here, which a place in the lexical list
// replaces by the server's own.
func (q *search) candidate(r round, p *api.ScoredPoint) *retriever.Candidate {
	c := &retriever.Candidate{}
	c.Chunk.ID = p.GetId().GetUuid()
	if !q.query.Bare {
		c.Chunk = parseChunk(c.Chunk.ID, p.Payload)
		c.Document = r.manifests[c.Chunk.DocumentID].document
	}
	if len(q.terms) > 0 {
		score, coverage := lexicalScore(q.terms, sparseOf(p.GetVectors()))
		c.Lexical, c.Coverage = retriever.Leg{Score: score, Known: true}, coverage
	}
	return c
}
