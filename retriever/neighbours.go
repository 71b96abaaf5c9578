package retriever

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"
)

// widen adds to each kept hit the chunks before and after it, as many as the query says,
// as long as they are of the same section and fit what is left of the token budget. A hit
// that a better one's text takes in is dropped as Merged, so that one stretch of text is
// one passage with one citation.
func (e *Engine) widen(ctx context.Context, q Query, s *selection) ([]Hit, error) {
	if q.Neighbours <= 0 || len(s.kept) == 0 {
		return s.kept, nil
	}
	around, err := e.around(ctx, q, s.kept)
	if err != nil {
		return nil, err
	}
	w := widening{around: around, budget: q.TokenBudget, tokens: s.tokens, taken: map[string]bool{}, hits: map[string]Hit{}}
	for _, h := range s.kept {
		w.hits[h.Chunk.ID] = h
	}
	var out []Hit
	for _, h := range s.kept {
		if w.taken[h.Chunk.ID] {
			s.drop(h, Merged)
			continue
		}
		out = append(out, w.widen(h, q.Neighbours))
	}
	return out, nil
}

// around reads the chunks beside the hits. Their IDs follow from the document's version
// and the ordinals.
func (e *Engine) around(ctx context.Context, q Query, hits []Hit) (map[string]Passage, error) {
	ids := map[string][]string{}
	for _, h := range hits {
		name := h.Document.Collection
		for i := max(0, h.Chunk.Ordinal-q.Neighbours); i <= min(h.Document.Chunks-1, h.Chunk.Ordinal+q.Neighbours); i++ {
			ids[name] = append(ids[name], ChunkID(h.Document.ID, h.Document.Version, i))
		}
	}
	for name := range ids {
		slices.Sort(ids[name])
		ids[name] = slices.Compact(ids[name])
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.StoreTimeout)
	defer cancel()
	return e.passages(ctx, q.Scope, ids)
}

// widening is the state of widening one selection.
type widening struct {
	around         map[string]Passage
	hits           map[string]Hit  // kept ones, by chunk ID
	taken          map[string]bool // chunk IDs in a text already
	budget, tokens int             // 0: no budget
}

func (w *widening) widen(h Hit, n int) Hit {
	w.taken[h.Chunk.ID] = true
	chunks := []Chunk{h.Chunk}
	grow := func(step int) {
		for i := 1; i <= n; i++ {
			c, ok := w.next(h, h.Chunk.Ordinal+i*step)
			if !ok {
				return
			}
			if step < 0 {
				chunks = slices.Insert(chunks, 0, c)
			} else {
				chunks = append(chunks, c)
			}
		}
	}
	grow(+1) // what follows explains more often than what came before
	grow(-1)
	if len(chunks) > 1 {
		h.Chunk, h.Merged = joinChunks(h.Chunk, chunks)
	}
	return h
}

// next is the chunk at an ordinal of the hit's document, if it may be added to the hit.
func (w *widening) next(h Hit, ordinal int) (Chunk, bool) {
	id := ChunkID(h.Document.ID, h.Document.Version, ordinal)
	p, ok := w.around[id]
	if !ok || w.taken[id] || !slices.Equal(p.Chunk.Headings, h.Chunk.Headings) {
		return Chunk{}, false
	}
	if _, kept := w.hits[id]; !kept { // a kept one's tokens are in the sum already
		if w.budget > 0 && w.tokens+p.Chunk.Tokens > w.budget {
			return Chunk{}, false
		}
		w.tokens += p.Chunk.Tokens
	}
	w.taken[id] = true
	return p.Chunk, true
}

// joinChunks is one passage of consecutive chunks of a document, under the identity of one
// of them. What two chunks share stands once. White space between chunks that neither of
// them has is a blank line, or a line end where there is room for no more.
func joinChunks(anchor Chunk, chunks []Chunk) (Chunk, []Span) {
	var text strings.Builder
	spans := make([]Span, len(chunks))
	out, end := anchor, chunks[0].Span.Start
	out.Tokens = 0
	for i, c := range chunks {
		spans[i] = c.Span
		part := c.Text
		switch gap := c.Span.Start - end; {
		case gap < 0:
			part = afterRunes(part, -gap)
		case gap == 1:
			text.WriteByte('\n')
		case gap > 1:
			text.WriteString("\n\n")
		}
		text.WriteString(part)
		end = max(end, c.Span.End)
		out.Tokens += c.Tokens
	}
	out.Text, out.Span = text.String(), Span{chunks[0].Span.Start, end}
	return out, spans
}

// afterRunes is s without its first n runes.
func afterRunes(s string, n int) string {
	for ; n > 0 && s != ""; n-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return s
}
