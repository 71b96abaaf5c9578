package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"ragway/gateway/upstream"
)

type askCmd struct {
	Question []string `arg:"" help:"The question."`
	chatting
}

// chatting is what a request to a model can be given on the command line.
type chatting struct {
	Collection []string `short:"c" placeholder:"C" help:"Collection to answer from; may be repeated (default: as configured, default)."`
	Profile    string   `placeholder:"P" help:"Prompt profile (default: as configured, default)."`
	Model      string   `placeholder:"M" help:"Model to ask; required with a model server."`
	URL        string   `name:"url" placeholder:"U" help:"Ask this running server, with the key in $$RAGWAY_API_KEY, instead of answering here."`
	reading
}

func (c *askCmd) Run(ctx context.Context, a *app) error {
	question := strings.Join(c.Question, " ")
	if strings.TrimSpace(question) == "" {
		return usagef("the question is empty")
	}
	client, err := c.client(ctx, a, true)
	if err != nil {
		return err
	}
	body := map[string]any{"model": c.model(), "messages": []map[string]string{{"role": "user", "content": question}}}
	if rag := c.control(); len(rag) > 0 {
		body["rag"] = rag
	}
	answer, raw, err := client.ask(ctx, body)
	if err != nil && c.URL != "" {
		return fmt.Errorf("ask %s: %w", client.base, err)
	}
	if e := (*errorAnswer)(nil); errors.As(err, &e) && e.Source == "upstream" {
		return fmt.Errorf("ask %s: %w (--log-level error says why)", a.upstreamLine(), err)
	}
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, json.RawMessage(raw))
	}
	for _, d := range answer.Rag.Degraded {
		fmt.Fprintf(a.err, "degraded: %s\n", degradedLine(d))
	}
	for _, choice := range answer.Choices {
		fmt.Fprintln(a.out, plain(choice.Message.Content))
	}
	printSources(a.out, answer.Rag.Sources)
	return nil
}

// control are the members of "rag" that the flags set.
func (c chatting) control() map[string]any {
	rag := map[string]any{}
	if len(c.Collection) > 0 {
		rag["collections"] = c.Collection
	}
	if c.Profile != "" {
		rag["profile"] = c.Profile
	}
	return rag
}

// client asks the server that the flags name, or one inside this process. asking says that
// the request goes to the model that the flags name.
func (c chatting) client(ctx context.Context, a *app, asking bool) (client, error) {
	if c.URL != "" {
		if err := c.refuseWithURL(a); err != nil {
			return client{}, err
		}
		return newClient(a, c.URL)
	}
	scope, err := c.scope()
	if err != nil {
		return client{}, err
	}
	if err := a.configure(); err != nil {
		return client{}, err
	}
	if a.LogLevel == "" {
		a.log = slog.New(slog.DiscardHandler) // the answer or the error says it all
	}
	if asking && c.Model == "" && len(a.cfg.Servers()) > 0 {
		return client{}, usagef("prompts go to %s: say which model with --model", a.upstreamLine())
	}
	store, err := a.store(ctx, true)
	if err != nil {
		return client{}, err
	}
	secret, err := a.secret() // so that fences and links are those of `ragway serve`
	if err != nil {
		return client{}, err
	}
	srv, err := a.gateway(ctx, store, serving{registry: prometheus.NewRegistry(), secret: secret, scope: &scope})
	if err != nil {
		return client{}, err
	}
	return client{http: &http.Client{Transport: inProcess{srv.Handler()}}, base: "http://" + dialable(a.cfg.Server.Listen)}, nil
}

func (c chatting) model() string {
	if c.Model == "" {
		return upstream.ExtractiveModel
	}
	return c.Model
}

// printSources lists the sources an answer cites.
func printSources(w io.Writer, sources []chatSource) {
	for _, s := range sources {
		if !s.Cited {
			continue
		}
		where := s.URI
		if s.Title == s.URI { // it has no title
			s.Title = path.Base(s.URI)
		}
		if len(s.Headings) > 0 {
			where += " › " + s.Headings[len(s.Headings)-1]
		}
		if s.Page > 0 {
			where += fmt.Sprintf(", page %d", s.Page)
		}
		fmt.Fprintf(w, "  [%d] %s (%s)\n", s.N, plain(s.Title), plain(where))
	}
}

// inProcess is a transport that calls a handler directly: no port is opened that others on
// this machine could use with the operator's eyes. The address in a request is the one
// that `ragway serve` has, for the links in citations.
type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	req.RequestURI = req.URL.RequestURI()
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	t.handler.ServeHTTP(w, req)
	return &http.Response{
		StatusCode: w.status, Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), Request: req,
	}, nil
}

// recorder keeps a whole answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) Flush()                      {}
