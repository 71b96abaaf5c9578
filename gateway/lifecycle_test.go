package gateway_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
)

// hang bounds what should happen at once; it only ends tests that hang.
const hang = 30 * time.Second

func TestEventsArriveOneByOne(t *testing.T) {
	gateCh := make(chan struct{})
	events := gatewaytest.Stream([]string{"One ", "two."})
	g := start(t, gatewaytest.Gated(gateCh, events...))
	for _, members := range []string{`"stream":true`, `"stream":true,"rag":false`} {
		resp, err := http.Post(g.url+"/v1/chat/completions", "application/json", strings.NewReader(chatBody("How long is parental leave?", members)))
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(resp.Body)
		for range events { // each is read before the next is sent
			gateCh <- struct{}{}
			if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, "data: ") {
				t.Fatalf("%q %v", line, err)
			}
			for in.Buffered() > 0 {
				if _, err := in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := io.Copy(io.Discard, in); err != nil {
			t.Errorf("end of the stream: %v", err)
		}
		_ = resp.Body.Close()
	}
}

func TestClientGoneCancelsTheUpstream(t *testing.T) {
	for name, pieces := range map[string][]string{"before the first byte": nil, "in the middle": {gatewaytest.Delta(0, "Six")}} {
		t.Run(name, func(t *testing.T) {
			started := make(chan struct{})
			g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
				if pieces != nil {
					w.StartStream()
					w.Send(pieces...)
				}
				close(started)
				w.Await(nil)
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/v1/chat/completions", strings.NewReader(chatBody("parental leave", `"stream":true`)))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				<-started
				cancel()
			}()
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			select {
			case <-g.model.Gone():
			case <-time.After(hang):
				t.Fatal("the upstream still works for nobody")
			}
		})
	}
}

func TestCutStreamNeverLooksWhole(t *testing.T) {
	delta := gatewaytest.Delta(0, "Sixteen wee")
	clean := func(pieces ...string) gatewaytest.Script { return gatewaytest.Pieces(pieces...) }
	for name, script := range map[string]gatewaytest.Script{
		"connection reset":        gatewaytest.CutAfter(delta),
		"reset in an event":       gatewaytest.CutAfter(delta, delta[:20]),
		"clean end without DONE":  clean(delta),
		"clean end in an event":   clean(delta, delta[:20]),
		"error event in a stream": clean(delta, "data: {\"error\":{\"message\":\"boom\"}}\n\n"),
		"reset when compressed":   gatewaytest.Gzipped(gatewaytest.CutAfter(delta)),
	} {
		for _, members := range []string{`"stream":true`, `"stream":true,"rag":false`} {
			t.Run(name+" "+members, func(t *testing.T) {
				g := start(t, script)
				a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", members))
				if a.err == nil {
					t.Errorf("the stream ends cleanly: %s", a.body)
				}
				if !strings.Contains(a.body, `"error"`) || strings.Contains(a.body, "[DONE]") {
					t.Errorf("no error event, or an end: %s", a.body)
				}
			})
		}
	}
}

func TestRawStreamIsTheUpstreamsToItsLastByte(t *testing.T) {
	for _, end := range []string{"data: [DONE]\n\n", "data: [DONE]\r\n\r\n", "data: [DONE]\n", "data: [DONE]", "data: [DONE]\n\n: bye", ": ping\n\ndata: [DONE]\n\n\n"} {
		want := strings.Join(gatewaytest.Stream([]string{"One."})[:2], "") + end
		g := start(t, gatewaytest.Pieces(want))
		a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true,"rag":false`))
		if a.err != nil || a.body != want {
			t.Errorf("%q: %v\n%q\nwant\n%q", end, a.err, a.body, want)
		}
	}
}

func TestUnfinishedChoiceNeverLooksWhole(t *testing.T) {
	g := start(t, gatewaytest.Pieces(gatewaytest.Delta(0, "One."), gatewaytest.Event(`{"index":0,"delta":{},"finish_reason":"stop"}`)))
	for _, members := range []string{`"stream":true,"n":2`, `"stream":true,"n":2,"rag":false`} {
		if a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", members)); a.err == nil {
			t.Errorf("%s: the stream ends cleanly: %s", members, a.body)
		}
	}
}

func TestErrorInAStreamMakesNoGroundedAnswer(t *testing.T) {
	for _, event := range []string{"data: {\"error\":{\"message\":\"boom\"}}\n\n", "event: error\ndata: boom\n\n"} {
		g := start(t, gatewaytest.Pieces(gatewaytest.Delta(0, "Sixteen wee"), event, "data: [DONE]\n\n"))
		a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true`))
		if a.err == nil || strings.Contains(a.body, "[DONE]") || strings.Contains(a.body, `"rag"`) || !strings.Contains(a.body, "boom") {
			t.Errorf("after %q: %v %s", event, a.err, a.body)
		}
	}
}

