package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ragway/configs"
	"ragway/ingest/chunk"
	"ragway/retriever"
)

type collectionsCmd struct {
	List     collectionsListCmd     `cmd:"" help:"List collections."`
	Show     collectionsShowCmd     `cmd:"" help:"Show one collection."`
	Create   collectionsCreateCmd   `cmd:"" help:"Create an empty collection, which keeps the settings it is created with."`
	Delete   collectionsDeleteCmd   `cmd:"" help:"Delete a collection with all its documents."`
	Reembed  collectionsReembedCmd  `cmd:"" help:"Change a collection's embedder while it is served."`
	Copy     collectionsCopyCmd     `cmd:"" help:"Copy a collection to the other kind of store, vectors included."`
	Snapshot collectionsSnapshotCmd `cmd:"" help:"Make a copy of a collection as it is now."`
}

type collectionsListCmd struct{ reading }

func (c *collectionsListCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	infos, err := store.Collections(ctx, scope)
	if err != nil {
		return err
	}
	if a.JSON {
		for _, i := range infos {
			if err := printJSON(a.out, collectionJSON(i)); err != nil {
				return err
			}
		}
		return nil
	}
	var rows [][]string
	for _, i := range infos {
		rows = append(rows, []string{i.Name, strconv.Itoa(i.Documents), strconv.Itoa(i.Chunks), i.Fingerprint.String(), when(i.LastIngest)})
	}
	return printTable(a.out, []string{"COLLECTION", "DOCUMENTS", "CHUNKS", "EMBEDDER", "LAST INGEST"}, rows)
}

type collectionsShowCmd struct {
	Name string `arg:"" help:"Collection."`
	reading
}

func (c *collectionsShowCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := c.open(ctx, a)
	if err != nil {
		return err
	}
	if err := store.Ping(ctx); err != nil { // loads the indexes: before, their recall is not known
		return err
	}
	info, err := store.Collection(ctx, scope, c.Name)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, collectionJSON(info))
	}
	for _, line := range [][2]string{
		{"collection", info.Name},
		{"documents", strconv.Itoa(info.Documents)},
		{"chunks", fmt.Sprintf("%d, %d with vectors", info.Chunks, info.Vectors)},
		{"text", size(info.Bytes)},
		{"embedder", info.Fingerprint.String()},
		{"recall@10", recall(info)},
		{"chunking", fmt.Sprintf("%s, %d tokens of %s, overlap %d", cmp.Or(info.Chunking.Strategy, chunk.Auto), info.Chunking.Tokens, info.Chunking.Tokenizer, info.Chunking.Overlap)},
		{"language", languageName(info.Language)},
		{"fields", fields(info)},
		{"last ingest", when(info.LastIngest)},
	} {
		fmt.Fprintf(a.out, "%-12s %s\n", line[0], line[1])
	}
	return c.printBeside(ctx, a, store, scope)
}

// printBeside tells the operator of what lies beside the collection and takes room.
func (c *collectionsShowCmd) printBeside(ctx context.Context, a *app, store retriever.Store, scope retriever.Scope) error {
	if !scope.IsOperator() {
		return nil
	}
	for _, beside := range []struct{ name, collection, advice string }{
		{"being built", retriever.StagedName(c.Name), "by reembed or copy, which go on where they were"},
		{"kept", retriever.FormerName(c.Name), "from before; reembed --drop-old deletes it"},
	} {
		info, err := store.Collection(ctx, scope, beside.collection)
		switch {
		case errors.Is(err, retriever.ErrCollectionNotFound):
		case err != nil:
			return err
		default:
			fmt.Fprintf(a.out, "%-12s %s, embedder %s, %s\n", beside.name, plural(info.Documents, "document"), info.Fingerprint, beside.advice)
		}
	}
	return nil
}

func recall(info retriever.CollectionInfo) string {
	if info.Vectors == 0 {
		return "no vectors"
	}
	return fmt.Sprintf("%.3f of an exact scan", info.RecallEstimate)
}

func fields(info retriever.CollectionInfo) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(info.Schema)) {
		list = append(list, fmt.Sprintf("%s (%s)", plain(name), info.Schema[name]))
	}
	if list == nil {
		return "none"
	}
	return strings.Join(list, ", ")
}

func languageName(code string) string {
	if code == "" {
		return "en"
	}
	return code
}

func when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.RFC3339)
}

