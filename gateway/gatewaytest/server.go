// Package gatewaytest is a scripted model server for tests: it speaks OpenAI's chat API on
// a loopback listener, keeps every byte it received, and answers as told: whole, in
// pieces cut anywhere, behind a gate, compressed, with an error, or not to the end.
package gatewaytest

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Received is one request as it came off the wire.
type Received struct {
	Method string
	Path   string // with its query
	Header http.Header
	Body   []byte
}

// A Script answers one request.
type Script func(w *Writer, r Received)

// Server is a model server on a loopback port. It answers every request by its script.
type Server struct {
	URL string // with /v1, as OPENAI_BASE_URL has it

	mu       sync.Mutex
	script   Script
	received []Received
	gone     chan struct{}
	goneOnce sync.Once
	http     *httptest.Server
}

// Start runs a server until the test ends.
func Start(t testing.TB, script Script) *Server {
	t.Helper()
	s := New(script)
	t.Cleanup(s.Close)
	return s
}

// New runs a server until it is closed.
func New(script Script) *Server {
	s := &Server{script: script, gone: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL + "/v1"
	return s
}

// Close ends the server and its connections.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}

// Script changes how the server answers from the next request on.
func (s *Server) Script(script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// Received returns the requests so far.
func (s *Server) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.received...)
}

// Last returns the latest request; the test fails when there was none.
func (s *Server) Last(t testing.TB) Received {
	t.Helper()
	all := s.Received()
	if len(all) == 0 {
		t.Fatal("the model server received nothing")
	}
	return all[len(all)-1]
}

// Gone is closed once a client left before its answer was complete.
func (s *Server) Gone() <-chan struct{} { return s.gone }

func (s *Server) serve(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	got := Received{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	s.mu.Lock()
	s.received = append(s.received, got)
	script := s.script
	s.mu.Unlock()
	script(&Writer{ResponseWriter: rw, out: rw, left: r.Context().Done(), onGone: func() {
		s.goneOnce.Do(func() { close(s.gone) })
	}}, got)
}

// Writer is what a Script answers through. Nothing it writes is held back.
type Writer struct {
	http.ResponseWriter
	out    io.Writer
	left   <-chan struct{}
	onGone func()
}

// Send writes each piece and flushes it: the client sees the pieces cut as they are.
func (w *Writer) Send(pieces ...string) {
	for _, p := range pieces {
		if _, err := io.WriteString(w.out, p); err != nil {
			w.onGone()
			return
		}
		w.flush()
	}
}

func (w *Writer) flush() {
	if z, ok := w.out.(*gzip.Writer); ok {
		_ = z.Flush() // an error shows at the next write
	}
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Await waits for the gate or for the client to leave, and reports which it was.
func (w *Writer) Await(gate <-chan struct{}) bool {
	select {
	case <-gate:
		return true
	case <-w.left:
		w.onGone()
		return false
	}
}

// Cut breaks the connection off, as a crashed server does.
func (w *Writer) Cut() { panic(http.ErrAbortHandler) }

// Header values of an event stream.
const eventStream = "text/event-stream; charset=utf-8"

// StartStream sends the headers of an event stream.
func (w *Writer) StartStream() {
	w.Header().Set("Content-Type", eventStream)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	w.flush()
}

// Raw answers with exactly these bytes.
func Raw(status int, contentType, body string) Script {
	return func(w *Writer, _ Received) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(status)
		_, _ = io.WriteString(w.out, body) // a client that left is the test's business
	}
}

// Pieces streams exactly these bytes, cut as given.
func Pieces(pieces ...string) Script {
	return func(w *Writer, _ Received) {
		w.StartStream()
		w.Send(pieces...)
	}
}

// CutAfter streams the pieces and then breaks off.
func CutAfter(pieces ...string) Script {
	return func(w *Writer, _ Received) {
		w.StartStream()
		w.Send(pieces...)
		w.Cut()
	}
}

// Gated streams each piece only after a value came through the gate.
func Gated(gate <-chan struct{}, pieces ...string) Script {
	return func(w *Writer, _ Received) {
		w.StartStream()
		for _, p := range pieces {
			if !w.Await(gate) {
				return
			}
			w.Send(p)
		}
	}
}

// Gzipped answers as script does, compressed, without being asked.
func Gzipped(script Script) Script {
	return func(w *Writer, r Received) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w.ResponseWriter)
		script(&Writer{ResponseWriter: unsized{w.ResponseWriter}, out: z, left: w.left, onGone: w.onGone}, r)
		_ = z.Close() // an error means the client left
	}
}

// unsized drops the length of a body that is about to be compressed.
type unsized struct{ http.ResponseWriter }

func (u unsized) WriteHeader(status int) {
	u.Header().Del("Content-Length")
	u.ResponseWriter.WriteHeader(status)
}

func (u unsized) Flush() { u.ResponseWriter.(http.Flusher).Flush() }
