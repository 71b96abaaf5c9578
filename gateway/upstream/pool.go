package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"ragway/gateway"
)

// PoolOptions configures a Pool. Servers is required.
type PoolOptions struct {
	Servers []*HTTP
	Logger  *slog.Logger
	Rand    func(n int) int // a number in [0,n); default: math/rand
	Now     func() time.Time
}

// Pool chooses among named model servers: by the API of a call, by its model, by weight,
// and by how they are doing.
//
// A server that cannot be reached, or answers 429 or 5xx, gives the call to the next one as
// long as no byte of an answer has gone out; a body of an error is read whole before that
// is decided. Where none does better the first one's answer goes to the client.
type Pool struct {
	o      PoolOptions
	byName map[string]*HTTP

	mu        sync.Mutex
	fallbacks map[[2]string]int
}

var _ gateway.Upstream = (*Pool)(nil)

// NewPool returns a Pool. It connects to nothing yet.
func NewPool(o PoolOptions) (*Pool, error) {
	if len(o.Servers) == 0 {
		return nil, errors.New("upstream: PoolOptions.Servers is empty")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Rand == nil {
		o.Rand = rand.IntN
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Pool{o: o, byName: map[string]*HTTP{}, fallbacks: map[[2]string]int{}}
	for _, h := range o.Servers {
		if p.byName[h.name] != nil {
			return nil, fmt.Errorf("upstream: two servers have the name %q", h.name)
		}
		p.byName[h.name] = h
	}
	return p, nil
}

// Name implements gateway.Upstream.
func (p *Pool) Name() string {
	if len(p.o.Servers) == 1 {
		return p.o.Servers[0].name
	}
	return "upstreams"
}

// CloseIdleConnections lets go of connections nobody is using.
func (p *Pool) CloseIdleConnections() {
	for _, h := range p.o.Servers {
		h.CloseIdleConnections()
	}
}

// Route implements gateway.Router.
func (p *Pool) Route(ctx context.Context, call gateway.Call) (gateway.Target, error) {
	servers, err := p.route(call)
	if err != nil {
		return gateway.Target{}, err
	}
	h := servers[0]
	window, _ := h.window(ctx, p.o.Logger, h.rewritten(call.Model))
	return gateway.Target{Upstream: h.name, Model: h.rewritten(call.Model), StreamUsage: h.streamUsage, Window: window}, nil
}

// Do implements gateway.Upstream.
func (p *Pool) Do(ctx context.Context, call gateway.Call) (*gateway.Reply, error) {
	if call.Method == http.MethodGet && call.Path == modelsPath && len(p.o.Servers) > 1 && call.Upstream == "" {
		return p.models(ctx, call)
	}
	servers, err := p.route(call)
	if err != nil {
		return nil, err
	}
	var first attempt
	for i, h := range servers {
		got := p.try(ctx, h, call)
		if !got.again || ctx.Err() != nil {
			first.discard()
			return got.reply, got.err
		}
		if i == 0 {
			first = got
		} else {
			got.discard()
		}
		if i+1 < len(servers) {
			p.fellBack(ctx, h, servers[i+1], got)
		}
	}
	return first.reply, first.err
}

// attempt is what came of asking one server; again says that another may do better.
type attempt struct {
	reply *gateway.Reply
	err   error
	again bool
}

// discard closes an answer that nobody gets.
func (a attempt) discard() {
	if a.reply != nil {
		_ = a.reply.Body.Close() // it has been read
	}
}

// try asks one server, if it is to be asked at all.
func (p *Pool) try(ctx context.Context, h *HTTP, call gateway.Call) attempt {
	leave, err := h.queue.enter(ctx)
	if err != nil {
		return attempt{err: &gateway.UpstreamError{Upstream: h.name, Kind: cmp.Or(busy(err), gateway.ErrUpstreamDown), Cause: err}, again: busy(err) != nil}
	}
	if !h.health.breaker.TryAcquirePermit() {
		leave()
		return attempt{err: &gateway.UpstreamError{Upstream: h.name, Kind: gateway.ErrUpstreamDown, Cause: errOpen}, again: true}
	}
	reply, err := h.Do(ctx, p.renamed(h, call))
	if err != nil {
		leave()
		return attempt{err: err, again: p.judgeError(ctx, h, err)}
	}
	reply.Body = &leaving{reply.Body, leave}
	if name := h.rewritten(call.Model); name != call.Model {
		reply.Model = name
	}
	return attempt{reply: reply, again: p.judgeReply(h, reply)}
}

// errOpen says that a server was not asked.
var errOpen = errors.New("it failed too often and is left alone for a moment")

func busy(err error) error {
	if errors.Is(err, gateway.ErrUpstreamBusy) {
		return gateway.ErrUpstreamBusy
	}
	return nil
}

// leaving gives a place in the queue back when the answer has been read.
type leaving struct {
	io.ReadCloser
	leave func()
}

func (l *leaving) Close() error {
	l.leave()
	return l.ReadCloser.Close()
}

// renamed is the call under the name that the server knows the model by.
func (p *Pool) renamed(h *HTTP, call gateway.Call) gateway.Call {
	name := h.rewritten(call.Model)
	if name != call.Model && call.Rename != nil {
		call.Path, call.Body = call.Rename(name)
	}
	call.Model = name
	return call
}

// judgeError notes a failure and reports whether another server is to be asked. A client
// that left is no failure, and an answer that was too long in coming is not asked for
// twice.
func (p *Pool) judgeError(ctx context.Context, h *HTTP, err error) bool {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		h.health.unknown()
		return false
	}
	h.health.failed(kindOf(err))
	return errors.Is(err, gateway.ErrUpstreamDown)
}

func kindOf(err error) string {
	var up *gateway.UpstreamError
	if errors.As(err, &up) {
		return up.Kind.Error()
	}
	return "failed"
}

func (p *Pool) judgeReply(h *HTTP, reply *gateway.Reply) bool {
	now := p.o.Now()
	until := retryAfter(reply.Header, now)
	switch {
	case reply.Status == http.StatusTooManyRequests, reply.Status == http.StatusServiceUnavailable && !until.IsZero():
		h.health.limited(until)
		return true
	case reply.Status >= http.StatusInternalServerError:
		h.health.failed(fmt.Sprintf("status %d", reply.Status))
		return true
	}
	h.health.succeeded()
	return false
}

// fellBack counts and tells of a call that goes on to another server.
func (p *Pool) fellBack(ctx context.Context, from, to *HTTP, got attempt) {
	why := slog.Any("error", got.err)
	if got.reply != nil {
		why = slog.Int("status", got.reply.Status)
	}
	p.o.Logger.LogAttrs(ctx, slog.LevelWarn, "asking another upstream", slog.String("from", from.name), slog.String("to", to.name), why)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fallbacks[[2]string{from.name, to.name}]++
}

// Upstreams implements the gateway's view of its upstreams' health.
func (p *Pool) Upstreams() []gateway.UpstreamStatus {
	now := p.o.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]gateway.UpstreamStatus, len(p.o.Servers))
	for i, h := range p.o.Servers {
		state, last := h.health.state(now)
		running, waiting := h.queue.lengths()
		out[i] = gateway.UpstreamStatus{Name: h.name, State: state, LastError: last, Running: running, Waiting: waiting, Fallbacks: map[string]int{}}
		for pair, n := range p.fallbacks {
			if pair[0] == h.name {
				out[i].Fallbacks[pair[1]] = n
			}
		}
	}
	return out
}

