// Package mcp offers the documents to assistants over the Model Context Protocol: the tools
// search and fetch, in the shape that ChatGPT's and Claude's connectors ask for. It is an
// adapter of package gateway, which knows who asks and what they may see.
package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"unicode/utf8"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/prometheus/client_golang/prometheus"

	"ragway/gateway"
)

// Library searches and reads documents for a caller. *gateway.Server does.
type Library interface {
	Find(ctx context.Context, caller gateway.Caller, query string, control json.RawMessage) (gateway.Found, error)
	Read(ctx context.Context, caller gateway.Caller, id string) (gateway.KnownDocument, error)
}

// Options of a Server. Library is required.
type Options struct {
	// Library is asked for at each call: it may not be made yet when the Server is.
	Library    func() Library
	Version    string
	Registerer prometheus.Registerer // may be nil
	Logger     *slog.Logger
}

// Server is an MCP server. It keeps no sessions: any replica answers any request.
type Server struct {
	opt   Options
	mcp   *mcp.Server
	calls *prometheus.CounterVec
}

// New returns a Server.
func New(o Options) (*Server, error) {
	if o.Library == nil {
		return nil, errors.New("mcp: Options.Library is required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{opt: o, calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "ragway_mcp_calls_total", Help: "Calls of tools over MCP, by how they ended.",
	}, []string{"tool", "result"})}
	if o.Registerer != nil {
		if err := o.Registerer.Register(s.calls); err != nil {
			return nil, fmt.Errorf("mcp: metrics: %w", err)
		}
	}
	s.mcp = mcp.NewServer(&mcp.Implementation{Name: "ragway", Title: "ragway", Version: o.Version}, &mcp.ServerOptions{
		Instructions: "Searches the organisation's documents. search finds documents for a question in plain words; fetch returns the text of one of them by its id. Cite a document by its url.",
		Logger:       o.Logger,
	})
	closed := false
	reads := &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &closed}
	mcp.AddTool(s.mcp, &mcp.Tool{
		Name: "search", Title: "Search documents", Annotations: reads,
		Description: "Search the organisation's documents with a question or keywords. Returns documents with an id, title, url and the passage that fits best; fetch has the whole text.",
	}, s.search)
	mcp.AddTool(s.mcp, &mcp.Tool{
		Name: "fetch", Title: "Read a document", Annotations: reads,
		Description: "Return the text of a document by the id that search gave.",
	}, s.fetch)
	return s, nil
}

// Handler serves streamable HTTP. Each request's context holds a gateway.Caller. Names of
// hosts and origins are the business of what is in front of it.
func (s *Server) Handler() http.Handler {
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return s.mcp }, &mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, Logger: s.opt.Logger, DisableLocalhostProtection: true, MaxRequestBodyBytes: 1 << 20,
	})
}

// ServeIO serves one client over a pair of streams, as the caller, until in ends or ctx is
// cancelled.
func (s *Server) ServeIO(ctx context.Context, in io.ReadCloser, out io.WriteCloser, caller gateway.Caller) error {
	ctx = gateway.WithCaller(ctx, caller)
	return s.mcp.Run(ctx, &mcp.IOTransport{Reader: in, Writer: out})
}

// SearchInput is what search takes. A query alone is enough.
type SearchInput struct {
	Query       string         `json:"query" jsonschema:"what to look for, as a question or keywords"`
	Collections []string       `json:"collections,omitempty" jsonschema:"names of collections to search; default: the server's choice"`
	Filter      map[string]any `json:"filter,omitempty" jsonschema:"a filter over metadata in OpenAI's form, e.g. {type: eq, key: year, value: 2024}"`
	TopK        int            `json:"top_k,omitempty" jsonschema:"how many passages are looked at"`
	Mode        string         `json:"mode,omitempty" jsonschema:"hybrid, dense or lexical"`
	MinScore    float64        `json:"min_score,omitempty" jsonschema:"least relevance, from 0 to 1"`
	Explain     bool           `json:"explain,omitempty" jsonschema:"tell how each passage came to its place"`
}

// SearchOutput are the documents found, each once, by its best passage.
type SearchOutput struct {
	Results []Result `json:"results"`
	// Rag is a *gateway.SearchResult, whose fields the tool's schema leaves open.
	Rag any `json:"rag,omitempty" jsonschema:"the whole record of the search, where explain was asked for"`
}

