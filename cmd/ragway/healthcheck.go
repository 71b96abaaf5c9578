package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

type healthcheckCmd struct {
	URL string `name:"url" placeholder:"URL" help:"Server to ask (default: the configured address)."`
}

func (c *healthcheckCmd) Run(ctx context.Context, a *app) error {
	if err := a.configure(); err != nil {
		return err
	}
	url := strings.TrimRight(c.URL, "/")
	if url == "" {
		url = "http://" + dialable(a.cfg.Server.Listen)
	}
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		return usagef("--url %s: want http://HOST:PORT", url)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return usagef("--url: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer resp.Body.Close()
	detail, _ := io.ReadAll(io.LimitReader(resp.Body, 4096)) // what there is of it
	if resp.StatusCode != http.StatusOK {
		return errors.New("not ready: " + string(detail))
	}
	switch {
	case a.JSON:
		return printJSON(a.out, map[string]bool{"ready": true})
	case !a.Quiet:
		fmt.Fprintln(a.out, "ready")
	}
	return nil
}

// dialable turns an address to listen on into one to connect to: every address means the
// loopback one.
func dialable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
