package retriever

import (
	"context"
	"slices"
	"time"
)

// selection turns a ranking into hits: what is not relevant enough, out of date, said
// already, too much of one document, or over the budget is dropped, each with its reason.
type selection struct {
	query   Query
	now     time.Time
	kept    []Hit
	dropped []Hit

	shingles []shingles // of the kept hits, in order
	perDoc   map[string]int
	tokens   int
}

func newSelection(q Query, now time.Time) *selection {
	return &selection{query: q, now: now, perDoc: map[string]int{}}
}

// run looks at the hits of a ranking one by one and reads the texts of those that may be
// kept, a few at a time.
func (s *selection) run(ctx context.Context, l *lineup) error {
	s.dropped = slices.Grow(s.dropped, len(l.hits)) // most of them, and hits are large
	for i := 0; i < len(l.hits); i++ {
		if drop := s.judgeUnread(l.hits[i]); drop != "" {
			s.drop(l.hits[i], drop)
			continue
		}
		if i >= l.read {
			if err := l.readTo(ctx, i+1+s.query.K-len(s.kept)+readAhead); err != nil {
				return err
			}
			if i >= len(l.hits) {
				return nil
			}
			if s.judgeUnread(l.hits[i]) != "" { // another has moved up
				i--
				continue
			}
		}
		s.take(l.hits[i])
	}
	return nil
}

// judgeUnread needs no text.
func (s *selection) judgeUnread(h Hit) Drop {
	switch {
	case h.Relevance < s.query.MinScore:
		return BelowMinScore
	case len(s.kept) >= s.query.K:
		return BeyondK
	}
	return ""
}

func (s *selection) drop(h Hit, why Drop) {
	h.Dropped = why
	s.dropped = append(s.dropped, h)
}

func (s *selection) take(h Hit) {
	q := s.query
	switch {
	case !validAt(h.Document.Metadata, s.now):
		s.drop(h, NotValid)
		return
	case q.PerDocument > 0 && s.perDoc[h.Document.ID] >= q.PerDocument:
		s.drop(h, OverPerDocument)
		return
	}
	grams := shingle(h.Chunk.Text, duplicateRun)
	for _, have := range s.shingles {
		if have.likeness(grams) >= duplicateLikeness {
			s.drop(h, NearDuplicate)
			return
		}
	}
	if q.TokenBudget > 0 && len(s.kept) > 0 && s.tokens+h.Chunk.Tokens > q.TokenBudget {
		s.drop(h, OverBudget)
		return
	}
	s.kept = append(s.kept, h)
	s.shingles = append(s.shingles, grams)
	s.perDoc[h.Document.ID]++
	s.tokens += h.Chunk.Tokens
}

const (
	// readAhead is how many hits more than are wanted are read at once: some will be dropped.
	readAhead = 2

	duplicateRun      = 4    // words
	duplicateLikeness = 0.85 // copies with another date or name in them; not neighbours that overlap
)
