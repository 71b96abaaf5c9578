package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"ragway/gateway"
	"ragway/retriever"
)

type searchCmd struct {
	Query    []string `arg:"" help:"What to look for."`
	K        int      `short:"k" default:"10" help:"How many passages."`
	Filter   string   `placeholder:"JSON" sep:"none" help:"Filter over metadata, in OpenAI's form."`
	Document []string `placeholder:"ID" help:"Search only this document; may be repeated."`
	Explain  bool     `help:"Show ranks and scores, and what was dropped and why."`
	Raw      bool     `help:"Print the fused chunks, before selection."`
	asking
}

func (c *searchCmd) Run(ctx context.Context, a *app) error {
	if c.K < 1 || c.K > 10_000 {
		return usagef("-k %d: want 1 to 10000", c.K)
	}
	text := strings.Join(c.Query, " ")
	if strings.TrimSpace(text) == "" {
		return usagef("the query is empty")
	}
	var filter *retriever.Filter
	if c.Filter != "" {
		var err error
		if filter, err = retriever.ParseFilter([]byte(c.Filter)); err != nil {
			return usagef("--filter: %w", err)
		}
	}
	search, q, err := c.searcher(ctx, a)
	if err != nil {
		return err
	}
	q.Text, q.K, q.Filter, q.Raw, q.Explain = text, c.K, filter, c.Raw, c.Explain
	q.Documents = c.Document
	r, err := search(ctx, q)
	if err != nil {
		return err
	}
	if a.JSON {
		if !c.Explain {
			r.Dropped = nil
		}
		return printJSON(a.out, r)
	}
	c.print(a, r)
	return nil
}

func (c *searchCmd) print(a *app, r gateway.SearchResult) {
	for _, d := range r.Degraded {
		fmt.Fprintf(a.err, "degraded: %s\n", degradedLine(d))
	}
	for _, note := range r.Notes {
		fmt.Fprintf(a.err, "note: %s\n", note)
	}
	switch {
	case len(r.Hits) > 0:
	case len(r.Dropped) > 0 && !c.Explain:
		fmt.Fprintln(a.out, "nothing relevant found; --explain shows what was dropped and why")
	default:
		fmt.Fprintln(a.out, "nothing found")
	}
	for i, h := range r.Hits {
		printHit(a, i+1, h, c.Explain)
	}
	if c.Explain {
		for _, h := range r.Dropped {
			fmt.Fprintf(a.out, " -  %s (%s)\n    %s\n", hitTitle(h), h.Dropped, signalsLine(h))
		}
	}
}

func printHit(a *app, rank int, h gateway.SearchHit, explain bool) {
	fmt.Fprintf(a.out, "%2d. %s  %s\n", rank, hitTitle(h), h.URI)
	if explain {
		fmt.Fprintf(a.out, "    %s\n", signalsLine(h))
	}
	fmt.Fprintf(a.out, "    %s\n", snippet(h.Text, 300))
}

func hitTitle(h gateway.SearchHit) string {
	parts := []string{titleOf(h.Title, h.URI)}
	if len(h.Headings) > 0 {
		if last := plain(h.Headings[len(h.Headings)-1]); last != parts[0] {
			parts = append(parts, last)
		}
	}
	if h.Page > 0 {
		parts = append(parts, fmt.Sprintf("page %d", h.Page))
	}
	return strings.Join(parts, " › ")
}

// titleOf is what a person calls a document: its title, or else its file's name.
func titleOf(title, uri string) string {
	if title == "" {
		return plain(path.Base(uri))
	}
	return plain(title)
}

func signalsLine(h gateway.SearchHit) string {
	leg := func(name string, rank int, score *float64) string {
		switch {
		case score == nil:
			return name + " –"
		case rank == 0:
			return fmt.Sprintf("%s %.3f", name, *score)
		}
		return fmt.Sprintf("%s %.3f (#%d)", name, *score, rank)
	}
	s := h.Signals
	line := fmt.Sprintf("score %.3f  relevance %.2f  %s  %s  coverage %.2f", h.Score, h.Relevance,
		leg("words", s.LexicalRank, s.LexicalScore), leg("vector", s.DenseRank, s.DenseScore), s.Coverage)
	if s.RerankScore != nil {
		line += "  " + leg("reranker", s.RerankRank, s.RerankScore)
	}
	if s.Recency > 0 {
		line += fmt.Sprintf("  recency %.2f", s.Recency)
	}
	if s.Reserved {
		line += "  raised by the reserve"
	}
	return line
}

func degradedLine(d retriever.Degradation) string {
	if d.Collection == "" {
		return d.Stage + ": " + d.Reason
	}
	return fmt.Sprintf("%s of %s: %s", d.Stage, d.Collection, d.Reason)
}