// Result is a document. Assistants fetch whole documents, so that passages of one are one
// result.
type Result struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url"`
	Text  string `json:"text" jsonschema:"the passage that fits best"`
}

func (s *Server) search(ctx context.Context, _ *mcp.CallToolRequest, in SearchInput) (*mcp.CallToolResult, SearchOutput, error) {
	out := SearchOutput{Results: []Result{}}
	control, err := in.control()
	if err != nil {
		return nil, out, s.failed("search", err)
	}
	found, err := s.opt.Library().Find(ctx, gateway.CallerOf(ctx), in.Query, control)
	if err != nil {
		return nil, out, s.failed("search", err)
	}
	s.calls.WithLabelValues("search", "ok").Inc()
	seen := map[string]bool{}
	for i, h := range found.Result.Hits {
		if !seen[h.DocumentID] {
			seen[h.DocumentID] = true
			title := h.Title
			if title == "" {
				title = h.URI
			}
			out.Results = append(out.Results, Result{h.DocumentID, title, found.URLs[i], h.Text})
		}
	}
	if in.Explain {
		out.Rag = found.Result
	}
	return nil, out, nil
}

// control is the object that says how to search.
func (in SearchInput) control() (json.RawMessage, error) {
	if in.Query == "" {
		return nil, &badInput{"query: want what to look for"}
	}
	in.Query = ""
	data, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	delete(members, "query")
	return json.Marshal(members)
}

// badInput is a mistake of the client's that is found here.
type badInput struct{ message string }

func (e *badInput) Error() string { return e.message }

// FetchInput is what fetch takes.
type FetchInput struct {
	ID   string `json:"id" jsonschema:"a document's id, as search gave it"`
	From int    `json:"from,omitempty" jsonschema:"the character to start from, for a document that is too long for one answer"`
}

// FetchOutput is a document. Where its text is cut, metadata says where it goes on.
type FetchOutput struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Text     string         `json:"text"`
	URL      string         `json:"url"`
	Metadata map[string]any `json:"metadata"`
}

// longestText bounds the characters of one answer: some 25,000 tokens, which is what
// assistants take of a tool.
const longestText = 100_000

func (s *Server) fetch(ctx context.Context, _ *mcp.CallToolRequest, in FetchInput) (*mcp.CallToolResult, FetchOutput, error) {
	d, err := s.opt.Library().Read(ctx, gateway.CallerOf(ctx), in.ID)
	if err != nil {
		return nil, FetchOutput{}, s.failed("fetch", err)
	}
	s.calls.WithLabelValues("fetch", "ok").Inc()
	out := FetchOutput{ID: d.ID, Title: d.Title, URL: d.URL, Metadata: map[string]any{}}
	for k, v := range d.Metadata {
		out.Metadata[k] = v
	}
	out.Metadata["uri"], out.Metadata["collection"] = d.URI, d.Collection
	out.Text = d.Text
	if text, next := part(d.Text, in.From); next > 0 || in.From > 0 {
		out.Text = text
		out.Metadata["characters"] = utf8.RuneCountInString(d.Text)
		if next > 0 {
			out.Metadata["truncated"], out.Metadata["next_from"] = true, next
		}
	}
	return nil, out, nil
}

// part is a text from a character on, at most longestText of them, and where it goes on; 0
// at the end.
func part(text string, from int) (out string, next int) {
	if from <= 0 && len(text) <= longestText {
		return text, 0
	}
	runes := []rune(text)
	start := min(max(from, 0), len(runes))
	end := min(start+longestText, len(runes))
	if end < len(runes) {
		next = end
	}
	return string(runes[start:end]), next
}

// failed counts an error and words it for the client: one of a tool, which a model can
// read and mend.
func (s *Server) failed(tool string, err error) error {
	var bad *badInput
	if errors.As(err, &bad) {
		s.calls.WithLabelValues(tool, "rejected").Inc()
		return err
	}
	message, clients := gateway.Explain(err)
	result := "error"
	if clients {
		result = "rejected"
	} else {
		s.opt.Logger.Error("mcp", "tool", tool, "err", err)
	}
	s.calls.WithLabelValues(tool, result).Inc()
	return errors.New(message)
}
