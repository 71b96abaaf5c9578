package upstream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/upstream"
)

// server makes a model server that says its name, and its options.
func server(t *testing.T, name string, script gatewaytest.Script) (*gatewaytest.Server, upstream.HTTPOptions) {
	t.Helper()
	if script == nil {
		script = gatewaytest.Raw(200, "application/json", `{"from":"`+name+`"}`)
	}
	s := gatewaytest.Start(t, script)
	return s, upstream.HTTPOptions{Name: name, BaseURL: s.URL, Weight: 1}
}

func newPool(t *testing.T, servers ...upstream.HTTPOptions) *upstream.Pool {
	t.Helper()
	return poolWith(t, upstream.PoolOptions{}, servers...)
}

func poolWith(t *testing.T, o upstream.PoolOptions, servers ...upstream.HTTPOptions) *upstream.Pool {
	t.Helper()
	for _, s := range servers {
		o.Servers = append(o.Servers, newHTTP(t, s))
	}
	p, err := upstream.NewPool(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// asks for a model and returns who answered, with what status.
func asks(t *testing.T, p *upstream.Pool, model string) (name string, status int, err error) {
	t.Helper()
	call := post(`{}`)
	call.API, call.Model = gateway.OpenAI, model
	reply, err := p.Do(t.Context(), call)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = reply.Body.Close() }()
	if _, err := io.ReadAll(reply.Body); err != nil {
		return reply.Upstream, reply.Status, err
	}
	return reply.Upstream, reply.Status, nil
}

func status(code int, header ...string) gatewaytest.Script {
	return func(w *gatewaytest.Writer, _ gatewaytest.Received) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		w.Send(`{"error":{"message":"no"}}`)
	}
}

func TestAnotherServerTakesOverBeforeTheFirstByte(t *testing.T) {
	refused := upstream.HTTPOptions{Name: "a", BaseURL: "http://127.0.0.1:1/v1", Weight: 1}
	for name, script := range map[string]gatewaytest.Script{
		"refused": nil, "429": status(429), "500": status(500), "503": status(503), "529": status(529),
		"cut before the header": func(w *gatewaytest.Writer, _ gatewaytest.Received) { w.Cut() },
	} {
		a := refused
		if script != nil {
			_, a = server(t, "a", script)
		}
		_, b := server(t, "b", nil)
		a.Fallback, b.Weight = []string{"b"}, 0
		p := newPool(t, a, b)
		if who, code, err := asks(t, p, "m"); err != nil || who != "b" || code != 200 {
			t.Errorf("%s: %s answered %d, %v", name, who, code, err)
		}
		if n := p.Upstreams()[0].Fallbacks["b"]; n != 1 {
			t.Errorf("%s: %d calls counted", name, n)
		}
	}
}

func TestNoOtherServerIsAskedAfterwardsOrForTheCallersFault(t *testing.T) {
	for name, script := range map[string]gatewaytest.Script{
		"400": status(400), "401": status(401), "404": status(404),
		"in the middle": gatewaytest.CutAfter(gatewaytest.Delta(0, "Six")),
	} {
		_, a := server(t, "a", script)
		other, b := server(t, "b", nil)
		a.Fallback = []string{"b"}
		b.Weight = 0
		who, _, _ := asks(t, newPool(t, a, b), "m")
		if who != "a" || len(other.Received()) > 0 {
			t.Errorf("%s: %s answered", name, who)
		}
	}
}

func TestTheFirstAnswerIsTheClientsWhereNoneDoesBetter(t *testing.T) {
	_, a := server(t, "a", status(429, "Retry-After", "7"))
	_, b := server(t, "b", status(500))
	a.Fallback, b.Weight = []string{"b"}, 0
	call := post(`{}`)
	reply, err := newPool(t, a, b).Do(t.Context(), call)
	if err != nil || reply.Status != 429 || reply.Header.Get("Retry-After") != "7" || reply.Upstream != "a" {
		t.Fatalf("%+v %v", reply, err)
	}
	_ = reply.Body.Close()
}

