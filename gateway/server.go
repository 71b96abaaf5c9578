package gateway

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ragway/gateway/wire"
)

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	opt      Options
	keys     keyring
	links    linkSigner
	metrics  *metrics
	fenceKey []byte // of prompt nonces
	loopID   string // stands in every call this gateway makes
	handler  http.Handler
	passes   passList
	policy   atomic.Pointer[Policy]
	draining atomic.Bool
}

// New returns a Server. It binds nothing and calls nothing.
func New(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.applyDefaults()
	keys, err := newKeyring(o.Keys)
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(o.Registerer, o.Version, o.Catalog)
	if err != nil {
		return nil, fmt.Errorf("gateway: metrics: %w", err)
	}
	if w, ok := o.Upstream.(watched); ok {
		if err := o.Registerer.Register(newUpstreamCollector(w)); err != nil {
			return nil, fmt.Errorf("gateway: metrics: %w", err)
		}
	}
	s := &Server{opt: o, keys: keys, metrics: m}
	if err := s.SetPolicy(o.Policy); err != nil {
		return nil, err
	}
	s.passes = newPassList(o.PassThrough)
	s.links = linkSigner{key: derive(o.Secret, "document link"), now: o.Now, lifetime: o.Limits.LinkLifetime}
	s.fenceKey = derive(o.Secret, "fence")
	s.loopID = hex.EncodeToString(derive(o.Secret, "loop")[:8])
	s.handler = s.routes()
	return s, nil
}

// derive makes a key for one purpose of the server's secret.
func derive(secret []byte, purpose string) []byte {
	h := hmac.New(sha256.New, secret)
	_, _ = h.Write([]byte("ragway/" + purpose)) // a hash never fails
	return h.Sum(nil)
}

// Handler serves without a listener of its own, as tests do.
func (s *Server) Handler() http.Handler { return s.handler }

func (s *Server) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.Use(s.observe, s.recovery, s.guardBrowser)
	e.NoRoute(s.noRoute)
	e.NoMethod(s.noMethod)

	e.POST("/v1/messages", speak(wire.Messages), s.requireKey, s.generate(messagesEndpoint))
	e.POST("/openai/deployments/:model/chat/completions", s.requireKey, s.azure)
	for _, version := range []string{"/v1beta", "/v1"} { // Google's clients use either
		e.POST(version+"/models/*call", speak(wire.Gemini), s.requireKey, s.gemini)
	}
	e.GET("/v1beta/models", speak(wire.Gemini), s.requireKey, s.geminiModels)
	v1 := e.Group("/v1", s.requireKey)
	v1.POST("/chat/completions", s.generate(chatEndpoint))
	v1.POST("/responses", speak(wire.Responses), s.generate(responsesEndpoint))
	v1.POST("/embeddings", s.embeddings)
	v1.GET("/models", s.models)
	v1.POST("/vector_stores/:id/search", s.search)
	v1.POST("/rerank", s.rerank)
	e.POST("/v2/rerank", s.requireKey, s.rerank) // where Cohere's own client has it
	e.POST("/retrieval", speak(difyErrors{}), s.requireKey, s.dify)
	s.uploadRoutes(v1.Group("", s.requireUploads))

	read := []string{http.MethodGet, http.MethodHead}
	e.Match(read, "/v1/documents/:id", s.document)
	e.Match(read, "/livez", s.livez)
	e.Match(read, "/readyz", s.readyz)
	e.GET("/openapi.json", s.describeAPI)
	e.GET("/metrics", gin.WrapH(promhttp.HandlerFor(s.opt.Gatherer, promhttp.HandlerOpts{EnableOpenMetrics: true})))
	if s.opt.MCP != nil {
		e.Match([]string{http.MethodGet, http.MethodPost, http.MethodDelete}, "/mcp", s.requireKey, s.mcp)
	}
	if s.opt.UI != nil {
		e.Match(read, "/", gin.WrapH(s.opt.UI))
		e.GET("/ui/*file", gin.WrapH(s.opt.UI))
	}
	return e
}

// mcp hands a request to the MCP server, with who makes it.
func (s *Server) mcp(c *gin.Context) {
	ctx := WithCaller(c.Request.Context(), Caller{scopeOf(c), s.publicBase(c.Request)})
	s.opt.MCP.ServeHTTP(c.Writer, c.Request.WithContext(ctx))
}

// longestShown is how much of a client's text an error repeats, in characters.
const longestShown = 200

// headerTimeout and idleTimeout bound what a connection may cost that sends nothing.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
)

// headerBytes bounds what a caller can have kept before showing a key; net/http's own
// bound is a megabyte.
const headerBytes = 64 << 10

// lastWord is how long requests that are broken off at shutdown have to say so.
const lastWord = time.Second

// Serve answers on l until ctx is cancelled. Then it stops accepting, waits for running
// requests at most Limits.DrainTimeout, breaks off what is left, each with an error, and
// returns nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	requests, breakOff := context.WithCancelCause(context.WithoutCancel(ctx))
	defer breakOff(nil)
	srv := &http.Server{
		BaseContext: func(net.Listener) context.Context { return requests },
		Handler:     s.handler, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes,
		ErrorLog: slog.NewLogLogger(s.opt.Logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(patientListener{l}) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.draining.Store(true)
	err := shutdown(srv, s.opt.Limits.DrainTimeout)
	if errors.Is(err, context.DeadlineExceeded) {
		s.opt.Logger.Warn("requests broken off at shutdown", "drain_timeout", s.opt.Limits.DrainTimeout)
		breakOff(errShutdown)
		err = shutdown(srv, lastWord)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	if err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}

// shutdown stops accepting and waits for running requests, as long as it may.
func shutdown(srv *http.Server, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	return srv.Shutdown(ctx)
}
