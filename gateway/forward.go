package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"ragway/gateway/wire"
)

// noRoute answers a request that no route is for: it goes on to an upstream if it is on the
// list.
func (s *Server) noRoute(c *gin.Context) {
	if !s.passes.allows(c.Request.Method, c.Request.URL) {
		s.unknownURL(c)
		return
	}
	c.Set(keyRoute, "passthrough")
	c.Status(http.StatusOK) // gin has put down a 404
	at := forwardedTo(c.Request)
	c.Set(keySpeak, at.protocol)
	if s.requireKey(c); !c.IsAborted() {
		s.forwardRequest(c, at)
	}
}

// noMethod is noRoute for a path that other methods have.
func (s *Server) noMethod(c *gin.Context) {
	if s.passes.allows(c.Request.Method, c.Request.URL) {
		s.noRoute(c)
		return
	}
	s.answerError(c, fail(stageRoute, fmt.Errorf("%w: %s", errMethod, c.Request.Method)))
}

func (s *Server) unknownURL(c *gin.Context) {
	s.answerError(c, fail(stageRoute, fmt.Errorf("%w: %s %s", errRoute, c.Request.Method, firstRunes(c.Request.URL.Path, longestShown))))
}

// forwardedTo says which API a path belongs to and what it is there.
func forwardedTo(r *http.Request) endpoint {
	path := r.URL.EscapedPath()
	at := endpoint{protocol: wire.Chat, api: OpenAI, query: withoutKey(r.URL)}
	rest, isGemini := strings.CutPrefix(path, "/v1beta")
	if !isGemini {
		rest = strings.TrimPrefix(path, "/v1")
	}
	at.path = rest
	model, isModel := strings.CutPrefix(rest, "/models/")
	switch {
	case isGemini, isModel && strings.Contains(model, ":") && r.Method == http.MethodPost:
		at.protocol, at.api = wire.Gemini, Gemini
		at.model, at.method, _ = cutLast(model, ":")
	case strings.HasPrefix(rest, "/messages"), isModel && r.Header.Get("Anthropic-Version") != "":
		at.protocol, at.api = wire.Messages, Anthropic
	}
	if isModel && at.method == "" {
		at.model = model
	}
	return at
}

// forwardRequest passes a request on as it is, and the answer back.
func (s *Server) forwardRequest(c *gin.Context, at endpoint) {
	body, err := readBody(c.Writer, c.Request, s.opt.Limits.BodyBytes)
	if err != nil {
		s.answerError(c, err)
		return
	}
	s.forwardBody(c, at, body)
}

func (s *Server) forwardBody(c *gin.Context, at endpoint, body []byte) {
	call := Call{Method: c.Request.Method, Path: at.path, Query: at.query, API: at.api, Model: at.model}
	if call.Model == "" {
		call.Model = modelIn(c.GetHeader("Content-Type"), body)
	}
	call.Body = body
	if len(body) == 0 {
		call.Body = nil
	}
	if under := s.policy.Load().rule(call.Model); under.virtual != nil {
		if at.model != "" && c.Request.Method == http.MethodGet {
			c.Data(http.StatusOK, jsonType, modelLists[at.api].entry(call.Model))
			return
		}
		call = renamedCall(call, under)
	}
	recordOf(c).add(slog.String("path", c.Request.URL.Path))
	reply, err := s.call(c, call)
	if err != nil {
		s.answerError(c, err)
		return
	}
	defer closeBody(reply.Body)
	if reply.Status >= http.StatusBadRequest {
		s.relay(c, reply)
		return
	}
	s.copyAnswer(c, reply)
}

// renamedCall is the call for the model that a virtual one stands for.
func renamedCall(call Call, under ruling) Call {
	model := under.virtual.Model
	if renamed, ok := wire.SetString(call.Body, "model", model); ok {
		call.Body = renamed
	}
	call.Path = strings.Replace(call.Path, "/models/"+call.Model, "/models/"+model, 1)
	call.Model, call.Upstream = model, under.virtual.Upstream
	return call
}

// modelIn is the model that a body asks for, in JSON or in a form; "" where none is named.
func modelIn(contentType string, body []byte) string {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" {
		return wire.ModelOf(body)
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return ""
		}
		if part.FormName() == "model" {
			value, _ := io.ReadAll(io.LimitReader(part, longestField)) // of memory
			return string(value)
		}
	}
}

// copyAnswer passes an answer on as it comes, whatever it is. One that breaks off is not
// ended cleanly.
func (s *Server) copyAnswer(c *gin.Context, reply *Reply) {
	copyHeader(c.Writer.Header(), reply.Header)
	c.Writer.WriteHeader(reply.Status)
	out := http.NewResponseController(c.Writer)
	events := isEventStream(reply.Header)
	buf := make([]byte, 32<<10)
	for {
		n, err := reply.Body.Read(buf)
		if n > 0 {
			if _, werr := c.Writer.Write(buf[:n]); werr != nil {
				err = errClientGone
			} else if events {
				_ = out.Flush() // a client that left shows at the next write
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			s.abortAnswer(c, s.answeredBy(reply), err)
		}
	}
}

// abortAnswer ends a connection so that nobody takes its answer for whole.
func (s *Server) abortAnswer(c *gin.Context, upstream string, err error) {
	by, err := s.brokeOff(c.Request.Context(), upstream, err)
	s.metrics.aborted.WithLabelValues(by).Inc()
	recordOf(c).err = err
	s.metrics.failed(edgeError(fail(stageAnswer, err)))
	panic(http.ErrAbortHandler)
}
