package main

import (
	"context"
	"fmt"
	"path"
	"strings"

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
	eng, q, err := c.engine(ctx, a)
	if err != nil {
		return err
	}
	q.Text, q.K, q.Filter, q.Raw, q.Explain = text, c.K, filter, c.Raw, c.Explain
	q.Documents = c.Document
	r, err := eng.Retrieve(ctx, q)
	if err != nil {
		return err
	}
	if a.JSON {
		return printJSON(a.out, searchJSON(r, c.Explain))
	}
	c.print(a, r)
	return nil
}

func (c *searchCmd) print(a *app, r retriever.Result) {
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

func printHit(a *app, rank int, h retriever.Hit, explain bool) {
	fmt.Fprintf(a.out, "%2d. %s  %s\n", rank, hitTitle(h), h.Document.URI)
	if explain {
		fmt.Fprintf(a.out, "    %s\n", signalsLine(h))
	}
	fmt.Fprintf(a.out, "    %s\n", snippet(h.Chunk.Text, 300))
}

func hitTitle(h retriever.Hit) string {
	parts := []string{titleOf(h.Document)}
	if len(h.Chunk.Headings) > 0 {
		if last := plain(h.Chunk.Headings[len(h.Chunk.Headings)-1]); last != parts[0] {
			parts = append(parts, last)
		}
	}
	if h.Chunk.Page > 0 {
		parts = append(parts, fmt.Sprintf("page %d", h.Chunk.Page))
	}
	return strings.Join(parts, " › ")
}

// titleOf is what a person calls a document: its title, or else its file's name.
func titleOf(d retriever.Document) string {
	if d.Title == "" {
		return plain(path.Base(d.URI))
	}
	return plain(d.Title)
}

func signalsLine(h retriever.Hit) string {
	leg := func(name string, l retriever.Leg) string {
		switch {
		case !l.Known:
			return name + " –"
		case l.Rank == 0:
			return fmt.Sprintf("%s %.3f", name, l.Score)
		}
		return fmt.Sprintf("%s %.3f (#%d)", name, l.Score, l.Rank)
	}
	line := fmt.Sprintf("score %.3f  relevance %.2f  %s  %s  coverage %.2f", h.Score, h.Relevance,
		leg("words", h.Signals.Lexical), leg("vector", h.Signals.Dense), h.Signals.Coverage)
	if h.Signals.Rerank.Known {
		line += "  " + leg("reranker", h.Signals.Rerank)
	}
	if h.Signals.Recency > 0 {
		line += fmt.Sprintf("  recency %.2f", h.Signals.Recency)
	}
	if h.Signals.Reserved {
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

// The JSON that search prints; scripts rely on it.
type (
	searchOut struct {
		Query    string                  `json:"query"`
		Mode     retriever.Mode          `json:"mode"`
		TookMS   float64                 `json:"took_ms"`
		Hits     []hitOut                `json:"hits"`
		Dropped  []hitOut                `json:"dropped,omitempty"`
		Degraded []retriever.Degradation `json:"degraded"`
		Notes    []string                `json:"notes,omitempty"`
	}
	hitOut struct {
		Rank       int                `json:"rank"`
		Score      float64            `json:"score"`
		Relevance  float64            `json:"relevance"`
		RecordID   string             `json:"record_id"`
		URI        string             `json:"uri"`
		Title      string             `json:"title"`
		DocumentID string             `json:"document_id"`
		ChunkID    string             `json:"chunk_id"`
		Text       string             `json:"text"`
		Headings   []string           `json:"headings"`
		Page       int                `json:"page"`
		Span       [2]int             `json:"span"`
		Metadata   retriever.Metadata `json:"metadata"`
		Signals    signalsOut         `json:"signals"`
		Dropped    retriever.Drop     `json:"dropped,omitempty"`
	}
	signalsOut struct {
		LexicalRank  int      `json:"lexical_rank,omitempty"`
		LexicalScore *float64 `json:"lexical_score,omitempty"`
		DenseRank    int      `json:"dense_rank,omitempty"`
		DenseScore   *float64 `json:"dense_score,omitempty"`
		Coverage     float64  `json:"coverage"`
		Reserved     bool     `json:"reserved,omitempty"`
		Recency      float64  `json:"recency,omitempty"`
		RerankRank   int      `json:"rerank_rank,omitempty"`
		RerankScore  *float64 `json:"rerank_score,omitempty"`
	}
)

func searchJSON(r retriever.Result, explain bool) searchOut {
	out := searchOut{
		Query: r.Query, Mode: r.Mode, TookMS: float64(r.Took.Microseconds()) / 1000,
		Hits: hitsJSON(r.Hits), Degraded: emptyList(r.Degraded), Notes: r.Notes,
	}
	if explain {
		out.Dropped = hitsJSON(r.Dropped)
	}
	return out
}

func hitsJSON(hits []retriever.Hit) []hitOut {
	out := make([]hitOut, len(hits))
	for i, h := range hits {
		out[i] = hitOut{
			Rank: i + 1, Score: h.Score, Relevance: h.Relevance, RecordID: h.Document.RecordID, URI: h.Document.URI,
			Title: h.Document.Title, DocumentID: h.Document.ID, ChunkID: h.Chunk.ID, Text: h.Chunk.Text,
			Headings: emptyList(h.Chunk.Headings), Page: h.Chunk.Page, Span: [2]int{h.Chunk.Span.Start, h.Chunk.Span.End},
			Metadata: metadataOut(h.Document.Metadata), Signals: signalsJSON(h.Signals), Dropped: h.Dropped,
		}
	}
	return out
}

func metadataOut(m retriever.Metadata) retriever.Metadata {
	if m == nil {
		return retriever.Metadata{}
	}
	return m
}

func signalsJSON(s retriever.Signals) signalsOut {
	out := signalsOut{LexicalRank: s.Lexical.Rank, DenseRank: s.Dense.Rank, Coverage: s.Coverage, Reserved: s.Reserved,
		Recency: s.Recency, RerankRank: s.Rerank.Rank}
	if s.Lexical.Known {
		out.LexicalScore = &s.Lexical.Score
	}
	if s.Dense.Known {
		out.DenseScore = &s.Dense.Score
	}
	if s.Rerank.Known {
		out.RerankScore = &s.Rerank.Score
	}
	return out
}
