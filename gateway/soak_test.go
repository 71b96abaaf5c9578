package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ragway/gateway/gatewaytest"
)

// descriptorsAStream is how many files one stream keeps open in this process, which holds
// client, gateway and model server alike: two connections, both ends of each.
const descriptorsAStream = 4

// streamsAtOnce is RAGWAY_SOAK_STREAMS, or a number that every machine copes with.
func streamsAtOnce(t *testing.T) int {
	n := 100
	if v := os.Getenv("RAGWAY_SOAK_STREAMS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			t.Fatalf("RAGWAY_SOAK_STREAMS: %v", err)
		}
	}
	if limit := descriptorLimit(); limit > 0 && n > (limit-100)/descriptorsAStream {
		n = (limit - 100) / descriptorsAStream
		t.Logf("the descriptor limit %d allows %d streams", limit, n)
	}
	return n
}

// All streams are held open at once before any goes on; then all run unpaced.
func TestConcurrentStreamsAreAllWhole(t *testing.T) {
	n := streamsAtOnce(t)
	arrived, begin := make(chan struct{}, n), make(chan struct{})
	const said = "Parental leave lasts sixteen weeks [1] and is paid [2], they say [9], in full."
	events := gatewaytest.Stream(gatewaytest.Runes(said, 2))
	g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.StartStream()
		arrived <- struct{}{}
		if w.Await(begin) {
			w.Send(events...)
		}
	})
	go func() {
		for range n {
			<-arrived
		}
		close(begin)
	}()
	transport := &http.Transport{MaxIdleConnsPerHost: n}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 4 * hang}
	var all errgroup.Group
	for range n {
		all.Go(func() error { return wholeStream(t, client, g.url, strings.Replace(said, " [9]", "", 1)) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d streams at once, each whole", n)
}

func wholeStream(t *testing.T, client *http.Client, url, want string) error {
	resp, err := client.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(chatBody(leaveQuestion, `"stream":true`)))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	s := readStream(t, answer{body: string(body)})
	if s.text(0) != want || !s.done || s.rag == nil || len(s.annotations[0]) != 2 {
		return errors.New(fmt.Sprint("not whole: ", string(body)))
	}
	return nil
}

// fates of a stream.
const (
	completes = iota
	isCut     // by the upstream, at some byte
	isLeft    // by the client, after some bytes
	fates
)

// mixedStreams is RAGWAY_SOAK_MIXED, or a number that takes a moment.
func mixedStreams(t *testing.T) int {
	v := os.Getenv("RAGWAY_SOAK_MIXED")
	if v == "" {
		return 400
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		t.Fatalf("RAGWAY_SOAK_MIXED: %v", err)
	}
	return n
}

// Streams in all protocols that complete, are cut, or are left by their client, some at a
// time: none that was cut looks whole, none that completes is not, and what they took is
// given back.
func TestMixedStreamsEndAsTheyShould(t *testing.T) {
	n := mixedStreams(t)
	g := start(t, func(w *gatewaytest.Writer, r gatewaytest.Received) {
		p := tongueOfPath(r.Path)
		stream := strings.Join(p.stream(gatewaytest.Runes(citedAnswer, 5)), "")
		w.StartStream()
		if at, err := strconv.Atoi(r.Header.Get("X-Cut")); err == nil {
			w.Send(stream[:at])
			w.Cut()
		}
		for _, piece := range gatewaytest.Bytes([]string{stream}, 100) {
			w.Send(piece)
		}
	})
	one := func(client *http.Client, i int) error {
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		return mixedStream(client, g.url, tongues[rng.IntN(len(tongues))], rng.IntN(fates), rng)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	client := &http.Client{Transport: transport, Timeout: 4 * hang}
	for i := range 64 { // what is kept for the next ones is there before the count
		if err := one(client, i); err != nil {
			t.Fatal(err)
		}
	}
	goroutines, files := runtime.NumGoroutine(), openFiles()
	var all errgroup.Group
	all.SetLimit(64)
	for i := range n {
		all.Go(func() error { return one(client, i) })
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	settle(t, "goroutines", goroutines, runtime.NumGoroutine)
	settle(t, "open files", files, openFiles)
	transport.CloseIdleConnections()
	t.Logf("%d streams, each as it should be; goroutines %d then %d, open files %d then %d", n, goroutines, runtime.NumGoroutine(), files, openFiles())
}

func tongueOfPath(path string) tongue {
	for _, p := range tongues {
		if strings.HasPrefix(p.path, path) || p.name == "gemini" && strings.Contains(path, ":stream") {
			return p
		}
	}
	return tongues[0]
}

// mixedStream runs one stream to its fate.
func mixedStream(client *http.Client, url string, p tongue, fate int, rng *rand.Rand) error {
	path, body := p.asksToStream()
	ctx, cancel := context.WithTimeout(context.Background(), 4*hang)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	stream := strings.Join(p.stream(gatewaytest.Runes(citedAnswer, 5)), "")
	last := len(strings.TrimRight(stream, "\r\n"))
	if p.name == "chat" {
		last = strings.Index(stream, `"finish_reason":"stop"`)
	}
	if fate == isCut {
		req.Header.Set("X-Cut", strconv.Itoa(rng.IntN(last)))
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if fate == isLeft {
		_, _ = io.CopyN(io.Discard, resp.Body, rng.Int64N(500)) // a client that leaves has no errors
		return nil
	}
	data, err := io.ReadAll(resp.Body)
	switch {
	case fate == isCut && err == nil:
		return fmt.Errorf("%s: a stream that was cut looks whole: %s", p.name, data)
	case fate == completes && err != nil:
		return fmt.Errorf("%s: %w after %s", p.name, err, data)
	case fate == completes && !strings.Contains(string(data), `"cited":true`):
		return fmt.Errorf("%s: no rag object in %s", p.name, data)
	}
	return nil
}

// openFiles counts the descriptors of this process, 0 where the system does not show them.
func openFiles() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// settle waits until a count is back where it was, give or take what is kept for later.
func settle(t *testing.T, what string, before int, count func() int) {
	t.Helper()
	const kept = 400 // connections of 64 clients at a time, both ends and what reads them
	deadline := time.Now().Add(hang)
	for count() > before+kept {
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d before, %d afterwards", what, before, count())
		}
		runtime.Gosched()
	}
}
