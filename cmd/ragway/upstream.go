package main

import (
	"fmt"
	"os"

	"ragway/configs"
	"ragway/gateway"
	"ragway/gateway/upstream"
)

// upstream is what answers requests to models: the model servers that are configured, else
// the extractive answerer.
func (a *app) upstream() (gateway.Upstream, error) {
	servers := a.cfg.Servers()
	if len(servers) == 0 {
		return upstream.NewExtractive(upstream.ExtractiveOptions{Language: a.cfg.Language, Count: a.countTokens}), nil
	}
	o := upstream.PoolOptions{Logger: a.log}
	for _, u := range servers {
		h, err := newServer(u)
		if err != nil {
			return nil, usagef("upstream %s: %v", u.Name, err)
		}
		o.Servers = append(o.Servers, h)
	}
	return upstream.NewPool(o)
}

func newServer(u configs.Upstream) (*upstream.HTTP, error) {
	o := upstream.HTTPOptions{
		Name: u.Name, Preset: u.Preset, BaseURL: u.BaseURL, Key: u.APIKey.Reveal(), Passthrough: u.Auth == "passthrough",
		Headers: u.Headers, Query: u.Query, Models: u.Models, Rewrite: u.Rewrite, Weight: u.Weight, Fallback: u.Fallback,
		MaxConcurrency: u.MaxConcurrency, MaxQueue: u.MaxQueue, QueueTimeout: u.QueueTimeout,
		StreamUsage: u.StreamUsage, ContextWindows: u.ContextWindows,
		ConnectTimeout: u.Timeouts.Connect, FirstByteTimeout: u.Timeouts.FirstByte,
		IdleTimeout: u.Timeouts.Idle, TotalTimeout: u.Timeouts.Total,
	}
	for _, api := range u.APIs {
		o.APIs = append(o.APIs, gateway.API(api))
	}
	if u.TLSCA != "" {
		pem, err := os.ReadFile(u.TLSCA)
		if err != nil {
			return nil, fmt.Errorf("tls_ca: %w", err)
		}
		o.TrustedCA = pem
	}
	return upstream.NewHTTP(o)
}
