package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ragway/ingest"
	"ragway/ingest/watch"
)

func (c *ingestCmd) checkWatch() error {
	switch {
	case !c.Watch && c.MetricsListen != "":
		return usagef("--metrics-listen is for --watch: a single run ends before anyone scrapes it")
	case !c.Watch:
		return nil
	case c.DryRun:
		return usagef("--watch and --dry-run: want one of them")
	case slices.Contains(c.Sources, "-"):
		return usagef("--watch: standard input is read once")
	case c.WatchInterval < time.Second:
		return usagef("--watch-interval %v: want a second or more", c.WatchInterval)
	}
	return nil
}

// watch ingests until it is interrupted. What goes wrong in a round is told, and tried
// again.
func (c *ingestCmd) watch(ctx context.Context, a *app, eng *ingest.Engine, sources []ingest.Source) error {
	folders, err := watch.New(watch.Options{Logger: a.log})
	if err != nil {
		return err
	}
	a.onClose(folders.Close)
	out := newProgress(a, false)
	defer func() { out.close() }()
	w := ingest.Watch{
		Engine: eng, Sources: sources, Interval: c.WatchInterval,
		Changes: func(ctx context.Context, dirs []string, most time.Duration) error {
			if folders.Follow(dirs) { // what changed in between is found by looking again
				return ctx.Err()
			}
			return folders.Wait(ctx, most)
		},
		Events: func(ev ingest.Event) { out.event(ev) },
		Round: func(sum ingest.Summary, err error) {
			out.summary(sum)
			if err != nil && ctx.Err() == nil {
				fmt.Fprintf(a.err, "ragway: %v; trying again\n", err)
			}
			out = newProgress(a, false)
		},
	}
	if !a.Quiet && !a.JSON {
		fmt.Fprintln(a.err, "watching; Ctrl-C ends it")
	}
	return w.Run(ctx)
}

// serveMetrics serves those of ingest, if asked to, for as long as the process runs.
func (c *ingestCmd) serveMetrics(ctx context.Context, a *app) (ingest.Observer, error) {
	if c.MetricsListen == "" {
		return ingest.Observer{}, nil
	}
	registry := prometheus.NewRegistry()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.MetricsListen)
	if err != nil {
		return ingest.Observer{}, usagef("--metrics-listen: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	a.onClose(func() error {
		err := srv.Close()
		if serr := <-served; !errors.Is(serr, http.ErrServerClosed) {
			err = errors.Join(err, serr)
		}
		return err
	})
	if !a.Quiet {
		fmt.Fprintf(a.err, "metrics on http://%s/metrics\n", l.Addr())
	}
	return ingestMetrics(registry), nil
}