func TestAServerThatAsksForRestIsAskedLast(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, after := range map[string]string{"seconds": "60", "date": now.Add(time.Minute).Format(http.TimeFormat)} {
		t.Run(name, func(t *testing.T) {
			clock := now
			first, a := server(t, "a", status(429, "Retry-After", after))
			_, b := server(t, "b", nil)
			a.Fallback, b.Weight = []string{"b"}, 0
			p := poolWith(t, upstream.PoolOptions{Now: func() time.Time { return clock }}, a, b)
			for range 3 {
				if who, _, err := asks(t, p, "m"); who != "b" || err != nil {
					t.Fatalf("%s %v", who, err)
				}
			}
			if n := len(first.Received()); n != 1 {
				t.Errorf("the first was asked %d times", n)
			}
			if s := p.Upstreams()[0].State; s != "limited" {
				t.Errorf("state %s", s)
			}
			clock = now.Add(61 * time.Second)
			if _, _, err := asks(t, p, "m"); err != nil || len(first.Received()) != 2 {
				t.Errorf("afterwards it was asked %d times: %v", len(first.Received()), err)
			}
		})
	}
}

func TestAServerThatKeepsFailingIsLeftAlone(t *testing.T) {
	ill, a := server(t, "a", status(500))
	p := newPool(t, a)
	for range 20 {
		_, _, _ = asks(t, p, "m")
	}
	if n := len(ill.Received()); n < 5 || n >= 20 {
		t.Errorf("it was asked %d times", n)
	}
	if s := p.Upstreams()[0]; s.State != "open" || s.LastError != "status 500" {
		t.Errorf("status %+v", s)
	}
	_, _, err := asks(t, p, "m")
	if !errors.Is(err, gateway.ErrUpstreamDown) {
		t.Errorf("error %v", err)
	}
}

func TestModelsGoToTheServersThatHaveThem(t *testing.T) {
	_, a := server(t, "a", nil)
	_, b := server(t, "b", nil)
	a.Models, b.Models = []string{"gpt-*"}, []string{"meta-llama/*", "claude"}
	b.Rewrite = map[string]string{"fast": "meta-llama/small"}
	b.APIs = []gateway.API{gateway.OpenAI, gateway.Anthropic}
	p := newPool(t, a, b)
	for model, want := range map[string]string{"gpt-4o": "a", "meta-llama/Llama-3/8b": "b", "fast": "b", "claude": "b"} {
		if who, _, err := asks(t, p, model); who != want || err != nil {
			t.Errorf("%s: %s answered, %v", model, who, err)
		}
	}
	_, _, err := asks(t, p, "gemini-2")
	var none *gateway.NoModelError
	if !errors.As(err, &none) || !slices.Equal(none.Known, []string{"claude", "fast", "gpt-*", "meta-llama/*"}) {
		t.Errorf("error %v", err)
	}
	_, err = p.Route(t.Context(), gateway.Call{API: gateway.Anthropic, Model: "gpt-4o"})
	if err == nil || !strings.Contains(err.Error(), "/v1/chat/completions") {
		t.Errorf("of another API: %v", err)
	}
	target, err := p.Route(t.Context(), gateway.Call{API: gateway.OpenAI, Model: "fast"})
	if err != nil || target.Upstream != "b" || target.Model != "meta-llama/small" {
		t.Errorf("target %+v %v", target, err)
	}
}

func TestRewrittenNamesReachTheServer(t *testing.T) {
	s, a := server(t, "a", nil)
	a.Rewrite = map[string]string{"fast": "small-v2"}
	call := post(`{"model":"fast"}`)
	call.Model = "fast"
	call.Rename = func(name string) (string, []byte) { return "/x/" + name, []byte(`{"model":"` + name + `"}`) }
	reply, err := newPool(t, a).Do(t.Context(), call)
	if err != nil || reply.Model != "small-v2" {
		t.Fatalf("%+v %v", reply, err)
	}
	_ = reply.Body.Close()
	if got := s.Last(t); string(got.Body) != `{"model":"small-v2"}` || got.Path != "/v1/x/small-v2" {
		t.Errorf("got %s %s", got.Path, got.Body)
	}
}

