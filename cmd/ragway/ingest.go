package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"ragway/ingest"
	"ragway/ingest/extract"
	"ragway/ingest/source"
	"ragway/retriever"
)

// errSomeFailed is a finished run in which some documents failed: exit code 3.
var errSomeFailed = errors.New("some documents failed")

type ingestCmd struct {
	Sources       []string          `arg:"" name:"source" help:"Folders, files, globs, record files (.jsonl, .csv), web pages (https://…), s3://BUCKET/PREFIX, exec:PROGRAM, or - for standard input."`
	Collection    string            `short:"c" default:"default" help:"Collection to read into; created when it is missing."`
	Name          string            `placeholder:"NAME" help:"First part of the documents' URIs (default: the folder's name)."`
	URLBase       string            `name:"url-base" placeholder:"URL" help:"Link of a document: URL + relative path."`
	DryRun        bool              `help:"Print the plan and change nothing."`
	Prune         bool              `help:"Delete documents that the source no longer has."`
	Force         bool              `help:"Prune also when that deletes more than half."`
	Sitemap       bool              `help:"The URL is a sitemap, or a site whose robots.txt names its sitemaps."`
	Crawl         int               `placeholder:"N" help:"Follow a page's links N deep, on its host and in or below its folder."`
	AllowPrivate  bool              `help:"Fetch from loopback and private addresses, too."`
	NoIgnore      bool              `help:"Read files that .gitignore and .ragwayignore leave out, too."`
	Checksum      bool              `help:"Read every file; size and time do not stand for the content."`
	Tenant        string            `placeholder:"T" help:"Tenant that owns the documents (default: default)."`
	ACL           []string          `name:"acl" placeholder:"group:hr" help:"Who may read them, user:NAME or group:NAME (default: everyone of the tenant)."`
	Meta          map[string]string `placeholder:"k=v" mapsep:"none" help:"Metadata of every document; may be repeated."`
	RetryFailed   bool              `help:"Try failed documents again before their time."`
	Watch         bool              `help:"Go on, and ingest what changes."`
	WatchInterval time.Duration     `placeholder:"5m" default:"5m" help:"With --watch: how often web pages, S3 and programs are looked at."`
	MetricsListen string            `placeholder:"ADDR" help:"With --watch: serve Prometheus metrics there."`
	Workers       int               `placeholder:"N" help:"Documents read at once (default: one a processor)."`
}

func (c *ingestCmd) Run(ctx context.Context, a *app) error {
	unbound := a.shortLived()
	defer unbound()
	if err := c.check(); err != nil {
		return err
	}
	if err := a.configure(); err != nil {
		return err
	}
	sources, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	acl, err := c.acl()
	if err != nil {
		return err
	}
	store, err := a.store(ctx, false)
	if err != nil {
		return err
	}
	registry, err := a.extractors()
	if err != nil {
		return err
	}
	var observer ingest.Observer
	if c.Watch {
		if observer, err = c.serveMetrics(ctx, a); err != nil {
			return err
		}
	}
	ing := a.newIngestion(store, registry, observer)
	opt, err := ing.options(ctx, c.Collection)
	if err != nil {
		return err
	}
	c.apply(&opt, acl)
	eng, err := ingest.New(opt)
	if err != nil {
		return usagef("%w", err)
	}
	if c.Watch {
		return c.watch(ctx, a, eng, sources)
	}
	return c.run(ctx, a, eng, store, sources, unbound)
}

func (c *ingestCmd) check() error {
	if err := retriever.CheckCollectionName(c.Collection); err != nil {
		return usagef("--collection: %w", err)
	}
	if err := c.checkWatch(); err != nil {
		return err
	}
	if c.Crawl < 0 {
		return usagef("--crawl %d: want 0 or more", c.Crawl)
	}
	if _, nameless := c.Meta[""]; nameless {
		return usagef("--meta: a field has no name")
	}
	if u, err := url.Parse(c.URLBase); c.URLBase != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return usagef("--url-base %s: want http://… or https://…", c.URLBase)
	}
	return nil
}

// open opens the sources before anything else is touched: one that is not there is a
// mistake of the command line.
func (c *ingestCmd) open(ctx context.Context, a *app) ([]ingest.Source, error) {
	var sources []ingest.Source
	opt := a.sourceOptions(c.Name)
	opt.NoIgnore = c.NoIgnore
	opt.HTTP = source.HTTPOptions{Sitemap: c.Sitemap, Crawl: c.Crawl, MaxBytes: int64(a.cfg.Ingest.MaxFileSize), AllowPrivate: c.AllowPrivate}
	if slices.Contains(c.Sources, "-") {
		opt.Stdin = interruptible(ctx, a.in)
	}
	for _, arg := range c.Sources {
		s, err := source.Open(ctx, arg, opt)
		if err != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, usagef("%w", err)
		}
		a.onClose(s.Close)
		sources = append(sources, s)
	}
	return sources, nil
}

