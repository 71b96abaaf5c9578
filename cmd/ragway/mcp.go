package main

import (
	"context"
	"errors"
	"io"

	"github.com/prometheus/client_golang/prometheus"

	"ragway/gateway"
	"ragway/gateway/mcp"
)

type mcpCmd struct {
	reading
}

// Run serves one assistant over standard input and output, of which nothing else makes use.
func (c *mcpCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	secret, err := a.secret() // links are those of ragway serve
	if err != nil {
		return err
	}
	srv, err := a.gateway(ctx, store, serving{registry: prometheus.NewRegistry(), secret: secret, keys: a.keys(), scope: &scope})
	if err != nil {
		return err
	}
	server, err := a.mcp(nil, func() mcp.Library { return srv })
	if err != nil {
		return err
	}
	base := a.cfg.Server.PublicURL
	if base == "" {
		base = "http://" + dialable(a.cfg.Server.Listen)
	}
	err = server.ServeIO(ctx, io.NopCloser(a.in), writeCloser{a.out}, gateway.Caller{Scope: scope, Base: base})
	if ctx.Err() != nil || errors.Is(err, io.EOF) { // interrupted, or the assistant has left
		err = nil
	}
	return err
}

// mcp makes the MCP server of a library.
func (a *app) mcp(reg prometheus.Registerer, library func() mcp.Library) (*mcp.Server, error) {
	return mcp.New(mcp.Options{Library: library, Version: version, Registerer: reg, Logger: a.log})
}

type writeCloser struct{ io.Writer }

func (writeCloser) Close() error { return nil }
