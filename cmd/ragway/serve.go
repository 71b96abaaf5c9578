package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ragway/configs"
	"ragway/gateway"
	"ragway/gateway/mcp"
	"ragway/gateway/ui"
	"ragway/gateway/uploads"
	"ragway/retriever"
)

type serveCmd struct {
	Listen         string `placeholder:"ADDR" help:"Address (default: 127.0.0.1:8080)."`
	InsecureNoAuth bool   `name:"insecure-no-auth" help:"Listen beyond this machine without asking anyone for a key."`
}

func (c *serveCmd) Run(ctx context.Context, a *app) error {
	flags := func(cfg *configs.Config) {
		setIf(&cfg.Server.Listen, c.Listen)
		setIf(&cfg.Server.InsecureNoAuth, c.InsecureNoAuth)
	}
	if err := a.configure(flags); err != nil {
		return err
	}
	if err := a.refuseOwnAddress(); err != nil {
		return err
	}
	store, err := a.store(ctx, false)
	if err != nil {
		return err
	}
	secret, err := a.secret() // after the store, so that a folder that is refused stays as it was
	if err != nil {
		return err
	}
	extractors, err := a.extractors()
	if err != nil {
		return err
	}
	registry := newRegistry()
	files, err := a.uploads(registry, a.newIngestion(store, extractors, ingestMetrics(registry)))
	if err != nil {
		return err
	}
	srv, err := a.gateway(ctx, store, serving{registry: registry, secret: secret, keys: a.keys(), uploads: files, mcp: true})
	if err != nil {
		return err
	}
	if err := a.awaitStore(ctx, store); err != nil {
		return err
	}
	if err := a.warnMissing(ctx, store); err != nil {
		return err
	}
	l, err := listen(ctx, a.cfg.Server.Listen)
	if err != nil {
		return err
	}
	a.ingestUploads(ctx, files)
	if err := a.reload(ctx, srv, registry, flags); err != nil {
		return err
	}
	a.announce(l)
	return srv.Serve(ctx, l)
}

const (
	// storePatience is how long a store may take until it is ready: a Qdrant that was
	// restarted, or is being written to, is not for up to 20 s.
	storePatience = 30 * time.Second
	askStore      = 250 * time.Millisecond
)

// awaitStore waits until the store is ready and its indexes are open, so that the first
// question does not wait for them.
func (a *app) awaitStore(ctx context.Context, store retriever.Store) error {
	for start, said := time.Now(), false; ; said = true {
		err := store.Ping(ctx)
		if err == nil || !errors.Is(err, retriever.ErrUnavailable) || time.Since(start) > storePatience {
			return err
		}
		if !said {
			a.log.Warn("waiting for the store", "err", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askStore):
		}
	}
}

// warnMissing names the configured collections that are not there: they read as empty until
// the first ingest, for ever if the name is misspelt.
func (a *app) warnMissing(ctx context.Context, store retriever.Store) error {
	for _, name := range a.namedCollections() {
		_, err := store.Settings(ctx, retriever.Operator(), name)
		switch {
		case errors.Is(err, retriever.ErrCollectionNotFound):
			a.log.Warn("a configured collection does not exist yet and reads as empty", "collection", name)
		case err != nil:
			return err
		}
	}
	return nil
}

