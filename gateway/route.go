package gateway

import "net/http"

// route asks where a request will go, before anything is searched for it: a model that
// nobody serves is the client's mistake.
func (s *Server) route(r *http.Request, m *modelRequest) error {
	router, ok := s.opt.Upstream.(Router)
	if !ok {
		return nil
	}
	target, err := router.Route(r.Context(), Call{API: m.api, Model: m.ruling.model(m.Model), Upstream: m.upstream()})
	if err != nil {
		return &failure{stage: stageForward, param: "model", err: err}
	}
	m.target = target
	return nil
}

// room is the model's context window in tokens and what the request takes of it, with the
// answer it leaves room for. Both are 0 where the window is not known or the request is
// far from it: a token is a byte at least, and counting costs.
func (s *Server) room(in *injected) (window, used int) {
	window = in.target.Window
	if window == 0 || len(in.body)+in.MaxOutput+in.control.tokenBudget+wordingTokens < window {
		return 0, 0
	}
	count := s.opt.CountFor(in.ruling.model(in.Model))
	used = in.MaxOutput
	for _, m := range in.Messages {
		used += count(m.Text()) + messageTokens
	}
	return window, used
}

const (
	// wordingTokens is more than the words around sources take.
	wordingTokens = 2000
	// messageTokens is what a message takes besides its text, by OpenAI's count.
	messageTokens = 4
)
