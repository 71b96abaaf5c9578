package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ragway/ingest"
	"ragway/retriever"
)

type documentsCmd struct {
	List   documentsListCmd   `cmd:"" help:"List documents."`
	Show   documentsShowCmd   `cmd:"" help:"Show one document with its chunks."`
	Delete documentsDeleteCmd `cmd:"" help:"Delete documents."`
	Failed documentsFailedCmd `cmd:"" help:"List documents that could not be ingested, and why."`
}

type documentOut struct {
	DocumentID string    `json:"document_id"`
	RecordID   string    `json:"record_id"`
	URI        string    `json:"uri"`
	Title      string    `json:"title"`
	Chunks     any       `json:"chunks"` // a count in a list, []chunkOut in show
	Hash       string    `json:"hash"`
	Version    string    `json:"version"`
	UpdatedAt  time.Time `json:"updated_at"`
}

type chunkOut struct {
	ChunkID  string   `json:"chunk_id"`
	Ordinal  int      `json:"ordinal"`
	Headings []string `json:"headings"`
	Page     int      `json:"page"`
	Span     [2]int   `json:"span"`
	Text     string   `json:"text"`
}

func documentJSON(d retriever.Document) documentOut {
	return documentOut{d.ID, d.RecordID, d.URI, d.Title, d.Chunks, d.Hash, d.Version, d.UpdatedAt.UTC()}
}

type documentsListCmd struct {
	Collection string `short:"c" default:"default" help:"Collection."`
	reading
}

func (c *documentsListCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	for d, err := range store.Documents(ctx, scope, c.Collection, "") {
		if isMissingDefault(c.Collection, err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %w", err)
		}
		if a.JSON {
			err = printJSON(a.out, documentJSON(d))
		} else {
			_, err = fmt.Fprintf(a.out, "%s  %s  %s  %s\n", d.ID, plain(d.URI), plural(d.Chunks, "chunk"), titleOf(d.Title, d.URI))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isMissingDefault reports whether err says that the default collection does not exist
// yet: it reads as empty, here as in a search.
func isMissingDefault(collection string, err error) bool {
	return collection == retriever.DefaultCollection && errors.Is(err, retriever.ErrCollectionNotFound)
}

type documentsShowCmd struct {
	ID string `arg:"" help:"Document ID."`
	reading
}

func (c *documentsShowCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	d, chunks, err := store.Document(ctx, scope, c.ID)
	if err != nil {
		return documentError(c.ID, err)
	}
	if a.JSON {
		out := documentJSON(d)
		out.Chunks = chunksJSON(chunks)
		return printJSON(a.out, out)
	}
	fmt.Fprintf(a.out, "%s\n%s\ncollection %s, tenant %s, access %s, %s, updated %s\n", titleOf(d.Title, d.URI), plain(d.URI), d.Collection, d.Tenant,
		access(d), plural(d.Chunks, "chunk"), when(d.UpdatedAt))
	for _, ch := range chunks {
		fmt.Fprintf(a.out, "\n[%d] %s\n%s\n", ch.Ordinal, plain(strings.Join(ch.Headings, " › ")), plain(ch.Text))
	}
	return nil
}

func documentError(id string, err error) error {
	if errors.Is(err, retriever.ErrDocumentNotFound) {
		return fmt.Errorf("%w: %s", retriever.ErrDocumentNotFound, id)
	}
	return fmt.Errorf("document %s: %w", id, err)
}

func access(d retriever.Document) string {
	if len(d.ACL) == 0 {
		return "everyone of the tenant"
	}
	return strings.Join(d.ACL, ", ")
}

type documentsDeleteCmd struct {
	IDs []string `arg:"" name:"id" help:"Document IDs."`
}

func (c *documentsDeleteCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := reading{}.open(ctx, a)
	if err != nil {
		return err
	}
	byCollection := map[string][]string{}
	var errs []error
	for _, id := range c.IDs {
		d, _, err := store.Document(ctx, scope, id)
		switch {
		case errors.Is(err, retriever.ErrDocumentNotFound):
			errs = append(errs, documentError(id, err))
		case err != nil:
			return documentError(id, err)
		default:
			byCollection[d.Collection] = append(byCollection[d.Collection], id)
		}
	}
	deleted := 0
	for collection, ids := range byCollection {
		n, err := store.Delete(ctx, collection, ids)
		deleted += n
		if err != nil {
			return fmt.Errorf("delete from %q after %s: %w", collection, plural(deleted, "document"), err)
		}
	}
	if a.JSON {
		errs = append(errs, printJSON(a.out, map[string]int{"deleted": deleted}))
	} else if !a.Quiet {
		fmt.Fprintf(a.out, "deleted %s\n", plural(deleted, "document"))
	}
	return errors.Join(errs...)
}

type documentsFailedCmd struct {
	Collection string `short:"c" default:"default" help:"Collection."`
}

func (c *documentsFailedCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := reading{}.open(ctx, a)
	if err != nil {
		return err
	}
	if _, err := store.Collection(ctx, scope, c.Collection); err != nil {
		if isMissingDefault(c.Collection, err) {
			return nil
		}
		return err
	}
	failures, err := ingest.Failures(ctx, store, c.Collection)
	if err != nil {
		return err
	}
	told := map[ingest.Reason]bool{}
	for _, f := range failures {
		if !told[f.Reason] && !a.JSON && !a.Quiet {
			fmt.Fprintf(a.err, "%s: %s\n", f.Reason, f.Reason.Advice())
		}
		told[f.Reason] = true
		if a.JSON {
			err = printJSON(a.out, f)
		} else {
			_, err = fmt.Fprintf(a.out, "%s  %s  %s (%s, next try %s)\n", f.URI, f.Reason, plain(f.Message), plural(f.Attempts, "attempt"), when(f.NextRetry))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