// namedCollections are those that requests search which name none, each once.
func (a *app) namedCollections() []string {
	names := slices.Clone(a.cfg.Retrieval.Collections)
	for _, m := range a.cfg.Models {
		names = append(names, m.Collections...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// announce says where the server is and where prompts go.
func (a *app) announce(l net.Listener) {
	if !a.Quiet {
		fmt.Fprintf(a.err, "prompts go to %s\n", a.upstreamLine())
		if !a.cfg.Auth.Enabled() {
			fmt.Fprintln(a.err, "no key is asked for: documents with an access list stay hidden")
		}
	}
	fmt.Fprintf(a.err, "listening on http://%s\n", announced(a.cfg.Server.Listen, l.Addr()))
}

// announced is the host as configured, which for 0.0.0.0 is not what the system says, and
// the port that was taken, which for 0 is not what is configured.
func announced(listen string, taken net.Addr) string {
	host, _, err := net.SplitHostPort(listen)
	_, port, terr := net.SplitHostPort(taken.String())
	if err != nil || terr != nil || host == "" {
		return taken.String()
	}
	return net.JoinHostPort(host, port)
}

func (a *app) upstreamLine() string {
	servers := a.cfg.Servers()
	if len(servers) == 0 {
		return "the built-in extractive answerer, which quotes your documents and sends nothing out"
	}
	var lines []string
	for _, u := range servers {
		lines = append(lines, a.address(u))
	}
	return strings.Join(lines, ", ")
}

// address is where an upstream's prompts go.
func (a *app) address(u configs.Upstream) string {
	h, err := newServer(u)
	if err != nil {
		return u.BaseURL
	}
	return h.String()
}

// refuseOwnAddress finds the commonest loop: OPENAI_BASE_URL still pointing at ragway
// itself. Loops over other names are recognised when the first request comes back.
func (a *app) refuseOwnAddress() error {
	for _, server := range a.cfg.Servers() {
		address := a.address(server)
		u, err := url.Parse(address)
		if err != nil || u.Host == "" {
			continue // Validate has judged it
		}
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
		}
		_, listenPort, _ := net.SplitHostPort(a.cfg.Server.Listen) // Validate has judged it
		if port == listenPort && port != "0" && isThisMachine(u.Hostname()) {
			return usagef("the upstream %s is this server's own address; name the model server in upstream.base_url or OPENAI_BASE_URL", address)
		}
	}
	return nil
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified())
}

// secret is the configured one, else one that is made once and kept in the data folder.
func (a *app) secret() ([]byte, error) {
	if a.cfg.Server.Secret.IsSet() {
		return []byte(a.cfg.Server.Secret.Reveal()), nil
	}
	path := filepath.Join(a.cfg.DataDir, "secret")
	data, err := os.ReadFile(path)
	if err == nil && len(data) >= 32 {
		return data, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read the server's secret: %w", err)
	}
	if err := os.MkdirAll(a.cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: it ends the program instead
	return writeOnce(path, []byte(hex.EncodeToString(random[:])))
}

// writeOnce puts data in a new file, or returns what another process put there first.
func writeOnce(path string, data []byte) ([]byte, error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("keep the server's secret: %w", err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the server's secret: %w", err), tmp.Close())
	}
	if err := tmp.Close(); err != nil {
		return nil, fmt.Errorf("keep the server's secret: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("keep the server's secret: %w", err)
	}
	return os.ReadFile(path)
}

func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

func (a *app) keys() []gateway.Key {
	var keys []gateway.Key
	for _, k := range a.cfg.Auth.AllKeys() {
		keys = append(keys, gateway.Key{SHA256: k.SHA256, Tenant: k.Tenant, User: k.User, Groups: k.Groups, Collections: k.Collections, Write: k.Write})
	}
	return keys
}

// serving is what differs between serve, demo and ask.
type serving struct {
	registry *prometheus.Registry
	secret   []byte
	keys     []gateway.Key
	uploads  *uploads.Library // nil: none are taken
	mcp      bool             // assistants are served, too
	scope    *retriever.Scope // of callers without a key; nil: the default tenant without principals
}

// gateway wires the server over an open store.
func (a *app) gateway(ctx context.Context, store retriever.Store, s serving) (*gateway.Server, error) {
	policy, err := policyOf(a.cfg)
	if err != nil {
		return nil, err
	}
	embedder, err := a.embedder()
	if err != nil {
		return nil, err
	}
	var srv *gateway.Server
	eng, err := a.engine(store, embedder, func(stage string, took time.Duration, err error) { srv.ObserveStage(stage, took, err) })
	if err != nil {
		return nil, err
	}
	if a.cfg.Retrieval.Mode != string(retriever.Lexical) {
		if err := checkSpaces(ctx, eng, retriever.Operator(), a.namedCollections()); err != nil {
			return nil, err
		}
	}
	up, err := a.upstream()
	if err != nil {
		return nil, err
	}
	reranker, err := a.reranker()
	if err != nil {
		return nil, err
	}
	rewriter, err := a.rewriter()
	if err != nil {
		return nil, err
	}
	opt := gateway.Options{
		Retriever: eng, Store: store, Upstream: up, Embedder: embedder, Reranker: reranker, Rewriter: rewriter, UI: ui.Handler(),
		Catalog: func(ctx context.Context) ([]retriever.CollectionInfo, error) {
			return store.Collections(ctx, retriever.Operator())
		},
		Keys: s.keys, OpenScope: s.scope, Secret: s.secret, PublicURL: a.cfg.Server.PublicURL, PassThrough: a.cfg.Server.PassThrough,
		Version: gateway.Version{Version: version, Revision: buildRevision()},
		Policy:  policy,
		Limits: gateway.Limits{
			BodyBytes: int64(a.cfg.Server.MaxBody), DrainTimeout: a.cfg.Server.Drain, Heartbeat: a.cfg.Server.Heartbeat,
		},
		Count: a.countTokens, CountFor: countFor, Registerer: s.registry, Gatherer: s.registry, Logger: a.log, LogContent: a.cfg.Log.Content,
	}
	if s.mcp {
		server, err := a.mcp(s.registry, func() mcp.Library { return srv })
		if err != nil {
			return nil, err
		}
		opt.MCP = server.Handler()
	}
	if s.uploads != nil {
		opt.Uploads, opt.OpenWrite = s.uploads, a.openWrite()
	}
	srv, err = gateway.New(opt)
	return srv, err
}
