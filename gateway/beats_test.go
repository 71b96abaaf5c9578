package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"sync"
)

// beatCounter is a client that tells when so many heartbeats have reached it.
type beatCounter struct {
	beat []byte
	left int
	seen chan struct{}
	once sync.Once
}

func countBeats(beat string, n int) (*http.Client, <-chan struct{}) {
	c := &beatCounter{beat: []byte(beat), left: n, seen: make(chan struct{})}
	return &http.Client{Transport: c}, c.seen
}

// RoundTrip implements http.RoundTripper.
func (c *beatCounter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err == nil {
		resp.Body = &countedBody{resp.Body, c}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	counter *beatCounter
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.counter.left -= bytes.Count(p[:n], b.counter.beat)
	if b.counter.left <= 0 {
		b.counter.once.Do(func() { close(b.counter.seen) })
	}
	return n, err
}
