package gateway

import (
	"context"
	"strings"

	"ragway/gateway/ground"
	"ragway/gateway/wire"
	"ragway/retriever"
)

// understood is a request with the question it asks and the number its first source gets.
type understood struct {
	modelRequest
	turns    []retriever.Turn
	question retriever.Question
	first    int // number of the first source

	rewritten retriever.Rewritten
	degraded  []retriever.Degradation
}

// understand finds the question in the conversation. Only what people and the model said
// counts: tool results and system text are never searched for.
func understand(r modelRequest) understood {
	u := understood{modelRequest: r, first: 1}
	if r.control.off {
		return u
	}
	u.turns = make([]retriever.Turn, 0, len(r.Messages))
	highest, last := 0, r.LastUser()
	for i, m := range r.Messages {
		switch m.Role {
		case "user":
			u.turns = append(u.turns, retriever.Turn{User: true, Text: firstRunes(m.Text(), retriever.MaxQueryRunes)})
		case "assistant":
			text := m.Text()
			u.turns = append(u.turns, retriever.Turn{Text: firstRunes(text, retriever.MaxQueryRunes)})
			if i < last { // what follows the question is this turn's own tool loop
				highest = max(highest, ground.MaxMarker(text))
			}
		}
	}
	u.question = retriever.Ask(u.turns)
	u.first = ground.FirstNumber(highest)
	return u
}

// rewrite lets a model reword the question. Where it fails, the question is searched as it
// was understood.
func (s *Server) rewrite(ctx context.Context, u understood) (understood, error) {
	if s.opt.Rewriter == nil || u.control.off || u.question.Text == "" {
		return u, nil
	}
	start := s.opt.Now()
	rewritten, err := s.opt.Rewriter.Rewrite(ctx, u.turns, u.question)
	s.ObserveStage("rewrite", s.opt.Now().Sub(start), err)
	switch {
	case ctx.Err() != nil:
		return u, fail(stageUnderstand, context.Cause(ctx))
	case err != nil:
		s.opt.Logger.WarnContext(ctx, "rewriting lost, the question is searched as it is", "error", err)
		u.degraded = append(u.degraded, retriever.Degradation{Stage: "rewrite", Reason: "the model that rewords questions does not answer"})
		return u, nil
	}
	s.metrics.rewriteTokens.Add(float64(rewritten.Tokens))
	u.rewritten = rewritten
	if rewritten.Text != "" {
		u.question.Text = rewritten.Text
	}
	return u, nil
}

// firstRunes is s cut to at most n runes, and lets go of the rest.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return strings.Clone(s[:i])
		}
		n--
	}
	return s
}

// literals are the markers that stand in the conversation already.
func literals(r *wire.Request, sources []Source) ground.Literals {
	var l ground.Literals
	for _, m := range r.Messages {
		l.Scan(m.Text())
	}
	for _, src := range sources {
		l.Scan(src.Text)
	}
	return l
}
