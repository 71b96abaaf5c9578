package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"ragway/gateway"
	"ragway/gateway/uploads"
	"ragway/ingest"
	"ragway/ingest/source"
	"ragway/retriever"
)

// uploads is the library of a server's uploaded files, which ing ingests.
func (a *app) uploads(reg prometheus.Registerer, ing ingestion) (*uploads.Library, error) {
	c := a.cfg.Uploads
	dir := c.Dir
	if dir == "" {
		dir = filepath.Join(a.cfg.DataDir, "uploads")
	}
	lib, err := uploads.New(uploads.Options{
		Store: ing.store, Scope: retriever.Operator(), Dir: dir, Ingest: ing.uploaded, Owner: processOwner(), Abandoned: ownerIsDead, Logger: a.log,
		FileBytes: int64(c.MaxFileSize), TotalBytes: int64(c.MaxTotalSize), TotalFiles: c.MaxFiles,
	})
	if err != nil {
		return nil, err
	}
	if err := reg.Register(lib.Collector()); err != nil {
		return nil, fmt.Errorf("metrics of uploads: %w", err)
	}
	return lib, nil
}

// ingestUploads works on the library until ctx ends or the command does.
func (a *app) ingestUploads(ctx context.Context, lib *uploads.Library) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lib.Run(ctx)
	}()
	a.onClose(func() error { stop(); <-ended; return nil })
}

// openWrite reports whether callers may write who show no key: on this machine they may, as
// they could with the command line.
func (a *app) openWrite() bool {
	host, _, err := net.SplitHostPort(a.cfg.Server.Listen)
	return err == nil && isThisMachine(host) && !net.ParseIP(host).IsUnspecified()
}

// uploaded ingests files that were uploaded, and takes out those that go.
func (i ingestion) uploaded(ctx context.Context, collection, tenant string, items []uploads.Item) ([]uploads.Failure, error) {
	_, err := i.store.Settings(ctx, retriever.Operator(), collection)
	leaving := func(it uploads.Item) bool { return it.Deleted }
	switch missing := errors.Is(err, retriever.ErrCollectionNotFound); {
	case missing && !slices.ContainsFunc(items, func(it uploads.Item) bool { return !leaving(it) }):
		return nil, nil
	case missing:
		items = slices.DeleteFunc(slices.Clone(items), leaving)
	case err != nil:
		return nil, fmt.Errorf("collection %s: %w", collection, err)
	}
	opt, err := i.options(ctx, collection)
	if err != nil {
		return nil, err
	}
	opt.Tenant, opt.RetryFailed, opt.Workers = tenant, true, i.app.cfg.Uploads.Workers
	opt.Limits.DocumentBytes = int64(i.app.cfg.Uploads.MaxFileSize)
	eng, err := ingest.New(opt)
	if err != nil {
		return nil, err
	}
	plan, err := eng.Plan(ctx, uploadSource(items))
	if err != nil {
		return nil, err
	}
	var failures []uploads.Failure
	_, err = eng.Apply(ctx, plan, func(ev ingest.Event) {
		if d, ok := ev.(ingest.DocumentEvent); ok && d.Action == ingest.Fail {
			failures = append(failures, uploadFailure(d))
		}
	})
	return failures, err
}

func uploadSource(items []uploads.Item) source.List {
	src := source.List{Whence: gateway.UploadPrefix(""), Under: gateway.UploadPrefix("")}
	if len(items) == 1 { // all that is stored under the prefix is looked at
		src.Under = items[0].URI
	}
	for _, it := range items {
		src.All = append(src.All, ingest.Item{
			URI: it.URI, Name: it.Name, Size: it.Size, ModTime: it.ModTime, Hash: it.SHA256, Metadata: it.Metadata, ACL: it.ACL,
			Defaults: &ingest.Defaults{Chunking: it.Chunking}, Explicit: true, Deleted: it.Deleted, Open: it.Open,
		})
	}
	return src
}

// passingReasons are those that may be another day's.
var passingReasons = []ingest.Reason{ingest.Unreadable, ingest.Timeout, ingest.EmbedFailed, ingest.StoreFailed, ingest.Internal}

func uploadFailure(d ingest.DocumentEvent) uploads.Failure {
	reason := ingest.Reason(d.Reason)
	f := uploads.Failure{URI: d.URI, Passing: slices.Contains(passingReasons, reason)}
	f.Error = gateway.FileError{Code: "invalid_file", Message: d.Reason + ": " + d.Error + "; " + reason.Advice()}
	switch {
	case reason == ingest.Unsupported:
		f.Error.Code = "unsupported_file"
	case f.Passing:
		f.Error.Code = "server_error"
	}
	return f
}