func TestWhatIsNoAnswerIsAnError(t *testing.T) {
	for name, script := range map[string]gatewaytest.Script{
		"a redirect": func(w *gatewaytest.Writer, r gatewaytest.Received) {
			w.Header().Set("Location", "http://127.0.0.1:1/v1/chat/completions")
			gatewaytest.Raw(http.StatusTemporaryRedirect, "application/json", "{}")(w, r)
		},
		"a page":     gatewaytest.Raw(http.StatusOK, "text/html", "<html>Log in</html>"),
		"half of it": gatewaytest.Raw(http.StatusOK, "application/json", `{"choices":[{"message":`),
		"too large":  gatewaytest.Raw(http.StatusOK, "application/json", `{"choices":[],"x":"`+strings.Repeat("y", 5000)+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, script, func(o *gateway.Options) { o.Limits.ReplyBytes = 4096 })
			a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", ""))
			if a.status != http.StatusBadGateway || a.code(t) != "upstream_invalid" || a.header.Get("Location") != "" {
				t.Errorf("got %d %v %s", a.status, a.header, a.body)
			}
		})
	}
}

func TestCutWholeAnswerIsAnError(t *testing.T) {
	g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.Header().Set("Content-Length", "1000")
		w.Send(`{"choices":[`)
		w.Cut()
	})
	a := g.post(t, "/v1/chat/completions", chatBody("parental leave", ""))
	if a.status != http.StatusBadGateway || a.code(t) != "upstream_cut" {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

func TestFinishedStreamWithoutDoneIsWhole(t *testing.T) {
	events := gatewaytest.Stream([]string{"Sixteen [1]."})
	g := start(t, gatewaytest.Pieces(events[:len(events)-1]...))
	for _, members := range []string{`"stream":true`, `"stream":true,"rag":false`} {
		if a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", members)); a.err != nil || strings.Contains(a.body, "error") {
			t.Errorf("%s: %v %s", members, a.err, a.body)
		}
	}
}

func TestWhatComesAfterDoneChangesNothing(t *testing.T) {
	whole := gatewaytest.Stream([]string{"Sixteen weeks [1]."})
	late := []string{gatewaytest.Delta(0, "late"), gatewaytest.Done}
	for name, script := range map[string]gatewaytest.Script{
		"more of it":     gatewaytest.Pieces(append(whole, late...)...),
		"a cut":          gatewaytest.CutAfter(whole...),
		"more and a cut": gatewaytest.CutAfter(append(whole, late...)...),
	} {
		t.Run(name, func(t *testing.T) {
			g := start(t, script)
			a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true`))
			if a.err != nil || strings.Contains(a.body, "late") || strings.Count(a.body, gatewaytest.Done) != 1 || !strings.HasSuffix(a.body, gatewaytest.Done) {
				t.Errorf("%v %s", a.err, a.body)
			}
			if raw := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"stream":true,"rag":false`)); raw.err != nil {
				t.Errorf("unchanged stream: %v %s", raw.err, raw.body)
			}
		})
	}
}

func TestSilenceIsFilledWithComments(t *testing.T) {
	silent := make(chan struct{})
	events := gatewaytest.Stream([]string{"One."})
	g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.StartStream()
		w.Send(events[0])
		w.Await(silent)
		w.Send(events[1:]...)
	}, func(o *gateway.Options) { o.Limits.Heartbeat = time.Millisecond })
	resp, err := http.Post(g.url+"/v1/chat/completions", "application/json", strings.NewReader(chatBody("parental leave", `"stream":true`)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	in, seen := bufio.NewReader(resp.Body), ""
	for !strings.HasSuffix(seen, "\n:\n") {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		seen += line
	}
	close(silent)
	rest, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	if s := readStream(t, answer{body: seen + string(rest)}); s.text(0) != "One." || !s.done || s.comments == 0 {
		t.Errorf("stream %+v", s)
	}
}

func TestServeDrainsAndThenBreaksOff(t *testing.T) {
	for name, tc := range map[string]struct {
		drain time.Duration
		whole bool
	}{"in time": {hang, true}, "too late": {time.Nanosecond, false}} {
		t.Run(name, func(t *testing.T) {
			release, begun := make(chan struct{}), make(chan struct{})
			events := gatewaytest.Stream([]string{"One."})
			g := start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
				w.StartStream()
				w.Send(events[0])
				close(begun)
				w.Await(release)
				w.Send(events[1:]...)
			}, func(o *gateway.Options) { o.Limits.DrainTimeout = tc.drain })
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			served := make(chan error, 1)
			go func() { served <- g.server.Serve(ctx, l) }()
			resp, err := http.Post("http://"+l.Addr().String()+"/v1/chat/completions", "application/json", strings.NewReader(chatBody("parental leave", `"stream":true`)))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = resp.Body.Close() }()
			<-begun
			cancel()
			if tc.whole {
				for { // until the listener is closed, so that the drain has begun
					conn, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						break
					}
					_ = conn.Close()
				}
				close(release)
			}
			body, err := io.ReadAll(resp.Body)
			if whole := err == nil && strings.Contains(string(body), "[DONE]"); whole != tc.whole {
				t.Errorf("whole %v, want %v: %v %s", whole, tc.whole, err, body)
			}
			if !tc.whole {
				close(release)
				if !strings.Contains(string(body), "shutting_down") {
					t.Errorf("the client is not told why: %s", body)
				}
			}
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
		})
	}
}
