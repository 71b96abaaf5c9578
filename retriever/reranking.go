package retriever

import (
	"cmp"
	"context"
	"slices"
)

// rerank lets the reranker order the first hits; those it did not read stay below them.
// Its failure leaves the order as it is and is marked.
func (e *Engine) rerank(ctx context.Context, q Query, l *lineup, r *Result) error {
	if e.opt.Reranker == nil || len(l.hits) == 0 {
		return nil
	}
	if err := l.readTo(ctx, e.opt.RerankDepth); err != nil {
		return err
	}
	first := l.hits[:min(e.opt.RerankDepth, len(l.hits))]
	texts := make([]string, len(first))
	for i, h := range first {
		texts[i] = h.Chunk.Indexed()
	}
	start := e.opt.Now()
	scores, err := e.opt.Reranker.Rerank(ctx, q.Text, texts)
	e.opt.Observe("rerank", e.opt.Now().Sub(start), err)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e.opt.Logger.WarnContext(ctx, "reranking lost, the fused order stands", "error", err)
		r.Degraded = append(r.Degraded, Degradation{Stage: "rerank", Reason: "the reranker does not answer"})
		return nil
	}
	l.reorder(scores)
	return nil
}

// reorder ranks the first hits by scores of their own. The scores of the hits behind them
// are moved below the lowest of these, so that the score still says the order.
func (l *lineup) reorder(scores []float64) {
	first, rest := l.hits[:len(scores)], l.hits[len(scores):]
	lowest := slices.Min(scores)
	for i, score := range scores {
		first[i].Score, first[i].Signals.Rerank = score, Leg{Score: score, Known: true}
	}
	slices.SortStableFunc(first, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	for i := range first {
		first[i].Signals.Rerank.Rank = i + 1
	}
	if len(rest) == 0 {
		return
	}
	shift := min(0, lowest-rest[0].Score)
	for i := range rest {
		rest[i].Score += shift
	}
}
