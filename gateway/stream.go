package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"ragway/gateway/wire"
)

// stream passes a stream of events on, each as soon as it is there. A stream that does
// not come to its end is never ended cleanly: the client gets an error event, then an
// aborted connection.
func (s *Server) stream(c *gin.Context, in injected, reply *Reply) {
	copyHeader(c.Writer.Header(), reply.Header)
	for _, name := range bodyHeaders {
		c.Writer.Header().Del(name)
	}
	c.Writer.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	c.Writer.WriteHeader(reply.Status)
	beat := s.opt.Limits.Heartbeat
	if in.untouched() {
		beat = 0 // the answer's bytes are the upstream's
	}
	stream := in.Protocol.NewStream(in.Request)
	out := newEventWriter(c.Writer, beat, stream.Heartbeat)
	defer out.close()

	start := s.opt.Now()
	var filter eventFilter = &rawFilter{stream: stream}
	if !in.untouched() {
		filter = s.newGrounder(in, recordOf(c).id, stream)
	}
	err := copyEvents(out, stream.Events(reply.Body), filter, func() {
		s.metrics.firstToken.Observe(s.opt.Now().Sub(in.sent).Seconds())
	})
	s.ObserveStage(string(stageAnswer), s.opt.Now().Sub(start), err)
	if err != nil {
		s.abortStream(c, out, stream, s.answeredBy(reply), err)
	}
}

// eventFilter turns the upstream's events into the client's.
type eventFilter interface {
	// event appends what goes out for e to dst.
	event(dst []byte, e wire.Event) ([]byte, error)
	// done reports whether the stream has said that nothing follows.
	done() bool
	// end appends what is still to go out after the last event, and reports whether the
	// stream came to its end.
	end(dst []byte) ([]byte, bool)
}

// errClientGone says that writing to the client failed.
var errClientGone = errors.New("client gone")

func copyEvents(out *eventWriter, in wire.EventSource, filter eventFilter, first func()) error {
	var buf []byte
	for n := 0; ; n++ {
		e, err := in.Next()
		if errors.Is(err, io.EOF) || err != nil && filter.done() { // nothing is missing
			break
		}
		if err != nil {
			return err
		}
		if n == 0 {
			first()
		}
		if buf, err = filter.event(buf[:0], e); err != nil {
			return err
		}
		if err := out.write(buf); err != nil {
			return errClientGone
		}
	}
	rest, whole := filter.end(buf[:0])
	if !whole {
		return &UpstreamError{Kind: ErrUpstreamCut}
	}
	if err := out.write(rest); err != nil {
		return errClientGone
	}
	return nil
}

// abortStream ends a stream that is not whole, so that nobody takes it for one.
func (s *Server) abortStream(c *gin.Context, out *eventWriter, stream wire.Stream, upstream string, err error) {
	by, err := s.brokeOff(c.Request.Context(), upstream, err)
	s.metrics.aborted.WithLabelValues(by).Inc()
	e := edgeError(fail(stageAnswer, err))
	s.metrics.failed(e)
	recordOf(c).err = err
	if by != byClient {
		_ = out.write(stream.AppendError(nil, e.wire(recordOf(c).id))) // the connection ends either way
	}
	out.close()
	panic(http.ErrAbortHandler)
}

// brokeOff says who ended an answer that is not whole, and with what.
func (s *Server) brokeOff(ctx context.Context, upstream string, err error) (by string, cause error) {
	var up *UpstreamError
	switch {
	case errors.Is(context.Cause(ctx), errShutdown):
		return byGateway, errShutdown
	case ctx.Err() != nil, errors.Is(err, errClientGone):
		return byClient, context.Canceled
	case errors.As(err, &up):
		return byUpstream, &UpstreamError{Upstream: upstream, Kind: up.Kind, Cause: up.Cause}
	case errors.Is(err, wire.ErrEventTooLarge):
		return byUpstream, &UpstreamError{Upstream: upstream, Kind: ErrUpstreamInvalid, Cause: err}
	}
	return byGateway, err
}

// rawFilter changes nothing; it only watches for the end.
type rawFilter struct {
	stream wire.Stream
	rest   []byte // of an event that was not completed
}

func (f *rawFilter) event(dst []byte, e wire.Event) ([]byte, error) {
	f.stream.Watch(e)
	if !e.Complete { // where it was cut, an error event comes in its place
		f.rest = bytes.Clone(e.Raw)
		return dst, nil
	}
	return append(dst, e.Raw...), nil
}

func (f *rawFilter) done() bool { return f.stream.Done() }

func (f *rawFilter) end(dst []byte) ([]byte, bool) {
	return append(dst, f.rest...), f.stream.Whole()
}
