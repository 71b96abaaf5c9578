package ingest

import (
	"context"
	"errors"
	"fmt"

	"ragway/retriever"
)

// ErrCheckFailed says that what was built is not good enough to take a collection's place.
var ErrCheckFailed = errors.New("what was built does not pass the checks; nothing was switched")

const (
	// sampleVectors are searched for the neighbours of sampleQueries of them. IDs are
	// hashes, so that the first documents are a random sample.
	sampleVectors = 512
	sampleQueries = 32
	sampleDepth   = 10
	// leastRecall is what any index that works exceeds: both stores stay above .98 on every
	// set they were measured on.
	leastRecall = 0.9
	// leastOverlap of two stores' rankings: .97 was measured for words, whose statistics
	// differ between stores, and more for vectors.
	leastOverlap = 0.9
	// sameScore is how far the cosines of two stores, one of which rounds vectors, may differ.
	sameScore = 2e-3
)

// check compares the counts. Versions have been compared by the pass before it.
func (m *Move) check(ctx context.Context, source retriever.CollectionInfo) error {
	built, err := m.to().Collection(ctx, m.o.Scope, retriever.StagedName(m.o.Collection))
	if err != nil {
		return err
	}
	now, err := m.o.From.Collection(ctx, m.o.Scope, m.o.Collection)
	if err != nil {
		return err
	}
	if !now.LastIngest.Equal(source.LastIngest) {
		return nil // written to since the pass: there will be another
	}
	if built.Documents != now.Documents || built.Chunks != now.Chunks || m.copies() && built.Vectors != now.Vectors {
		return fmt.Errorf("%w: %d documents, %d chunks, %d vectors built, %d, %d and %d served", ErrCheckFailed,
			built.Documents, built.Chunks, built.Vectors, now.Documents, now.Chunks, now.Vectors)
	}
	m.sum.Documents = built.Documents
	if m.o.Embedder == nil {
		return nil
	}
	probed, err := retriever.Probe(ctx, m.o.Embedder)
	if err != nil {
		return err
	}
	if err := m.want.Fingerprint.Matches(probed); err != nil {
		return fmt.Errorf("%w: the embedder has changed on the way: %w", ErrCheckFailed, err)
	}
	return nil
}

// sample searches the staged collection for neighbours of its own vectors, and compares
// with an exact scan of the sample; in a copy also with the source's answers.
func (m *Move) sample(ctx context.Context) error {
	sampled, err := m.sampled(ctx)
	if err != nil || len(sampled) == 0 {
		return err
	}
	var recall, overlap share
	for i := 0; i < len(sampled); i += max(1, len(sampled)/sampleQueries) {
		if c := sampled[i]; c.Vector != nil {
			q := retriever.CandidateQuery{Vector: c.Vector, Space: m.want.Fingerprint}
			if err := m.compare(ctx, q, sampled, &recall, &overlap); err != nil {
				return err
			}
		}
		q := retriever.CandidateQuery{Text: firstRunes(sampled[i].Text, 200)}
		if err := m.compare(ctx, q, nil, &recall, &overlap); err != nil {
			return err
		}
	}
	info, err := m.to().Collection(ctx, m.o.Scope, retriever.StagedName(m.o.Collection))
	if err != nil {
		return err
	}
	m.sum.Recall = min(recall.value(), info.RecallEstimate)
	if m.sum.Recall < leastRecall {
		return fmt.Errorf("%w: recall@%d is %.3f of an exact scan, want %.2f", ErrCheckFailed, sampleDepth, m.sum.Recall, leastRecall)
	}
	if m.copies() {
		if m.sum.Overlap = overlap.value(); m.sum.Overlap < leastOverlap {
			return fmt.Errorf("%w: the two stores share %.3f of the first %d hits, want %.2f", ErrCheckFailed, m.sum.Overlap, sampleDepth, leastOverlap)
		}
	}
	return nil
}

// share counts how much of what was expected was found.
type share struct{ found, expected int }

func (s *share) add(found bool) {
	s.expected++
	if found {
		s.found++
	}
}

func (s *share) value() float64 {
	if s.expected == 0 {
		return 1
	}
	return float64(s.found) / float64(s.expected)
}

// compare asks the staged collection, and in a copy the source. An ID that is missing from
// an answer counts as found when its score ties with the last of the answer.
func (m *Move) compare(ctx context.Context, q retriever.CandidateQuery, sampled []retriever.Chunk, recall, overlap *share) error {
	q.Scope, q.Depth, q.Bare = m.o.Scope, sampleDepth, true
	q.Collection = retriever.StagedName(m.o.Collection)
	got, err := ranked(ctx, m.to(), q)
	if err != nil {
		return err
	}
	for _, c := range sampled {
		if cosine := float64(retriever.Dot(q.Vector, c.Vector)); c.Vector != nil && (len(got.scores) < sampleDepth || cosine > got.least+sameScore) {
			recall.add(got.has(c.ID))
		}
	}
	if !m.copies() {
		return nil
	}
	q.Collection = m.o.Collection
	want, err := ranked(ctx, m.o.From, q)
	if err != nil {
		return err
	}
	tie := sameScore
	if q.Vector == nil {
		tie = 0.02 * want.least // BM25 has no scale of its own, and statistics differ a little
	}
	for id, score := range want.scores {
		overlap.add(got.has(id) || score <= got.least+tie)
	}
	return nil
}

// ranking is one list of a candidate set.
type ranking struct {
	scores map[string]float64 // by chunk ID
	least  float64
}

func (r ranking) has(id string) bool {
	_, ok := r.scores[id]
	return ok
}

func ranked(ctx context.Context, store retriever.Store, q retriever.CandidateQuery) (ranking, error) {
	set, err := store.Candidates(ctx, q)
	if err != nil {
		return ranking{}, err
	}
	r := ranking{scores: map[string]float64{}}
	for _, c := range set.Candidates {
		leg := c.Lexical
		if q.Vector != nil {
			leg = c.Dense
		}
		if leg.Rank == 0 {
			continue
		}
		if len(r.scores) == 0 || leg.Score < r.least {
			r.least = leg.Score
		}
		r.scores[c.Chunk.ID] = leg.Score
	}
	return r, nil
}

// sampled are chunks of the staged collection, with their vectors.
func (m *Move) sampled(ctx context.Context) ([]retriever.Chunk, error) {
	var out []retriever.Chunk
	name := retriever.StagedName(m.o.Collection)
	for d, err := range m.to().Documents(ctx, m.o.Scope, name, "") {
		if err != nil {
			return nil, err
		}
		_, chunks, err := m.to().Document(ctx, m.o.Scope.Within(name), d.ID)
		if err != nil {
			return nil, err
		}
		if out = append(out, chunks...); len(out) >= sampleVectors {
			break
		}
	}
	return out, nil
}

// firstRunes is the beginning of s.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
