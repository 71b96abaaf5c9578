package gateway

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// Headers of ragway's own.
const (
	headerRequestID = "X-Ragway-Request-Id"
	headerSources   = "X-Ragway-Sources"
	headerDegraded  = "X-Ragway-Degraded"
	headerCache     = "X-Ragway-Cache"
	headerVia       = "X-Ragway-Via" // on calls to an upstream: which gateways it came through
)

const jsonType = "application/json; charset=utf-8"

// Keys of gin's context.
const (
	keyRecord = "ragway.record"
	keyScope  = "ragway.scope"
	keyWrite  = "ragway.write"
	keySpeak  = "ragway.protocol"
	keyRoute  = "ragway.route" // the name of one that gin does not know
)

// record collects what the log says about one request: never credentials, and content
// only with Options.LogContent.
type record struct {
	id     string
	tenant string
	err    error
	attrs  []slog.Attr
}

func (r *record) add(attrs ...slog.Attr) { r.attrs = append(r.attrs, attrs...) }

func recordOf(c *gin.Context) *record {
	return c.MustGet(keyRecord).(*record)
}

// errorShape writes errors as the clients of a route know them; every wire.Protocol does.
type errorShape interface {
	AppendError(dst []byte, e wire.Error) []byte
}

// speak makes errors of a route come in a shape of its own.
func speak(shape errorShape) gin.HandlerFunc {
	return func(c *gin.Context) { c.Set(keySpeak, shape) }
}

// shapeOf is what the client of a route understands.
func shapeOf(c *gin.Context) errorShape {
	if p, ok := c.Get(keySpeak); ok {
		return p.(errorShape)
	}
	return wire.Chat
}

func scopeOf(c *gin.Context) retriever.Scope {
	return c.MustGet(keyScope).(retriever.Scope)
}

// newRequestID is unguessable, so that an id in a report proves who made the request.
func newRequestID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return "req_" + hex.EncodeToString(b[:])
}

// observe gives the request its id, and afterwards counts and logs it, also when its
// connection is being aborted.
func (s *Server) observe(c *gin.Context) {
	start := s.opt.Now()
	rec := &record{id: newRequestID()}
	c.Set(keyRecord, rec)
	c.Header(headerRequestID, rec.id)
	if c.Request.ContentLength != 0 {
		limitPause(http.NewResponseController(c.Writer), time.Now().Add(bodyTime))
	}
	defer func() {
		took := s.opt.Now().Sub(start)
		route := c.FullPath()
		if named := c.GetString(keyRoute); named != "" {
			route = named
		}
		if route == "" {
			route = "unknown"
		}
		s.metrics.observeRequest(route, c.Writer.Status(), took)
		s.log(c, rec, route, took)
	}()
	c.Next()
}

func (s *Server) log(c *gin.Context, rec *record, route string, took time.Duration) {
	level := slog.LevelInfo
	switch status := c.Writer.Status(); {
	case route == "/livez" || route == "/readyz" || route == "/metrics":
		level = slog.LevelDebug // what is not ready says so itself
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	}
	ctx := c.Request.Context()
	if !s.opt.Logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", rec.id), slog.String("method", c.Request.Method), slog.String("route", route),
		slog.Int("status", c.Writer.Status()), slog.Duration("took", took), slog.Int("bytes_out", max(c.Writer.Size(), 0)),
	}
	if rec.tenant != "" {
		attrs = append(attrs, slog.String("tenant", rec.tenant))
	}
	attrs = append(attrs, rec.attrs...)
	if rec.err != nil {
		attrs = append(attrs, slog.String("error", rec.err.Error()))
	}
	s.opt.Logger.LogAttrs(ctx, level, "request", attrs...)
}

// recovery answers a panic with a 500 where that is still possible. What is meant to
// abort the connection goes on doing so: gin's own recovery would end it cleanly, and a
// truncated stream would look whole.
func (s *Server) recovery(c *gin.Context) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		s.opt.Logger.Error("panic", "request_id", recordOf(c).id, "panic", p, "stack", string(debug.Stack()))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler)
		}
		s.answerError(c, fail(stageAnswer, errPanic))
	}()
	c.Next()
}

// requireKey lets nobody pass without a Scope.
func (s *Server) requireKey(c *gin.Context) {
	who, err := s.authenticate(c.Request)
	if err != nil {
		s.answerError(c, err)
		return
	}
	recordOf(c).tenant = who.scope.Tenant
	c.Set(keyScope, who.scope)
	c.Set(keyWrite, who.write)
}

// requireUploads answers for a server that has none.
func (s *Server) requireUploads(c *gin.Context) {
	if s.opt.Uploads == nil {
		s.answerError(c, fail(stageRoute, fmt.Errorf("%w: %s %s", errNoUploads, c.Request.Method, firstRunes(c.Request.URL.Path, longestShown))))
	}
}

// requireWrite lets only those pass who may change what they see.
func (s *Server) requireWrite(c *gin.Context) {
	if c.GetBool(keyWrite) {
		return
	}
	how := "give it write: true under auth.keys, or set auth.api_key_write for RAGWAY_API_KEY"
	if len(s.keys.sums) == 0 {
		how = "without keys, only a server on a loopback address takes changes; see auth.keys"
	}
	s.answerError(c, fail(stageAuthenticate, fmt.Errorf("%w: %s", errReadOnly, how)))
}

// answerError ends the request with err in the shape that the client understands.
func (s *Server) answerError(c *gin.Context, err error) {
	e := edgeError(err)
	s.metrics.failed(e)
	recordOf(c).err = err
	if e.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="ragway"`)
	}
	if errors.Is(err, ErrUpstreamBusy) {
		c.Header("Retry-After", "1")
	}
	c.Abort()
	c.Data(e.Status, jsonType, shapeOf(c).AppendError(nil, e.wire(recordOf(c).id)))
}

// checkLoop refuses a request that this gateway itself sent out.
func (s *Server) checkLoop(r *http.Request) error {
	if slices.Contains(r.Header[headerVia], s.loopID) {
		return fail(stageForward, errLoop)
	}
	return nil
}
