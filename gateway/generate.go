package gateway

import (
	"cmp"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"ragway/gateway/wire"
)

// generate answers requests to a model in any protocol.
func (s *Server) generate(at endpoint) gin.HandlerFunc {
	return func(c *gin.Context) { s.answerModel(c, at) }
}

// azure answers chats under Azure OpenAI's paths, which have the model in them.
func (s *Server) azure(c *gin.Context) {
	at := chatEndpoint
	at.model = c.Param("model")
	s.answerModel(c, at)
}

// gemini answers requests to a model under Gemini's paths.
func (s *Server) gemini(c *gin.Context) {
	at, ok := geminiEndpoint(c.Param("call"), c.Request.URL)
	if !ok {
		s.noRoute(c)
		return
	}
	s.answerModel(c, at)
}

func (s *Server) answerModel(c *gin.Context, at endpoint) {
	in, err := s.prepare(c, at)
	if err != nil {
		s.answerError(c, err)
		return
	}
	s.describe(c, in)
	if in.control.dryRun {
		s.dryRun(c, in)
		return
	}
	in.sent = s.opt.Now()
	reply, err := s.forward(c, in)
	if err != nil {
		s.answerError(c, err)
		return
	}
	defer closeBody(reply.Body)
	s.answer(c, in, reply)
}

// prepare runs the stages before the upstream is asked.
func (s *Server) prepare(c *gin.Context, at endpoint) (injected, error) {
	scope := scopeOf(c)
	decoded, err := measured(s, stageDecode, func() (modelRequest, error) { return s.decode(c.Writer, c.Request, at, scope) })
	if err != nil {
		return injected{}, err
	}
	if err := s.route(c.Request, &decoded); err != nil {
		return injected{}, err
	}
	asked, err := measured(s, stageUnderstand, func() (understood, error) { return s.rewrite(c.Request.Context(), understand(decoded)) })
	if err != nil {
		return injected{}, err
	}
	found, err := measured(s, stageRetrieve, func() (retrieved, error) { return s.retrieve(c.Request.Context(), asked, scope) })
	if err != nil {
		return injected{}, err
	}
	return measured(s, stageInject, func() (injected, error) { return s.inject(c.Request.Context(), found, s.publicBase(c.Request), scope) })
}

// describe tells the log, the metrics and the header what went in.
func (s *Server) describe(c *gin.Context, in injected) {
	recordOf(c).add(slog.Bool("stream", in.Stream), slog.Bool("retrieved", in.asked), slog.Int("sources", len(in.sources)))
	if s.opt.LogContent {
		recordOf(c).add(slog.String("question", in.question.Text), slog.String("request", string(in.request)))
	}
	if in.control.off {
		return
	}
	s.metrics.profiles.WithLabelValues(in.profile.Name, in.profile.version).Inc()
	recordOf(c).add(slog.String("profile", in.profile.Name), slog.String("profile_version", in.profile.version))
	if len(in.sources) > 0 {
		s.metrics.contextTokens.Observe(float64(in.tokens))
	}
	c.Header(headerSources, strconv.Itoa(len(in.sources)))
	c.Header(headerCache, "bypass") // nothing is cached yet
	if lost := degradedHeader(in.degraded); lost != "" {
		c.Header(headerDegraded, lost)
		recordOf(c).add(slog.String("degraded", lost))
	}
}

// dryRun shows what would have gone out.
func (s *Server) dryRun(c *gin.Context, in injected) {
	c.Data(http.StatusOK, jsonType, marshal(struct {
		Rag     ragObject `json:"rag"`
		Request string    `json:"request"` // the exact bytes
	}{s.rag(in, recordOf(c).id, nil), string(in.request)}))
}

// refusal is what is said instead of asking a model under the policy Refuse, where the
// profile has no other words.
const refusal = "I could not find anything about this in the documents."

// forward asks the upstream, or answers itself where the policy says so.
func (s *Server) forward(c *gin.Context, in injected) (*Reply, error) {
	if in.control.onEmpty == Refuse && in.empty() {
		done := wire.Completion{ID: recordOf(c).id, Created: s.opt.Now().Unix(), Model: in.Model}
		for range in.N {
			done.Texts = append(done.Texts, cmp.Or(in.profile.Refusal, refusal))
		}
		return Answer(in.Request, done), nil
	}
	return measured(s, stageForward, func() (*Reply, error) { return s.call(c, in.call()) })
}

// answer passes the upstream's answer on, grounded where that is wanted and possible.
func (s *Server) answer(c *gin.Context, in injected, reply *Reply) {
	switch {
	case reply.Status >= http.StatusBadRequest:
		s.relay(c, reply)
	case in.Stream && in.Array || isEventStream(reply.Header):
		s.stream(c, in, reply)
	case in.untouched():
		s.relay(c, reply)
	default:
		s.answerWhole(c, in, reply)
	}
}

func isEventStream(h http.Header) bool {
	return strings.HasPrefix(strings.ToLower(h.Get("Content-Type")), "text/event-stream")
}
