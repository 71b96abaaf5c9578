package retriever

import (
	"fmt"
	"time"
)

// Mode says which lists a query is answered from.
type Mode string

const (
	Hybrid  Mode = "hybrid"
	Dense   Mode = "dense"
	Lexical Mode = "lexical"
)

// ParseMode reads a Mode; "" is Hybrid.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case "":
		return Hybrid, nil
	case Hybrid, Dense, Lexical:
		return m, nil
	}
	return "", fmt.Errorf("mode %q: want hybrid, dense or lexical", s)
}

// Query is one question to the engine. The zero value of a number takes the engine's
// default.
type Query struct {
	Text        string
	Scope       Scope
	Collections []string // none means DefaultCollection
	SkipMissing bool     // a collection the store does not have for the Scope reads as empty; DefaultCollection always does
	Filter      *Filter
	Mode        Mode
	K           int     // hits wanted
	Depth       int     // candidates of each list; raised to K
	MinScore    float64 // hits of less Relevance are dropped
	PerDocument int     // hits of one document at most; 0: no limit
	TokenBudget int     // sum of the hits' Tokens at most; 0: no limit. The best hit always stays
	Raw         bool    // the fused order as it is, before selection
}

// Hit is a chunk in an answer to a query.
type Hit struct {
	Chunk     Chunk
	Document  Document
	Score     float64 // ranks within one query only
	Relevance float64 // in [0,1]; compares across queries
	Signals   Signals
	Dropped   Drop // why selection left it out; "" for a hit that was kept
}

// Signals is how a hit came to its score.
type Signals struct {
	Lexical  Leg
	Dense    Leg
	Coverage float64
	Reserved bool // raised by the reserve, see Fusion
}

// Drop is why a candidate did not become a hit.
type Drop string

const (
	BelowMinScore   Drop = "min_score"
	NearDuplicate   Drop = "duplicate"
	OverPerDocument Drop = "per_document"
	OverBudget      Drop = "token_budget"
	BeyondK         Drop = "top_k"
)

// Degradation is a part of retrieval that was lost while the rest went on.
type Degradation struct {
	Stage      string `json:"stage"` // "embed", "dense", "collection"
	Collection string `json:"collection,omitempty"`
	Reason     string `json:"reason"`
}

// Result is the answer to a query.
type Result struct {
	Query       string // the text that was searched, cut to MaxQueryRunes
	Mode        Mode   // what was asked for
	Hits        []Hit  // best first
	Dropped     []Hit  // candidates selection left out, in fused order
	Degraded    []Degradation
	EmbedTokens int
	Took        time.Duration
}
