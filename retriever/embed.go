package retriever

import (
	"context"
	"slices"
	"sync"
)

// questions are the vectors of the query's wordings, by the embedder that made them.
type questions map[*questioner][]Vector

// embed returns the vectors that the spaces' own can be compared with, and marks what was
// lost. A query over collections without vectors costs no call of an embedder.
func (e *Engine) embed(ctx context.Context, q Query, spaces []space, r *Result) questions {
	if q.Mode == Lexical {
		return nil
	}
	if q.Mode == Dense {
		mark(r, spaces, func(s space) bool { return !s.hasVectors() }, "the collection has no vectors")
	}
	if !slices.ContainsFunc(spaces, space.hasVectors) {
		return nil
	}
	if e.embedders == nil {
		mark(r, spaces, space.hasVectors, "no embedder is configured")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.opt.EmbedTimeout)
	defer cancel()
	start := e.opt.Now()
	vectors, err := e.questionVectors(ctx, q, spaces, r)
	e.opt.Observe("embed", e.opt.Now().Sub(start), err)
	return vectors
}

// questionVectors asks every embedder that a collection needs, side by side. An embedder
// that fails costs its collections their vectors and no more; err is one such failure.
func (e *Engine) questionVectors(ctx context.Context, q Query, spaces []space, r *Result) (_ questions, err error) {
	lost := e.assign(ctx, spaces)
	for _, s := range spaces {
		if s.hasVectors() && s.embedder == nil {
			r.Degraded = append(r.Degraded, Degradation{Stage: "dense", Collection: s.name, Reason: s.mismatch.Error()})
		}
	}
	used := e.used(spaces)
	if q.Mode == Dense && slices.ContainsFunc(used, func(a *questioner) bool { return a.Fingerprint().IsStatic() }) {
		r.Notes = append(r.Notes, "the built-in embedder alone finds less than words do: hybrid is better, and so is a real embedding model")
	}
	vectors := make([][]Vector, len(used))
	errs := make([]error, len(used))
	var wg sync.WaitGroup
	for i, a := range used {
		if errs[i] = lost[a]; errs[i] == nil {
			wg.Go(func() { vectors[i], errs[i] = embedWordings(ctx, a, q) })
		}
	}
	wg.Wait()
	out := questions{}
	for i, a := range used {
		if errs[i] == nil {
			out[a] = vectors[i]
			r.EmbedTokens += e.wordingTokens(q)
			continue
		}
		err = errs[i]
		e.opt.Logger.WarnContext(ctx, "query embedding lost, searching by words", "embedder", a.Fingerprint().Model, "error", err)
		lost := Degradation{Stage: "embed", Reason: "the embedder does not answer"}
		if len(used) == 1 {
			r.Degraded = append(r.Degraded, lost)
			continue
		}
		for _, s := range spaces {
			if s.embedder == a {
				lost.Collection = s.name
				r.Degraded = append(r.Degraded, lost)
			}
		}
	}
	return out, err
}

// embedWordings embeds the passage of HyDE as the document it imitates, and the other
// wordings as the questions they are.
func embedWordings(ctx context.Context, e Embedder, q Query) ([]Vector, error) {
	asked := q.wordings()
	var vectors []Vector
	if q.Hypothetical != "" {
		v, err := e.Embed(ctx, DocumentText, []string{q.Hypothetical})
		if err != nil {
			return nil, err
		}
		vectors, asked = v, asked[1:]
	}
	if len(asked) > 0 {
		v, err := e.Embed(ctx, QueryText, asked)
		if err != nil {
			return nil, err
		}
		vectors = append(vectors, v...)
	}
	return vectors, nil
}

// wordingTokens is what embedWordings gives an embedder to read.
func (e *Engine) wordingTokens(q Query) (n int) {
	for _, text := range q.wordings() {
		n += e.opt.Count(text)
	}
	return n
}

// mark says of each collection that which holds for that its vectors are not used.
func mark(r *Result, spaces []space, which func(space) bool, reason string) {
	for _, s := range spaces {
		if which(s) {
			r.Degraded = append(r.Degraded, Degradation{Stage: "dense", Collection: s.name, Reason: reason})
		}
	}
}
