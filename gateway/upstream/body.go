package upstream

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// answerBody is the body of an answer whose silence is watched and whose errors are typed.
type answerBody struct {
	io.Reader
	raw   io.Closer
	watch *watchdog
	idle  time.Duration
	fail  func(error) error
	once  sync.Once
}

// Read times the upstream only while it waits for it: a client that reads slowly holds
// back the reader, and that is not the upstream's silence.
func (b *answerBody) Read(p []byte) (int, error) {
	b.watch.waitFor(b.idle)
	n, err := b.Reader.Read(p)
	b.watch.rest()
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.fail(err)
	}
	return n, err
}

// Close ends the call, also when the answer is not finished.
func (b *answerBody) Close() error {
	var err error
	b.once.Do(func() {
		b.watch.stop()
		err = b.raw.Close()
	})
	return err
}

// decoded undoes the answer's Content-Encoding. None was asked for, but proxies in
// between compress without being asked.
func decoded(resp *http.Response) (io.Reader, error) {
	encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		return resp.Body, nil
	}
	if resp.ContentLength == 0 {
		return resp.Body, nil
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	switch encoding {
	case "gzip", "x-gzip":
		return &lazyReader{open: func() (io.Reader, error) { return gzip.NewReader(resp.Body) }}, nil
	case "deflate":
		return &lazyReader{open: func() (io.Reader, error) { return zlib.NewReader(resp.Body) }}, nil
	}
	return nil, fmt.Errorf("content encoding %q was not asked for and cannot be read", encoding)
}

// lazyReader opens the decoder at the first read: its header may arrive long after the
// answer's.
type lazyReader struct {
	open func() (io.Reader, error)
	r    io.Reader
}

func (l *lazyReader) Read(p []byte) (int, error) {
	if l.r == nil {
		r, err := l.open()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		l.r = r
	}
	return l.r.Read(p)
}

// hopByHop headers concern one connection only (RFC 9110 §7.6.1).
var hopByHop = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// endToEnd is h without what concerned the upstream's connection and without cookies,
// which belong to the operator's account.
func endToEnd(h http.Header) http.Header {
	for _, field := range h.Values("Connection") {
		for name := range strings.SplitSeq(field, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	h.Del("Set-Cookie")
	return h
}
