package qdrant

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"ragway/retriever"
	"ragway/retriever/text"
)

const (
	// settleTime is how long after its commit, by the writer's clock, a manifest is taken
	// for one that the query must have seen. It covers the commit's own duration and the
	// difference of two machines' clocks.
	settleTime = 30 * time.Second
	// maxPage bounds how deep a list is fetched to replace dropped chunks and to settle a
	// tie at its end.
	maxPage = 10_000
	// maxProbes bounds the terms of one query; those beyond are left out.
	maxProbes = 256
)

// search is one Candidates call.
type search struct {
	s         *Store
	query     retriever.CandidateQuery
	head      head
	filter    *api.Filter     // the scope, the query's filter and documents
	documents map[string]bool // nil: all
	terms     []queryTerm
	page      int // length that the lists are fetched with
	probed    bool
	versions  map[string]string // of the manifests read so far, by document
}

// Candidates implements retriever.Reader with one QueryBatch for both lists and the IDF of
// each term, one Get for the manifests, and more rounds of the two where a list came out
// short or a document changed in between.
func (s *Store) Candidates(ctx context.Context, q retriever.CandidateQuery) (retriever.CandidateSet, error) {
	if _, err := s.known(ctx, q.Scope, q.Collection); err != nil {
		return retriever.CandidateSet{}, err
	}
	find, err := s.newSearch(ctx, q)
	if err != nil {
		return retriever.CandidateSet{}, err
	}
	set, err := find.run(ctx)
	if err != nil {
		return retriever.CandidateSet{}, named(q.Collection, err)
	}
	return set, nil
}

func (s *Store) newSearch(ctx context.Context, q retriever.CandidateQuery) (*search, error) {
	h, err := s.head(ctx, q.Collection)
	if err != nil {
		return nil, err
	}
	seen := func() []string { return s.fields(ctx, h, q.Scope) }
	if err := q.Filter.Validate(h.schema, seen); err != nil {
		// The field may be another process's and younger than what we remember.
		if h, err = s.readHead(ctx, q.Collection); err != nil {
			return nil, err
		}
		if err := q.Filter.Validate(h.schema, seen); err != nil {
			return nil, named(q.Collection, err)
		}
	}
	if len(q.Documents) > retriever.MaxFilterValues {
		return nil, fmt.Errorf("%d documents, at most %d: %w", len(q.Documents), retriever.MaxFilterValues, retriever.ErrBadFilter)
	}
	if q.Vector != nil {
		if err := checkQuery(q.Vector, h.collection.Fingerprint); err != nil {
			return nil, named(q.Collection, err)
		}
	}
	var documents map[string]bool
	if len(q.Documents) > 0 {
		documents = make(map[string]bool, len(q.Documents))
		for _, id := range q.Documents {
			documents[id] = true
		}
	}
	q.Depth = max(q.Depth, 1)
	terms := queryTerms(text.For(h.collection.Language).QueryTerms(q.Text))
	return &search{s: s, query: q, head: h, filter: h.selected(q), documents: documents, terms: terms[:min(len(terms), maxProbes)],
		page: min(q.Depth+q.Depth/4+16, maxPage), versions: map[string]string{}}, nil
}

func checkQuery(v retriever.Vector, f retriever.Fingerprint) error {
	if f.IsZero() {
		return fmt.Errorf("query vector for a collection without a space: %w", retriever.ErrBadVector)
	}
	return v.Check(f.Dimension)
}

// round is what one QueryBatch and the manifests read after it say.
type round struct {
	lexical, dense []*api.ScoredPoint
	manifests      map[string]manifest
}

func (q *search) run(ctx context.Context) (retriever.CandidateSet, error) {
	for range maxRounds {
		asked := time.Now()
		r, err := q.ask(ctx)
		if err != nil {
			return retriever.CandidateSet{}, err
		}
		settled := q.settled(r, asked)
		lexical, lexicalShort := q.rank(r, r.lexical)
		dense, denseShort := q.rank(r, r.dense)
		if settled && !lexicalShort && !denseShort {
			return q.complete(ctx, r, lexical, dense)
		}
		if settled {
			q.page = min(4*q.page, maxPage)
		}
	}
	return retriever.CandidateSet{}, fmt.Errorf("documents keep changing: %w", retriever.ErrUnavailable)
}