// interruptible is r until ctx is done. A read from a terminal cannot be called off, so it
// is left behind.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	pr, pw := io.Pipe()
	go func() {
		_, err := io.Copy(pw, r)
		pw.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { pw.CloseWithError(ctx.Err()) })
	return pr
}

// apply lays the flags over the options.
func (c *ingestCmd) apply(o *ingest.Options, acl []string) {
	o.Tenant, o.ACL, o.URLBase = c.Tenant, acl, c.URLBase
	o.Prune, o.Force, o.Checksum, o.RetryFailed = c.Prune, c.Force, c.Checksum, c.RetryFailed
	o.AcceptOrigin = c.Name != ""
	setIf(&o.Workers, c.Workers)
	o.Metadata = retriever.Metadata{}
	for k, v := range c.Meta {
		o.Metadata[k] = v
	}
}

func (c *ingestCmd) acl() ([]string, error) {
	if c.ACL == nil {
		return nil, nil
	}
	acl, err := retriever.ParseACL(c.ACL)
	if err != nil {
		return nil, usagef("--acl %s: %w", strings.Join(c.ACL, ","), err)
	}
	return acl, nil
}

// muchNew is how many chunks a store takes about a second to index; it opens as many in a
// hundredth of that once they are.
const muchNew = 10_000

// run ingests one source after the other. A document that cannot be read does not stop
// the rest. What is much is indexed here and not by whoever opens the store next.
func (c *ingestCmd) run(ctx context.Context, a *app, eng *ingest.Engine, store retriever.Store, sources []ingest.Source, unbound func()) error {
	var total ingest.Summary
	start := time.Now() // planning counts as well
	out := newProgress(a, c.DryRun)
	defer out.close()
	for _, s := range sources {
		plan, err := eng.Plan(ctx, s)
		if err != nil {
			return err
		}
		if c.DryRun {
			for ev := range plan.Events() {
				out.event(ev)
			}
			total.Counts.Add(plan.Counts())
			if err := plan.Incomplete(); err != nil {
				out.summary(total)
				return err
			}
			continue
		}
		sum, err := eng.Apply(ctx, plan, out.event)
		total.Add(sum)
		total.Seconds = time.Since(start).Seconds()
		if err != nil {
			out.summary(total)
			return err
		}
	}
	var err error
	if total.Chunks >= muchNew {
		out.event(ingest.Note{Message: "indexing"})
		unbound() // an index is as large as it is
		err = store.Ping(ctx)
		total.Seconds = time.Since(start).Seconds()
	}
	out.summary(total)
	if err != nil {
		return fmt.Errorf("everything is stored, and indexing it failed: %w", err)
	}
	if total.Failed > 0 {
		return fmt.Errorf("%w: see `ragway documents failed --collection %s`", errSomeFailed, c.Collection)
	}
	return nil
}

// ingestion is what every ingest of this process shares.
type ingestion struct {
	app      *app
	store    retriever.Store
	formats  *extract.Registry
	observer ingest.Observer
	embed    *embedders
}

func (a *app) newIngestion(store retriever.Store, formats *extract.Registry, observer ingest.Observer) ingestion {
	return ingestion{a, store, formats, observer, a.newEmbedders(store)}
}

// options are the engine's for one collection. An existing collection keeps its own
// chunking and embedder.
func (i ingestion) options(ctx context.Context, collection string) (ingest.Options, error) {
	a := i.app
	template := retriever.Collection{Chunking: a.chunking(), Language: a.cfg.Language}
	info, err := i.store.Collection(ctx, retriever.Operator(), collection)
	found := err == nil
	switch {
	case found:
		template = info.Collection
	case !errors.Is(err, retriever.ErrCollectionNotFound):
		return ingest.Options{}, err
	}
	embedder, err := i.embed.of(ctx, template.Fingerprint)
	if err != nil {
		return ingest.Options{}, err
	}
	if found && template.Fingerprint.IsZero() {
		embedder = nil
	}
	return ingest.Options{
		Store: i.store, Scope: retriever.Operator(), Embedder: embedder,
		Extract: i.formats.Extract, ExtractID: i.formats.ID, Claims: i.formats.Claims,
		Holds: i.formats.Holds, Expand: i.formats.Expand, Cut: a.cutter(template.Chunking),
		Collection: collection, Template: template,
		Workers: a.cfg.Ingest.Workers, Owner: processOwner(), Abandoned: ownerIsDead,
		Limits:   ingest.Limits{DocumentBytes: int64(a.cfg.Ingest.MaxFileSize), DocumentTime: a.cfg.Ingest.DocumentTimeout},
		Observer: i.observer, Logger: a.log,
	}, nil
}
