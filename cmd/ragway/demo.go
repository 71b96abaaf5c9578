package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ragway/configs"
	"ragway/docs"
	"ragway/gateway/upstream"
	"ragway/ingest"
	"ragway/ingest/source"
)

type demoCmd struct {
	Once bool `help:"Exit after the questions instead of serving on."`
}

// demoQuestions are asked over HTTP, as any client would. The last one has no answer in
// the manual.
var demoQuestions = []struct {
	text   string
	stream bool
}{
	{"How does ragway cut hallucinations?", false},
	{"What does exit code 3 mean?", true},
	{"Who won the football world cup in 1998?", false},
}

// Run uses nothing of the caller's: a data folder of its own, the default configuration,
// and no model server, so that nothing is sent out or spent.
func (c *demoCmd) Run(ctx context.Context, a *app) error {
	dir, err := os.MkdirTemp("", "ragway-demo-*")
	if err != nil {
		return err
	}
	a.onClose(func() error { return os.RemoveAll(dir) })
	a.cfg = configs.Default()
	a.cfg.DataDir = filepath.Join(dir, "data")
	a.cfg.Log.Level = "warn"
	setIf(&a.cfg.Log.Level, a.LogLevel)
	a.log = a.newLogger(a.cfg.Log)

	registry := newRegistry()
	served := make(chan error, 1)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	url, err := c.start(ctx, a, dir, registry, served)
	if err != nil {
		return err
	}
	if err := c.show(ctx, a, url, registry); err != nil {
		stop()
		return errors.Join(err, <-served)
	}
	if c.Once {
		stop()
		return <-served
	}
	fmt.Fprintf(a.out, "\nThe server keeps running at %s: open it in a browser, point an OpenAI client at %s/v1, or press Ctrl-C.\n", url, url)
	return <-served // Ctrl-C drains and is no error
}

// start ingests the manual and serves it; the server's end is sent to served.
func (c *demoCmd) start(ctx context.Context, a *app, dir string, registry *prometheus.Registry, served chan<- error) (string, error) {
	store, err := a.store(ctx, false)
	if err != nil {
		return "", err
	}
	extractors, err := a.extractors()
	if err != nil {
		return "", err
	}
	ing := a.newIngestion(store, extractors, ingestMetrics(registry))
	files, err := a.uploads(registry, ing)
	if err != nil {
		return "", err
	}
	srv, err := a.gateway(ctx, store, serving{registry: registry, uploads: files})
	if err != nil {
		return "", err
	}
	if err := c.ingestManual(ctx, a, ing, dir); err != nil {
		return "", err
	}
	l, err := listenNear(ctx, a.cfg.Server.Listen)
	if err != nil {
		return "", err
	}
	a.ingestUploads(ctx, files)
	go func() { served <- srv.Serve(ctx, l) }()
	return "http://" + l.Addr().String(), nil
}

func (c *demoCmd) ingestManual(ctx context.Context, a *app, ing ingestion, dir string) error {
	manual := filepath.Join(dir, "manual")
	if err := os.CopyFS(manual, docs.FS); err != nil {
		return err
	}
	opt, err := ing.options(ctx, "default")
	if err != nil {
		return err
	}
	eng, err := ingest.New(opt)
	if err != nil {
		return err
	}
	src, err := source.Open(ctx, manual, source.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	plan, err := eng.Plan(ctx, src)
	if err != nil {
		return err
	}
	sum, err := eng.Apply(ctx, plan, func(ingest.Event) {})
	if err != nil {
		return err
	}
	pages, err := fs.Glob(docs.FS, "*.md")
	if err != nil || sum.Added != len(pages) || sum.Failed > 0 {
		return fmt.Errorf("the manual has %d pages, %d were read and %d failed", len(pages), sum.Added, sum.Failed)
	}
	fmt.Fprintf(a.out, "Ingested ragway's own manual: %s, %s, in %.1f s.\n", plural(sum.Added, "document"), plural(sum.Chunks, "chunk"), sum.Seconds)
	return nil
}

// listenNear listens on addr, or on a free port of the same host when it is taken.
func listenNear(ctx context.Context, addr string) (net.Listener, error) {
	l, err := listen(ctx, addr)
	if err == nil {
		return l, nil
	}
	host, _, splitErr := net.SplitHostPort(addr)
	if splitErr != nil {
		return nil, err
	}
	return listen(ctx, net.JoinHostPort(host, "0"))
}

// show asks the questions and prints answers and metrics.
func (c *demoCmd) show(ctx context.Context, a *app, url string, registry *prometheus.Registry) error {
	client := client{base: url, http: &http.Client{Timeout: time.Minute}}
	for _, q := range demoQuestions {
		if err := demoAsk(ctx, a.out, client, q.text, q.stream); err != nil {
			return fmt.Errorf("ask %q: %w", q.text, err)
		}
	}
	fmt.Fprintf(a.out, "\nSome of what Prometheus scrapes at %s/metrics:\n", url)
	return printMetrics(a.out, registry)
}

func demoAsk(ctx context.Context, w io.Writer, client client, question string, stream bool) error {
	body := map[string]any{
		"model":    upstream.ExtractiveModel,
		"messages": []map[string]string{{"role": "user", "content": question}},
	}
	if stream {
		fmt.Fprintf(w, "\n» %s  (streamed)\n", question)
		sources, err := client.stream(ctx, body, func(piece string) { fmt.Fprint(w, plain(piece)) })
		fmt.Fprintln(w)
		printSources(w, sources)
		return err
	}
	fmt.Fprintf(w, "\n» %s\n", question)
	answer, _, err := client.ask(ctx, body)
	if err != nil {
		return err
	}
	for _, choice := range answer.Choices {
		fmt.Fprintln(w, plain(choice.Message.Content))
	}
	printSources(w, answer.Rag.Sources)
	return nil
}

// printMetrics prints the counters that have moved.
func printMetrics(w io.Writer, g prometheus.Gatherer) error {
	families, err := g.Gather()
	if err != nil {
		return err
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "ragway_") || !strings.HasSuffix(f.GetName(), "_total") {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName()
			if labels != nil {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			if v := m.GetCounter().GetValue(); v > 0 {
				fmt.Fprintf(w, "  %s %v\n", name, v)
			}
		}
	}
	return nil
}