// route orders the servers that a call goes to: the one chosen, then those that take over.
func (p *Pool) route(call gateway.Call) ([]*HTTP, error) {
	if call.Upstream != "" {
		h := p.byName[call.Upstream]
		if h == nil || !h.speaks(call.API) {
			return nil, p.noModel(call)
		}
		return p.healthyFirst(append([]*HTTP{h}, p.behind(h, nil, call.API)...)), nil
	}
	var serving []*HTTP
	for _, h := range p.o.Servers {
		if h.speaks(call.API) && h.serves(call.Model) {
			serving = append(serving, h)
		}
	}
	if len(serving) == 0 {
		return nil, p.noModel(call)
	}
	chosen := p.choose(serving)
	return p.healthyFirst(append([]*HTTP{chosen}, p.behind(chosen, serving, call.API)...)), nil
}

// choose draws by weight; where all weights are 0, the first.
func (p *Pool) choose(servers []*HTTP) *HTTP {
	sum := 0
	for _, h := range servers {
		sum += h.weight
	}
	if sum == 0 || len(servers) == 1 {
		return servers[0]
	}
	n := p.o.Rand(sum)
	for _, h := range servers {
		if n -= h.weight; n < 0 {
			return h
		}
	}
	return servers[0]
}

// behind are the servers that take over from h: those it names, else the others that serve
// the model.
func (p *Pool) behind(h *HTTP, serving []*HTTP, api gateway.API) []*HTTP {
	var out []*HTTP
	for _, name := range h.fallback {
		if other := p.byName[name]; other != nil && other != h && other.speaks(api) {
			out = append(out, other)
		}
	}
	if len(h.fallback) > 0 {
		return out
	}
	return slices.DeleteFunc(slices.Clone(serving), func(other *HTTP) bool { return other == h })
}

// healthyFirst puts those that asked to be left alone behind the others, in their order.
func (p *Pool) healthyFirst(servers []*HTTP) []*HTTP {
	now := p.o.Now()
	slices.SortStableFunc(servers, func(a, b *HTTP) int {
		return cmp.Compare(rank(a.health.resting(now)), rank(b.health.resting(now)))
	})
	return servers
}

func rank(resting bool) int {
	if resting {
		return 1
	}
	return 0
}

// noModel says what there is instead.
func (p *Pool) noModel(call gateway.Call) error {
	e := &gateway.NoModelError{Model: call.Model}
	for _, h := range p.o.Servers {
		switch {
		case !h.speaks(call.API) && h.serves(call.Model):
			for api := range h.bases {
				if !slices.Contains(e.Elsewhere, api) {
					e.Elsewhere = append(e.Elsewhere, api)
				}
			}
		case h.speaks(call.API):
			e.Known = append(e.Known, h.names()...)
		}
	}
	slices.Sort(e.Elsewhere)
	slices.Sort(e.Known)
	e.Known = slices.Compact(e.Known)
	return e
}