type collectionOut struct {
	Name           string  `json:"name"`
	Documents      int     `json:"documents"`
	Chunks         int     `json:"chunks"`
	Fingerprint    string  `json:"fingerprint"`
	RecallEstimate float64 `json:"recall_estimate"`
	Bytes          int64   `json:"bytes"`
	LastIngest     string  `json:"last_ingest"`
}

func collectionJSON(i retriever.CollectionInfo) collectionOut {
	out := collectionOut{i.Name, i.Documents, i.Chunks, i.Fingerprint.String(), i.RecallEstimate, i.Bytes, ""}
	if !i.LastIngest.IsZero() {
		out.LastIngest = when(i.LastIngest)
	}
	return out
}

type collectionsCreateCmd struct {
	Name          string `arg:"" help:"Name: a-z, 0-9, _ and -."`
	Embedder      string `placeholder:"builtin|openai|none|MODEL" help:"Embedder: a kind, or the model of a configured one (default: the configured one)."`
	ChunkStrategy string `placeholder:"auto|sentence|fixed" help:"How documents are cut (default: as configured, auto)."`
	ChunkTokens   int    `placeholder:"N" help:"Tokens a chunk holds at most (default: as configured, 400)."`
	ChunkOverlap  int    `placeholder:"N" help:"Tokens a chunk repeats of the one before (default: as configured, 0)."`
	Language      string `placeholder:"L" help:"Language of the documents, e.g. en or de (default: as configured, en)."`
}

func (c *collectionsCreateCmd) Run(ctx context.Context, a *app) error {
	if err := retriever.CheckCollectionName(c.Name); err != nil {
		return usagef("%w", err)
	}
	err := a.configure(embedderFlag(c.Embedder), func(cfg *configs.Config) {
		setIf(&cfg.Chunking.Strategy, c.ChunkStrategy)
		setIf(&cfg.Chunking.Tokens, c.ChunkTokens)
		setIf(&cfg.Chunking.Overlap, c.ChunkOverlap)
		setIf(&cfg.Language, c.Language)
	})
	if err != nil {
		return err
	}
	store, err := a.store(ctx, false)
	if err != nil {
		return err
	}
	embedder, err := a.embedder()
	if err != nil {
		return err
	}
	template, err := a.collectionTemplate(ctx, embedder)
	if err != nil {
		return err
	}
	template.Name = c.Name
	if err := store.CreateCollection(ctx, template); err != nil {
		return err
	}
	if a.JSON {
		info, err := store.Collection(ctx, retriever.Operator(), c.Name)
		if err != nil {
			return err
		}
		return printJSON(a.out, collectionJSON(info))
	}
	if !a.Quiet {
		fmt.Fprintf(a.out, "created %s, embedder %s\n", c.Name, template.Fingerprint)
	}
	return nil
}

// collectionTemplate is what a new collection is made with.
func (a *app) collectionTemplate(ctx context.Context, e retriever.Embedder) (retriever.Collection, error) {
	c := retriever.Collection{
		Chunking:  a.chunking(),
		Language:  a.cfg.Language,
		CreatedAt: time.Now().UTC(),
	}
	if e == nil {
		return c, nil
	}
	var err error
	if c.Fingerprint, err = retriever.Probe(ctx, e); err != nil {
		return c, err
	}
	return c, nil
}

type collectionsDeleteCmd struct {
	Name string `arg:"" help:"Collection."`
	Yes  bool   `help:"Delete it although it holds documents."`
}

func (c *collectionsDeleteCmd) Run(ctx context.Context, a *app) error {
	store, scope, err := reading{}.open(ctx, a)
	if err != nil {
		return err
	}
	info, err := store.Collection(ctx, scope, c.Name)
	if err != nil {
		return err
	}
	if !c.Yes && info.Documents > 0 {
		return usagef("%q holds %s; add --yes to delete it", c.Name, plural(info.Documents, "document"))
	}
	if err := store.DeleteCollection(ctx, c.Name); err != nil && !errors.Is(err, retriever.ErrCollectionNotFound) {
		return fmt.Errorf("delete %q: %w", c.Name, err)
	}
	if a.JSON {
		return printJSON(a.out, collectionJSON(info))
	}
	if !a.Quiet {
		fmt.Fprintf(a.out, "deleted %s with %s\n", c.Name, plural(info.Documents, "document"))
	}
	return nil
}
