package upstream_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newHTTP(t *testing.T, o upstream.HTTPOptions) *upstream.HTTP {
	t.Helper()
	h, err := upstream.NewHTTP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.CloseIdleConnections)
	return h
}

func post(body string) gateway.Call {
	return gateway.Call{Method: http.MethodPost, Path: "/chat/completions", Body: []byte(body)}
}

func TestBadBaseURLIsRefusedWithoutQuotingIt(t *testing.T) {
	for _, url := range []string{"", "api.openai.com/v1", "ftp://x", "http://user:hunter2@x/v1", "http://x/v1?key=hunter2", "http://", ":"} {
		if h, err := upstream.NewHTTP(upstream.HTTPOptions{BaseURL: url}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, %v", url, h, err)
		}
	}
}

func TestCallGoesOutAsItIs(t *testing.T) {
	s := gatewaytest.Start(t, gatewaytest.Raw(200, "application/json", `{}`))
	h := newHTTP(t, upstream.HTTPOptions{BaseURL: s.URL + "/", Key: "k"})
	call := post(`{"a" : 1}`)
	call.Header = http.Header{"X-A": {"1"}}
	reply, err := h.Do(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	got := s.Last(t)
	if string(got.Body) != `{"a" : 1}` || got.Path != "/v1/chat/completions" || got.Header.Get("Authorization") != "Bearer k" || got.Header.Get("X-A") != "1" {
		t.Errorf("got %+v", got)
	}
	if got.Header.Get("Accept-Encoding") != "" || call.Header.Get("Authorization") != "" {
		t.Errorf("asked for compression, or changed the caller's header: %v", got.Header)
	}
}

// After its bound of silence a call ends as a timeout, wherever the silence falls.
func TestSilenceEndsTheCall(t *testing.T) {
	silent := make(chan struct{})
	defer close(silent)
	s := gatewaytest.Start(t, func(w *gatewaytest.Writer, r gatewaytest.Received) {
		if string(r.Body) == "middle" {
			w.StartStream()
			w.Send("data: 1\n\n")
		}
		w.Await(silent)
	})
	for name, o := range map[string]upstream.HTTPOptions{
		"start":  {FirstByteTimeout: time.Millisecond},
		"middle": {IdleTimeout: time.Millisecond},
		"total":  {TotalTimeout: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			o.BaseURL, o.Name = s.URL, "slow"
			reply, err := newHTTP(t, o).Do(t.Context(), post(name))
			if err == nil {
				_, err = io.ReadAll(reply.Body)
				_ = reply.Body.Close()
			}
			if !errors.Is(err, gateway.ErrUpstreamTimeout) || !strings.Contains(err.Error(), `"slow"`) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFailuresAreTyped(t *testing.T) {
	cut := gatewaytest.Start(t, gatewaytest.CutAfter("data: 1\n\n"))
	reply, err := newHTTP(t, upstream.HTTPOptions{BaseURL: cut.URL}).Do(t.Context(), post(""))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(reply.Body); string(data) != "data: 1\n\n" || !errors.Is(err, gateway.ErrUpstreamCut) {
		t.Errorf("cut: %q %v", data, err)
	}
	_ = reply.Body.Close()

	_, err = newHTTP(t, upstream.HTTPOptions{BaseURL: "http://127.0.0.1:1"}).Do(t.Context(), post(""))
	if !errors.Is(err, gateway.ErrUpstreamDown) {
		t.Errorf("down: %v", err)
	}

	odd := gatewaytest.Start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.Header().Set("Content-Encoding", "zstd")
		w.Send("x")
	})
	_, err = newHTTP(t, upstream.HTTPOptions{BaseURL: odd.URL}).Do(t.Context(), post(""))
	if !errors.Is(err, gateway.ErrUpstreamInvalid) {
		t.Errorf("zstd: %v", err)
	}

	bomb := gatewaytest.Start(t, func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		w.Header().Set("X-Bomb", strings.Repeat("x", 1<<20))
		w.Send("x")
	})
	_, err = newHTTP(t, upstream.HTTPOptions{BaseURL: bomb.URL}).Do(t.Context(), post(""))
	if !errors.Is(err, gateway.ErrUpstreamDown) {
		t.Errorf("header bomb: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = newHTTP(t, upstream.HTTPOptions{BaseURL: cut.URL}).Do(ctx, post("")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNothingIsSentTwiceAfterAnAnswerBegan(t *testing.T) {
	s := gatewaytest.Start(t, gatewaytest.CutAfter("data: 1\n\n"))
	h := newHTTP(t, upstream.HTTPOptions{BaseURL: s.URL})
	for range 3 {
		reply, err := h.Do(t.Context(), post("x"))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, reply.Body)
		_ = reply.Body.Close()
	}
	if n := len(s.Received()); n != 3 {
		t.Errorf("%d requests for 3 calls", n)
	}
}
