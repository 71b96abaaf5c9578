package gateway

import (
	"time"

	"ragway/retriever"
)

// SearchResult is the answer to a search in all detail, as JSON: under "rag" in the answer
// to a search request, and what `ragway search --json` prints. Scripts rely on it; fields
// are only ever added.
type SearchResult struct {
	Query    string                  `json:"query"`
	Mode     retriever.Mode          `json:"mode"`
	TookMS   float64                 `json:"took_ms"`
	Hits     []SearchHit             `json:"hits"`
	Dropped  []SearchHit             `json:"dropped,omitempty"` // where an explanation was asked for
	Degraded []retriever.Degradation `json:"degraded"`
	Notes    []string                `json:"notes,omitempty"`
}

// SearchHit is a passage that was found.
type SearchHit struct {
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
	Signals    SearchSignals      `json:"signals"`
	Dropped    retriever.Drop     `json:"dropped,omitempty"`
}

// SearchSignals is how a hit came to its place. Ranks count from 1; scores are absent where
// there is none.
type SearchSignals struct {
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

// NewSearchResult describes r, with what was dropped where that is to be explained.
func NewSearchResult(r retriever.Result, explain bool) SearchResult {
	out := SearchResult{
		Query: r.Query, Mode: r.Mode, TookMS: float64(r.Took) / float64(time.Millisecond),
		Hits: searchHits(r.Hits), Degraded: notNil(r.Degraded), Notes: r.Notes,
	}
	if explain {
		out.Dropped = searchHits(r.Dropped)
	}
	return out
}

func searchHits(hits []retriever.Hit) []SearchHit {
	out := make([]SearchHit, len(hits))
	for i, h := range hits {
		out[i] = SearchHit{
			Rank: i + 1, Score: h.Score, Relevance: h.Relevance, RecordID: h.Document.RecordID, URI: h.Document.URI,
			Title: h.Document.Title, DocumentID: h.Document.ID, ChunkID: h.Chunk.ID, Text: h.Chunk.Text,
			Headings: notNil(h.Chunk.Headings), Page: h.Chunk.Page, Span: [2]int{h.Chunk.Span.Start, h.Chunk.Span.End},
			Metadata: metadataOf(h.Document), Signals: searchSignals(h.Signals), Dropped: h.Dropped,
		}
	}
	return out
}

func searchSignals(s retriever.Signals) SearchSignals {
	score := func(l retriever.Leg) *float64 {
		if !l.Known {
			return nil
		}
		return &l.Score
	}
	return SearchSignals{
		LexicalRank: s.Lexical.Rank, LexicalScore: score(s.Lexical), DenseRank: s.Dense.Rank, DenseScore: score(s.Dense),
		Coverage: s.Coverage, Reserved: s.Reserved, Recency: s.Recency, RerankRank: s.Rerank.Rank, RerankScore: score(s.Rerank),
	}
}
