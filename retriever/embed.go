package retriever

import (
	"context"
	"slices"
)

// embed returns a vector for each wording of the query, none when there is nothing to
// compare them with, and marks what was lost. A query over collections without vectors
// costs no call of the embedder.
func (e *Engine) embed(ctx context.Context, q Query, spaces []space, r *Result) []Vector {
	if q.Mode == Lexical {
		return nil
	}
	if q.Mode == Dense {
		mark(r, spaces, func(s space) bool { return !s.hasVectors() }, "the collection has no vectors")
	}
	if !slices.ContainsFunc(spaces, space.hasVectors) {
		return nil
	}
	if e.opt.Embedder == nil {
		mark(r, spaces, space.hasVectors, "no embedder is configured")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.EmbedTimeout)
	defer cancel()
	start := e.opt.Now()
	vectors, err := e.queryVectors(ctx, q, spaces, r)
	e.opt.Observe("embed", e.opt.Now().Sub(start), err)
	if err != nil {
		e.opt.Logger.WarnContext(ctx, "query embedding lost, searching by words", "error", err)
		r.Degraded = append(r.Degraded, Degradation{Stage: "embed", Reason: "the embedder does not answer"})
		return nil
	}
	return vectors
}

// queryVectors embeds the query's wordings unless no collection's vectors can be compared
// with them.
func (e *Engine) queryVectors(ctx context.Context, q Query, spaces []space, r *Result) ([]Vector, error) {
	configured, err := e.probe.fingerprint(ctx, e.opt.Embedder)
	if err != nil {
		return nil, err
	}
	usable := false
	for i := range spaces {
		s := &spaces[i]
		if !s.hasVectors() {
			continue
		}
		if s.mismatch = s.fingerprint.Matches(configured); s.mismatch != nil {
			r.Degraded = append(r.Degraded, Degradation{Stage: "dense", Collection: s.name, Reason: s.mismatch.Error()})
		}
		usable = usable || s.mismatch == nil
	}
	if !usable {
		return nil, nil
	}
	if q.Mode == Dense && configured.IsStatic() {
		r.Notes = append(r.Notes, "the built-in embedder alone finds less than words do: hybrid is better, and so is a real embedding model")
	}
	return e.embedWordings(ctx, q, r)
}

// embedWordings embeds the passage of HyDE as the document it imitates, and the other
// wordings as the questions they are.
func (e *Engine) embedWordings(ctx context.Context, q Query, r *Result) ([]Vector, error) {
	questions := q.wordings()
	var vectors []Vector
	if q.Hypothetical != "" {
		v, err := e.opt.Embedder.Embed(ctx, DocumentText, []string{q.Hypothetical})
		if err != nil {
			return nil, err
		}
		vectors, questions = v, questions[1:]
		r.EmbedTokens += e.opt.Count(q.Hypothetical)
	}
	if len(questions) > 0 {
		v, err := e.opt.Embedder.Embed(ctx, QueryText, questions)
		if err != nil {
			return nil, err
		}
		vectors = append(vectors, v...)
	}
	for _, text := range questions {
		r.EmbedTokens += e.opt.Count(text)
	}
	return vectors, nil
}

// mark says of each collection that which holds for that its vectors are not used.
func mark(r *Result, spaces []space, which func(space) bool, reason string) {
	for _, s := range spaces {
		if which(s) {
			r.Degraded = append(r.Degraded, Degradation{Stage: "dense", Collection: s.name, Reason: reason})
		}
	}
}