func TestWeightsShareTheCalls(t *testing.T) {
	_, a := server(t, "a", nil)
	_, b := server(t, "b", nil)
	a.Weight, b.Weight = 3, 1
	n := 0
	p := poolWith(t, upstream.PoolOptions{Rand: func(sum int) int { n++; return (n - 1) % sum }}, a, b)
	count := map[string]int{}
	for range 40 {
		who, _, err := asks(t, p, "m")
		if err != nil {
			t.Fatal(err)
		}
		count[who]++
	}
	if count["a"] != 30 || count["b"] != 10 {
		t.Errorf("calls %v", count)
	}
}

func TestCallsWaitForAPlaceAndLeaveTheQueueAtOnce(t *testing.T) {
	open := make(chan struct{})
	entered := make(chan struct{}, 10)
	_, a := server(t, "a", func(w *gatewaytest.Writer, r gatewaytest.Received) {
		entered <- struct{}{}
		if w.Await(open) {
			gatewaytest.Raw(200, "application/json", `{}`)(w, r)
		}
	})
	a.MaxConcurrency, a.MaxQueue = 1, 1
	p := newPool(t, a)
	var all sync.WaitGroup
	all.Go(func() {
		if _, _, err := asks(t, p, "m"); err != nil {
			t.Error(err)
		}
	})
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := p.Do(ctx, post(`{}`))
		left <- err
	}()
	for p.Upstreams()[0].Waiting == 0 {
		runtime.Gosched()
	}
	if _, _, err := asks(t, p, "m"); !errors.Is(err, gateway.ErrUpstreamBusy) {
		t.Errorf("over the queue: %v", err)
	}
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v", err)
	}
	all.Go(func() {
		if _, _, err := asks(t, p, "m"); err != nil {
			t.Error(err)
		}
	})
	close(open)
	all.Wait()
	if s := p.Upstreams()[0]; s.Running != 0 || s.Waiting != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

func TestKeysGoWhereEachAPIWantsThem(t *testing.T) {
	for _, tc := range []struct {
		preset string
		api    gateway.API
		header string
		want   string
	}{
		{"", gateway.OpenAI, "Authorization", "Bearer secret-key-1"},
		{"", gateway.Anthropic, "X-Api-Key", "secret-key-1"},
		{"", gateway.Gemini, "X-Goog-Api-Key", "secret-key-1"},
		{"azure", gateway.OpenAI, "Api-Key", "secret-key-1"},
		{"openrouter", gateway.Anthropic, "Authorization", "Bearer secret-key-1"},
	} {
		s, o := server(t, "a", nil)
		o.Preset, o.Key, o.APIs = tc.preset, "secret-key-1", []gateway.API{tc.api}
		call := post(`{}`)
		call.API = tc.api
		reply, err := newPool(t, o).Do(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		got := s.Last(t).Header
		if got.Get(tc.header) != tc.want {
			t.Errorf("%s %s: %v", tc.preset, tc.api, got)
		}
		for _, other := range []string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Api-Key"} {
			if other != tc.header && got.Get(other) != "" {
				t.Errorf("%s %s: the key is in %s, too", tc.preset, tc.api, other)
			}
		}
		if version := got.Get("Anthropic-Version"); (version != "") != (tc.api == gateway.Anthropic) {
			t.Errorf("%s: version %q", tc.api, version)
		}
	}
}

