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
	// Full is whole documents in their order, one hit each, where they fit the token
	// budget, and Hybrid where they do not.
	Full Mode = "full"
)

// ParseMode reads a Mode; "" is Hybrid.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case "":
		return Hybrid, nil
	case Hybrid, Dense, Lexical, Full:
		return m, nil
	}
	return "", fmt.Errorf("mode %q: want hybrid, dense, lexical or full", s)
}

// Query is one question to the engine. The zero value of a number takes the engine's
// default, or leaves what it is about undone.
type Query struct {
	Text         string
	Variants     []string // the question in other words, searched as well
	Hypothetical string   // what an answer may look like: embedded in the place of Text (HyDE, Gao et al. 2022)
	Scope        Scope
	Collections  []string // none means DefaultCollection
	SkipMissing  bool     // a collection the store does not have for the Scope reads as empty; DefaultCollection always does
	Documents    []string // IDs; only chunks of these. None: of all
	Filter       *Filter
	Mode         Mode
	K            int     // hits wanted
	Depth        int     // candidates of each list; raised to K
	Recency      Recency // lets newer documents rank higher
	MinScore     float64 // hits of less Relevance are dropped
	PerDocument  int     // hits of one document at most; 0: no limit
	Diversity    float64 // in [0,1]: how much likeness to better hits counts against a hit
	Neighbours   int     // chunks of the same section that a hit is widened by, on either side
	TokenBudget  int     // sum of the hits' Tokens at most; 0: no limit. The best hit always stays
	Raw          bool    // the ranking as it is, before selection
	Explain      bool    // read the texts of what was dropped, too
}

// Hit is a chunk in an answer to a query.
type Hit struct {
	Passage           // widened to its neighbours where the query asks for that
	Merged    []Span  // of the chunks in a widened text, in order; nil when it is one chunk's
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
	Reserved bool    // raised by the reserve, see Fusion
	Recency  float64 // in [0,1], see Recency; 0 where it plays no part
	Rerank   Leg     // Known for what the reranker read
}

// Drop is why a candidate did not become a hit.
type Drop string

const (
	BelowMinScore   Drop = "min_score"
	NotValid        Drop = "not_valid" // before its valid_from, or after its valid_until
	Merged          Drop = "merged"    // its text is in a better hit's
	NearDuplicate   Drop = "duplicate"
	OverPerDocument Drop = "per_document"
	OverBudget      Drop = "token_budget"
	BeyondK         Drop = "top_k"
)

// Degradation is a part of retrieval that was lost while the rest went on.
type Degradation struct {
	Stage      string `json:"stage"` // "embed", "dense", "collection", "rerank"
	Collection string `json:"collection,omitempty"`
	Reason     string `json:"reason"`
}

// Result is the answer to a query.
type Result struct {
	Query       string // the text that was searched, cut to MaxQueryRunes
	Mode        Mode   // what was asked for
	Hits        []Hit  // best first
	Dropped     []Hit  // candidates selection left out, in order; without texts unless Query.Explain
	Degraded    []Degradation
	Notes       []string // what the asker may not expect, in plain words
	EmbedTokens int
	Took        time.Duration
}