// ask sends the batch and reads the manifests of the documents it found.
func (q *search) ask(ctx context.Context) (round, error) {
	var batch []*api.QueryPoints
	if len(q.terms) > 0 {
		batch = append(batch, q.leg(sparseVector, sparseQuery(q.terms...)))
	}
	if q.query.Vector != nil {
		batch = append(batch, q.leg(denseVector, api.NewQueryDense(q.query.Vector)))
	}
	legs := len(batch)
	if legs == 0 {
		return round{}, ctx.Err()
	}
	if !q.probed {
		batch = append(batch, q.probes()...)
	}
	results, err := q.s.client.QueryBatch(ctx, &api.QueryBatchPoints{CollectionName: q.head.alias, QueryPoints: batch})
	if err != nil {
		return round{}, translate(ctx, err)
	}
	if len(results) != len(batch) {
		return round{}, errors.New("the server answered another number of queries")
	}
	q.learnIDF(results[legs:])
	var r round
	if len(q.terms) > 0 {
		r.lexical = results[0].GetResult()
	}
	if q.query.Vector != nil {
		r.dense = results[legs-1].GetResult()
	}
	r.manifests, err = q.s.manifests(ctx, q.head.alias, documentsOf(r))
	return r, err
}

// leg is the query for one list, with the vectors that completing the other needs.
func (q *search) leg(using string, query *api.Query) *api.QueryPoints {
	vectors := []string{sparseVector}
	if using == sparseVector && q.query.Vector != nil {
		vectors = append(vectors, denseVector)
	}
	if len(q.terms) == 0 {
		vectors = nil
	}
	fields := chunkFields
	if q.query.Bare {
		fields = versionFields
	}
	return &api.QueryPoints{CollectionName: q.head.alias, Query: query, Using: api.PtrOf(using), Filter: q.filter,
		Limit: api.PtrOf(uint64(q.page)), WithPayload: api.NewWithPayloadInclude(fields...), WithVectors: withVectors(vectors)}
}

func withVectors(names []string) *api.WithVectorsSelector {
	if len(names) == 0 {
		return api.NewWithVectors(false)
	}
	return api.NewWithVectorsInclude(names...)
}

// probes ask for the best chunk of each term by itself: its score is the term's IDF times
// the weight it stores. The server computes IDF without regard to filters, so that the
// scope's filter alone gives the same number and reads nothing beyond the scope.
func (q *search) probes() []*api.QueryPoints {
	filter := visible(chunkKind, q.query.Scope)
	out := make([]*api.QueryPoints, len(q.terms))
	for i, t := range q.terms {
		t.weight = 1
		out[i] = &api.QueryPoints{CollectionName: q.head.alias, Query: sparseQuery(t), Using: api.PtrOf(sparseVector), Filter: filter,
			Limit: api.PtrOf[uint64](1), WithPayload: api.NewWithPayload(false), WithVectors: api.NewWithVectorsInclude(sparseVector)}
	}
	return out
}

func (q *search) learnIDF(results []*api.BatchResult) {
	if q.probed {
		return
	}
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

func documentsOf(r round) []string {
	var ids []string
	for _, list := range [][]*api.ScoredPoint{r.lexical, r.dense} {
		for _, p := range list {
			ids = append(ids, p.Payload[fieldDocumentID].GetStringValue())
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// settled reports whether every manifest of the round was the current one before its
// query was asked, so that the query saw all chunks of these versions. It remembers them
// for the next round. A document without a manifest is deleted, or not committed yet.
func (q *search) settled(r round, asked time.Time) bool {
	ok := true
	for id, m := range r.manifests {
		before, known := q.versions[id]
		if m.committed.After(asked.Add(-settleTime)) && (!known || before != stampOf(m)) {
			ok = false
		}
		q.versions[id] = stampOf(m)
	}
	return ok
}

// stampOf tells apart two commits of one document, of the same version too.
func stampOf(m manifest) string { return fmt.Sprintf("%s/%d", m.document.Version, m.started) }