func TestTheClientsKeyGoesToWhoPassesItOnAlone(t *testing.T) {
	mine, a := server(t, "a", nil)
	theirs, b := server(t, "b", nil)
	a.Models, b.Models = []string{"a"}, []string{"b"}
	a.Key, b.Passthrough = "key-of-the-operator", true
	p := newPool(t, a, b)
	for _, model := range []string{"a", "b"} {
		call := post(`{}`)
		call.Model = model
		call.Credential = http.Header{"Authorization": {"Bearer key-of-the-client"}}
		reply, err := p.Do(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
	}
	if got := mine.Last(t).Header.Get("Authorization"); got != "Bearer key-of-the-operator" {
		t.Errorf("a got %q", got)
	}
	if got := theirs.Last(t).Header.Get("Authorization"); got != "Bearer key-of-the-client" {
		t.Errorf("b got %q", got)
	}
}

func TestClientsKeyIsTakenOutOfErrors(t *testing.T) {
	_, a := server(t, "a", gatewaytest.Raw(401, "application/json", `{"error":{"message":"bad key key-of-the-client"}}`))
	a.Passthrough = true
	call := post(`{}`)
	call.Credential = http.Header{"Authorization": {"Bearer key-of-the-client"}}
	reply, err := newPool(t, a).Do(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	if body, _ := io.ReadAll(reply.Body); strings.Contains(string(body), "key-of") {
		t.Errorf("answer %s", body)
	}
}

func TestListsOfModelsAreMerged(t *testing.T) {
	_, a := server(t, "a", gatewaytest.Raw(200, "application/json", `{"object":"list","data":[{"id":"gpt-4o","x":1.0},{"id":"tts"}]}`))
	_, b := server(t, "b", gatewaytest.Raw(200, "application/json", `{"object":"list","data":[{"id":"small-v2"},{"id":"gpt-4o"}]}`))
	_, c := server(t, "c", status(500))
	a.Models = []string{"gpt-*"}
	b.Rewrite = map[string]string{"fast": "small-v2"}
	reply, err := newPool(t, a, b, c).Do(t.Context(), gateway.Call{Method: http.MethodGet, Path: "/models", API: gateway.OpenAI})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	if want := `{"object":"list","data":[{"id":"gpt-4o","x":1.0},{"id":"small-v2"},{"id":"fast"}]}`; err != nil || string(body) != want {
		t.Errorf("%s %v", body, err)
	}
}

// Whatever fails, no more than one answer reaches the client, every server is asked at most
// once, and none after a byte of an answer went out.
func TestNoCallIsSentTwice(t *testing.T) {
	scripts := map[string]gatewaytest.Script{
		"ok": gatewaytest.Raw(200, "application/json", `{}`), "429": status(429), "500": status(500), "400": status(400),
		"cut": gatewaytest.CutAfter("data: x\n\n"), "gone": func(w *gatewaytest.Writer, _ gatewaytest.Received) { w.Cut() },
	}
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range scripts {
			if !yield(n) {
				return
			}
		}
	})
	var servers []*gatewaytest.Server
	var options []upstream.HTTPOptions
	for i := range 3 {
		s, o := server(t, fmt.Sprint(i), nil)
		servers, options = append(servers, s), append(options, o)
	}
	rapid.Check(t, func(rt *rapid.T) {
		p := newPool(t, options...)
		before := make([]int, len(servers))
		var doing []string
		for i, s := range servers {
			name := rapid.SampledFrom(names).Draw(rt, "behaviour")
			doing = append(doing, name)
			s.Script(scripts[name])
			before[i] = len(s.Received())
		}
		who, _, _ := asks(t, p, "m")
		asked, answered := 0, 0
		for i, s := range servers {
			n := len(s.Received()) - before[i]
			if n > 1 {
				rt.Fatalf("server %d of %v was asked %d times", i, doing, n)
			}
			asked += n
			if n == 1 && (doing[i] == "ok" || doing[i] == "cut" || doing[i] == "400") {
				answered++
			}
		}
		if answered > 1 || asked == 0 {
			rt.Fatalf("%v: %d asked, %d answered, %q", doing, asked, answered, who)
		}
		p.CloseIdleConnections()
	})
}
