package upstream

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"ragway/gateway"
	"ragway/gateway/wire"
)

// modelsPath lists models, under every API.
const modelsPath = "/models"

// listPatience is how long a server may take to list its models where others are listed,
// too.
const listPatience = 5 * time.Second

// listed is the list of one server.
type listed struct {
	server *HTTP
	models []listedModel
	err    error
}

// listedModel is an entry, as the server wrote it.
type listedModel struct {
	name string
	raw  json.RawMessage
}

// listShape is how an API names the parts of a list.
type listShape struct{ member, name, prefix, head, tail string }

var listShapes = map[gateway.API]listShape{
	gateway.OpenAI:    {"data", "id", "", `{"object":"list","data":[`, `]}`},
	gateway.Anthropic: {"data", "id", "", `{"data":[`, `],"has_more":false,"first_id":null,"last_id":null}`},
	gateway.Gemini:    {"models", "name", "models/", `{"models":[`, `]}`},
}

// models merges the lists of all servers that speak the API. A server that does not answer
// is left out: the others' models can still be asked for.
func (p *Pool) models(ctx context.Context, call gateway.Call) (*gateway.Reply, error) {
	shape, ok := listShapes[call.API]
	if !ok {
		shape = listShapes[gateway.OpenAI]
	}
	var lists []*listed
	for _, h := range p.o.Servers {
		if h.speaks(call.API) {
			lists = append(lists, &listed{server: h})
		}
	}
	if len(lists) == 0 {
		return nil, &gateway.UpstreamError{Upstream: p.Name(), Kind: gateway.ErrNotServed}
	}
	var all errgroup.Group
	for _, l := range lists {
		all.Go(func() error {
			l.models, l.err = l.server.list(ctx, call, shape)
			return nil
		})
	}
	_ = all.Wait() // each has its own error
	var raw []string
	seen := map[string]bool{}
	failed := 0
	for _, l := range lists {
		if l.err != nil {
			failed++
			p.o.Logger.WarnContext(ctx, "models not listed", "upstream", l.server.name, "error", l.err)
		}
		for _, m := range l.models {
			if !seen[m.name] {
				seen[m.name] = true
				raw = append(raw, string(m.raw))
			}
		}
	}
	if failed == len(lists) {
		return nil, lists[0].err
	}
	body := shape.head + strings.Join(raw, ",") + shape.tail
	return &gateway.Reply{
		Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Upstream: p.Name(),
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// list are the models that the server can be asked for here, under the names that clients
// know.
func (h *HTTP) list(ctx context.Context, call gateway.Call, shape listShape) ([]listedModel, error) {
	ctx, cancel := context.WithTimeout(ctx, listPatience)
	defer cancel()
	reply, err := h.Do(ctx, call)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(io.LimitReader(reply.Body, fetched))
	if err != nil {
		return nil, err
	}
	if reply.Status != http.StatusOK {
		return nil, &gateway.UpstreamError{Upstream: h.name, Kind: gateway.ErrUpstreamInvalid}
	}
	var list map[string]json.RawMessage
	var entries []json.RawMessage
	if json.Unmarshal(data, &list) != nil || json.Unmarshal(list[shape.member], &entries) != nil {
		return nil, &gateway.UpstreamError{Upstream: h.name, Kind: gateway.ErrUpstreamInvalid}
	}
	return h.known(entries, shape), nil
}

// known leaves out what is not routed here, and adds what is under another name.
func (h *HTTP) known(entries []json.RawMessage, shape listShape) []listedModel {
	var out []listedModel
	for _, raw := range entries {
		var members map[string]json.RawMessage
		var name string
		if json.Unmarshal(raw, &members) != nil || json.Unmarshal(members[shape.name], &name) != nil {
			continue
		}
		bare := strings.TrimPrefix(name, shape.prefix)
		if h.serves(bare) {
			out = append(out, listedModel{bare, raw})
		}
		for _, client := range h.clientNames(bare) {
			if renamed, ok := wire.SetString(raw, shape.name, shape.prefix+client); ok {
				out = append(out, listedModel{client, renamed})
			}
		}
	}
	return out
}

// clientNames are the names that are rewritten to the server's.
func (h *HTTP) clientNames(name string) []string {
	var out []string
	for client, server := range h.rewrite {
		if server == name {
			out = append(out, client)
		}
	}
	slices.Sort(out)
	return out
}
