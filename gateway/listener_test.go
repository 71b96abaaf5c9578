package gateway_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ragway/gateway"
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

func TestAnswerNobodyReadsIsGivenUp(t *testing.T) {
	silentClient(t, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", func(c net.Conn) {
		time.Sleep(3 * time.Minute) // of the bubble's clock
		if data, err := io.ReadAll(c); err != nil || len(data) >= 1<<20 {
			t.Errorf("%d bytes were waiting: %v", len(data), err)
		}
	})
}
