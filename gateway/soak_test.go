package gateway_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

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
