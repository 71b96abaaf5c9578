package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// pipes accepts one connection, in memory: its deadlines follow the test's clock.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// big answers every call with a megabyte.
type big struct{}

func (big) Name() string { return "big" }
func (big) Do(context.Context, gateway.Call) (*gateway.Reply, error) {
	return &gateway.Reply{Status: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20)))}, nil
}

// silentClient serves one connection, on which the client sends what it says and then
// nothing more.
func silentClient(t *testing.T, says string, then func(net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		lib := newLibrary()
		s, err := gateway.New(gateway.Options{Retriever: lib, Store: lib, Upstream: big{}})
		if err != nil {
			t.Fatal(err)
		}
		l := pipes{make(chan net.Conn), make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- s.Serve(ctx, l) }()
		client, server := net.Pipe()
		l.conns <- server
		if _, err := io.WriteString(client, says); err != nil {
			t.Fatal(err)
		}
		then(client)
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		_ = client.Close()
	})
}

func TestBodyThatStopsComingIsGivenUp(t *testing.T) {
	silentClient(t, "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", func(c net.Conn) {
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusRequestTimeout {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}

func TestBodyThatTricklesIsGivenUp(t *testing.T) {
	silentClient(t, "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{", func(c net.Conn) {
		start := time.Now()
		answered := make(chan struct{})
		defer close(answered)
		go func() {
			for {
				select {
				case <-answered:
					return
				case <-time.After(20 * time.Second): // of the bubble's clock
					_, _ = io.WriteString(c, " ") // the server may have given up
				}
			}
		}()
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); resp.StatusCode != http.StatusRequestTimeout || took > 15*time.Minute {
			t.Errorf("status %d after %s", resp.StatusCode, took)
		}
	})
}

// net/http's client, unlike others, notices an answer while it is still sending.
func TestClientThatSendsTooMuchHearsWhy(t *testing.T) {
	g := start(t, gatewaytest.Answer("never"), func(o *gateway.Options) { o.Limits.BodyBytes = 8 << 20 })
	c, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	const size = 15 << 20
	if _, err := fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", size); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestAnswerNobodyReadsIsGivenUp(t *testing.T) {
	silentClient(t, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", func(c net.Conn) {
		time.Sleep(3 * time.Minute) // of the bubble's clock
		if data, err := io.ReadAll(c); err != nil || len(data) >= 1<<20 {
			t.Errorf("%d bytes were waiting: %v", len(data), err)
		}
	})
}
