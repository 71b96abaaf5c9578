package gateway

import (
	"errors"
	"io"

	"github.com/gin-gonic/gin"
)

// errOthersPurpose says that a file is for a model server.
var errOthersPurpose = errors.New("files here are for retrieval: want assistants or user_data")

// keptBody keeps what has been read of a body while it may still have to go on to a model
// server: the purpose may stand behind the file. It is an io.Writer that never fails.
type keptBody struct {
	most    int64
	data    []byte
	dropped bool
	rest    io.Reader // what has not been read yet
}

func (k *keptBody) Write(p []byte) (int, error) {
	if !k.dropped && int64(len(k.data)+len(p)) > k.most {
		k.drop()
	}
	if !k.dropped {
		k.data = append(k.data, p...)
	}
	return len(p), nil
}

// drop lets go of it: the file stays here, or is too large to go on.
func (k *keptBody) drop() { k.data, k.dropped = nil, true }

// passOn sends a file that is for a model server there, byte for byte. It is false where
// there is none; then the client is told what files are taken here.
func (s *Server) passOn(c *gin.Context, kept *keptBody) bool {
	if !s.hasUpstream() {
		return false
	}
	_, err := io.CopyN(kept, kept.rest, kept.most+1)
	switch {
	case kept.dropped, err == nil:
		s.answerError(c, fail(stageDecode, errTooLarge))
	case !errors.Is(err, io.EOF):
		s.answerError(c, bodyReadError(err))
	default:
		s.forwardBody(c, forwardedTo(c.Request), kept.data)
	}
	return true
}

// isOthers passes a request for a file on that is not one of ours, and reports whether it
// did.
func (s *Server) isOthers(c *gin.Context, err error) bool {
	if !errors.Is(err, ErrFileNotFound) || !s.hasUpstream() {
		return false
	}
	s.forwardRequest(c, forwardedTo(c.Request))
	return true
}

// hasUpstream reports whether there is a model server, and not only what stands in for one.
func (s *Server) hasUpstream() bool {
	_, only := s.opt.Upstream.(StandIn)
	return !only
}
