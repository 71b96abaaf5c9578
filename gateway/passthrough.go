package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

// invalidReply is the error of an answer that cannot be passed on.
func (s *Server) invalidReply(reply *Reply, cause error) error {
	return &UpstreamError{Upstream: s.answeredBy(reply), Kind: ErrUpstreamInvalid, Cause: cause}
}

// answeredBy is the name of the upstream that a reply is from.
func (s *Server) answeredBy(reply *Reply) string {
	if reply == nil {
		return s.opt.Upstream.Name()
	}
	return cmp.Or(reply.Upstream, s.opt.Upstream.Name())
}

// call sends one call to the upstream, with the client's header, and counts it. A redirect
// is not passed on: the client would follow it past this gateway, with its key.
func (s *Server) call(c *gin.Context, call Call) (*Reply, error) {
	if err := s.checkLoop(c.Request); err != nil {
		return nil, err
	}
	call.Header, call.Credential = s.outgoingHeader(c.Request), s.upstreamCredential(c.Request)
	reply, err := s.opt.Upstream.Do(c.Request.Context(), call)
	s.metrics.called(s.calledName(reply, err), reply, err)
	if err == nil && !passable(reply.Status) {
		closeBody(reply.Body)
		err = s.invalidReply(reply, fmt.Errorf("status %d; is the upstream's address right?", reply.Status))
	}
	return reply, fail(stageForward, err)
}

// calledName is the upstream that answered or failed, of the names that are configured.
func (s *Server) calledName(reply *Reply, err error) string {
	var up *UpstreamError
	if errors.As(err, &up) {
		return up.Upstream
	}
	return s.answeredBy(reply)
}

// passable reports whether a status is an answer or an error, neither an interim status
// nor a redirect.
func passable(status int) bool { return status >= 200 && status < 300 || status >= 400 && status < 600 }

// relay passes a whole answer on: an error with its origin added, anything else as it is.
func (s *Server) relay(c *gin.Context, reply *Reply) {
	defer closeBody(reply.Body)
	data, err := s.readReply(reply)
	if err != nil {
		s.answerError(c, err)
		return
	}
	s.answerBytes(c, reply, data)
}

func (s *Server) readReply(reply *Reply) ([]byte, error) {
	length, err := strconv.ParseInt(reply.Header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	data, err := readBounded(reply.Body, length, s.opt.Limits.ReplyBytes)
	if errors.Is(err, errTooLarge) {
		err = s.invalidReply(reply, errReplyTooLarge)
	}
	return data, fail(stageForward, err)
}

// answerBytes answers with the upstream's status and header and these bytes.
func (s *Server) answerBytes(c *gin.Context, reply *Reply, data []byte) {
	if reply.Status >= http.StatusBadRequest {
		data = s.markUpstreamError(c, reply, data)
	}
	copyHeader(c.Writer.Header(), reply.Header)
	c.Writer.Header().Set("Content-Length", strconv.Itoa(len(data)))
	c.Writer.WriteHeader(reply.Status)
	_, _ = c.Writer.Write(data) // an error means that the client left
}

func closeBody(b io.Closer) { _ = b.Close() } // what was needed has been read
