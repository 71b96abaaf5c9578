package gateway

import (
	"time"

	"ragway/retriever"
)

// explanation is how an answer's context came about.
type explanation struct {
	Question    explainedQuestion    `json:"question"`
	Mode        retriever.Mode       `json:"mode"`
	Collections []string             `json:"collections"`
	TopK        int                  `json:"top_k"`
	TokenBudget int                  `json:"token_budget"`
	MinScore    float64              `json:"min_score"`
	OnEmpty     OnEmpty              `json:"on_empty"`
	OnError     OnError              `json:"on_error"`
	Notes       []string             `json:"notes"` // what the asker may not expect, in plain words
	TookMS      float64              `json:"took_ms"`
	Candidates  []explainedCandidate `json:"candidates"` // kept first, then dropped in their order
	Edits       []edit               `json:"edits"`      // what was changed in the request
}

type explainedQuestion struct {
	Asked     string                 `json:"asked"`
	Searched  string                 `json:"searched"`
	Completed []retriever.Completion `json:"completed"` // what it was completed with from earlier turns, and why

	// by a model, where one is configured
	Rewritten    bool     `json:"rewritten"`
	Variants     []string `json:"variants"`     // searched as well
	Hypothetical string   `json:"hypothetical"` // embedded in the place of the question
}

type explainedCandidate struct {
	ChunkID    string          `json:"chunk_id"`
	DocumentID string          `json:"document_id"`
	URI        string          `json:"uri"`
	Title      string          `json:"title"`
	Headings   []string        `json:"headings"`
	Score      float64         `json:"score"`
	Relevance  float64         `json:"relevance"`
	Signals    explainedSignal `json:"signals"`
	Fate       string          `json:"fate"` // "kept", or why it was dropped
}

type explainedSignal struct {
	Lexical  *explainedLeg `json:"lexical"`
	Dense    *explainedLeg `json:"dense"`
	Coverage float64       `json:"coverage"`
	Reserved bool          `json:"reserved"`
	Recency  float64       `json:"recency"`
	Rerank   *explainedLeg `json:"rerank"`
}

type explainedLeg struct {
	Rank  int     `json:"rank"` // from 1; 0: beyond the list's depth
	Score float64 `json:"score"`
}

func explain(in injected) *explanation {
	c := in.control
	e := &explanation{
		Question:    explainQuestion(in.understood),
		Mode:        c.mode,
		Collections: notNil(in.collections),
		TopK:        c.topK, TokenBudget: c.tokenBudget, MinScore: c.minScore, OnEmpty: c.onEmpty, OnError: c.onError,
		Notes:      append(notNil(in.result.Notes), in.notes...),
		TookMS:     float64(in.result.Took) / float64(time.Millisecond),
		Candidates: []explainedCandidate{}, Edits: notNil(in.edits),
	}
	for _, h := range in.result.Hits {
		e.Candidates = append(e.Candidates, explainHit(h))
	}
	for _, h := range in.result.Dropped {
		e.Candidates = append(e.Candidates, explainHit(h))
	}
	return e
}

func explainQuestion(u understood) explainedQuestion {
	return explainedQuestion{
		Asked: u.question.Asked, Searched: u.question.Text, Completed: notNil(u.question.Completed),
		Rewritten: u.rewritten.Text != "", Variants: notNil(u.rewritten.Variants), Hypothetical: u.rewritten.Hypothetical,
	}
}

func explainHit(h retriever.Hit) explainedCandidate {
	fate := string(h.Dropped)
	if fate == "" {
		fate = "kept"
	}
	return explainedCandidate{
		ChunkID: h.Chunk.ID, DocumentID: h.Document.ID, URI: h.Document.URI, Title: h.Document.Title,
		Headings: notNil(h.Chunk.Headings), Score: h.Score, Relevance: h.Relevance, Fate: fate,
		Signals: explainedSignal{
			explainLeg(h.Signals.Lexical), explainLeg(h.Signals.Dense), h.Signals.Coverage, h.Signals.Reserved,
			h.Signals.Recency, explainLeg(h.Signals.Rerank),
		},
	}
}

func explainLeg(l retriever.Leg) *explainedLeg {
	if !l.Known {
		return nil
	}
	return &explainedLeg{l.Rank, l.Score}
}
