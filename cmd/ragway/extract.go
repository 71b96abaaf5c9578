package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ragway/configs"
	"ragway/ingest"
	"ragway/ingest/chunk"
	"ragway/ingest/extract"
	"ragway/retriever"
)

type extractCmd struct {
	Files  []string `arg:"" name:"file" help:"Files to read."`
	Chunks bool     `help:"Print the chunks instead of the text."`
}

// extractOut is one file, as scripts read it.
type extractOut struct {
	File     string             `json:"file"`
	Format   string             `json:"format"`
	Title    string             `json:"title"`
	Metadata retriever.Metadata `json:"metadata"`
	Text     string             `json:"text"`
	Chunks   []chunkOut         `json:"chunks,omitempty"`
	Pages    int                `json:"pages"`
	Sheets   []string           `json:"sheets"`
	Messages int                `json:"messages"`
	Entries  int                `json:"entries"`
	Error    *extractError      `json:"error"`
}

type extractError struct {
	Reason  ingest.Reason `json:"reason"`
	Message string        `json:"message"`
}

func (c *extractCmd) Run(ctx context.Context, a *app) error {
	defer a.shortLived()()
	if err := a.configure(); err != nil {
		return err
	}
	registry, err := a.extractors()
	if err != nil {
		return err
	}
	splitter, err := a.splitter(a.chunking())
	if err != nil {
		return err
	}
	failed := 0
	for _, file := range c.Files {
		out, chunks, err := extractFile(ctx, registry, splitter, file)
		if err != nil {
			return err
		}
		if out.Error != nil {
			failed++
		}
		if err := c.print(a, out, chunks); err != nil {
			return err
		}
	}
	switch failed {
	case 0:
		return nil
	case len(c.Files):
		return errSilent
	}
	return errors.Join(errSomeFailed, errSilent)
}

// extractFile reads one file; what is wrong with the document is in the result, and only
// cancelling is an error.
func extractFile(ctx context.Context, r *extract.Registry, s *chunk.Splitter, file string) (extractOut, []retriever.Chunk, error) {
	out := extractOut{File: file, Metadata: retriever.Metadata{}, Sheets: []string{}}
	data, err := os.ReadFile(file)
	if err != nil {
		out.Error = &extractError{ingest.Unreadable, err.Error()}
		return out, nil, nil //nolint:nilerr // it is in the result
	}
	doc, err := r.Extract(ctx, ingest.Input{Name: filepath.Base(file), Data: data})
	if ctx.Err() != nil {
		return out, nil, ctx.Err()
	}
	var chunks []retriever.Chunk
	if err == nil {
		chunks, err = s.Split(doc, doc.Title)
	}
	if err != nil {
		out.Error = &extractError{ingest.ReasonOf(err), messageOf(err)}
		return out, nil, nil
	}
	out.Format, out.Title, out.Text = doc.Format, doc.Title, doc.Text
	out.Metadata, out.Sheets = doc.Metadata, emptyList(doc.Sheets)
	if out.Metadata == nil {
		out.Metadata = retriever.Metadata{}
	}
	out.Pages, out.Messages, out.Entries = doc.Pages, doc.Messages, doc.Entries
	return out, chunks, nil
}

func messageOf(err error) string {
	var f *ingest.Failure
	if errors.As(err, &f) {
		return f.Message
	}
	return err.Error()
}

func (c *extractCmd) print(a *app, out extractOut, chunks []retriever.Chunk) error {
	switch {
	case a.JSON:
		if c.Chunks {
			out.Chunks = chunksJSON(chunks)
		}
		return printJSON(a.out, out)
	case out.Error != nil:
		fmt.Fprintf(a.err, "%s: %s: %s\n", out.File, out.Error.Reason, plain(out.Error.Message))
	case c.Chunks:
		for _, ch := range chunks {
			fmt.Fprintf(a.out, "--- %s #%d  %d–%d  %s  %s\n", out.File, ch.Ordinal, ch.Span.Start, ch.Span.End,
				plural(ch.Tokens, "token"), plain(strings.Join(ch.Headings, " › ")))
			fmt.Fprintln(a.out, plain(ch.Text))
		}
	default:
		fmt.Fprintln(a.out, plain(out.Text))
	}
	return nil
}

func chunksJSON(chunks []retriever.Chunk) []chunkOut {
	out := make([]chunkOut, len(chunks))
	for i, ch := range chunks {
		out[i] = chunkOut{ch.ID, ch.Ordinal, emptyList(ch.Headings), ch.Page, [2]int{ch.Span.Start, ch.Span.End}, ch.Text}
	}
	return out
}

// extractors opens the table of formats; the PDF engine's compiled code is kept in the
// user's cache folder where there is one.
func (a *app) extractors() (*extract.Registry, error) {
	o := extract.Options{Timeout: a.cfg.Ingest.DocumentTimeout, MaxBytes: int(a.cfg.Ingest.MaxFileSize), External: externals(a.cfg.Ingest.Extractors)}
	if dir, err := os.UserCacheDir(); err == nil {
		o.CacheDir = filepath.Join(dir, "ragway")
	}
	r, err := extract.New(o)
	if err != nil {
		return nil, err
	}
	a.onClose(r.Close)
	return r, nil
}

func externals(list []configs.Extractor) []extract.External {
	out := make([]extract.External, len(list))
	for i, e := range list {
		out[i] = extract.External{Files: lower(e.Files), Command: e.Command, URL: e.URL, API: e.API, Output: e.Output, Timeout: e.Timeout, Instead: e.Instead}
	}
	return out
}

func lower(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ToLower(s)
	}
	return out
}

// chunking is what the configuration says new collections are cut like.
func (a *app) chunking() retriever.Chunking {
	c := a.cfg.Chunking
	return retriever.Chunking{Strategy: c.Strategy, Tokens: c.Tokens, Overlap: c.Overlap, Tokenizer: c.Tokenizer}
}

// cutter cuts as the collection does, in all that is not asked for otherwise. A size
// comes with its own overlap: the collection's may be more than half of it.
func (a *app) cutter(own retriever.Chunking) func(retriever.Chunking) (ingest.Cutter, error) {
	return func(asked retriever.Chunking) (ingest.Cutter, error) {
		c := own
		setIf(&c.Strategy, asked.Strategy)
		setIf(&c.Tokenizer, asked.Tokenizer)
		if asked.Tokens > 0 {
			c.Tokens, c.Overlap = asked.Tokens, asked.Overlap
		}
		s, err := a.splitter(c)
		if err != nil {
			return ingest.Cutter{}, err
		}
		return ingest.Cutter{Chunk: s.Split, ID: s.ID()}, nil
	}
}

func (a *app) splitter(c retriever.Chunking) (*chunk.Splitter, error) {
	count, ok := tokenizers[c.Tokenizer]
	if !ok {
		return nil, fmt.Errorf("this ragway does not have the tokenizer %q that the collection was made with", c.Tokenizer)
	}
	return chunk.New(chunk.Options{Strategy: c.Strategy, Tokens: c.Tokens, Overlap: c.Overlap, Tokenizer: c.Tokenizer, Count: count})
}
