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
	want int
	read []byte // all of it
	seen chan struct{}
	once sync.Once
}

func countBeats(beat string, n int) (*http.Client, <-chan struct{}) {
	c := &beatCounter{beat: []byte(beat), want: n, seen: make(chan struct{})}
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
	c := b.counter
	c.read = append(c.read, p[:n]...)
	if bytes.Count(c.read, c.beat) >= c.want {
		c.once.Do(func() { close(c.seen) })
	}
	return n, err
}
