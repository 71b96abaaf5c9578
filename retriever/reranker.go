package retriever

import "context"

// Reranker is a model that reads a query and a passage together and says how well the one
// answers the other: slower and better than the scores candidates are found by.
// It is safe for concurrent use.
type Reranker interface {
	// Model names the model, for explain records and metrics.
	Model() string
	// Rerank returns one score a passage, in the order of the passages. Higher is better;
	// the scale is the model's own. No passages: no call and no scores. A reply with a
	// missing, doubled or unknown passage, or a score that is not a finite number, is an
	// error: nothing of it is used.
	Rerank(ctx context.Context, query string, passages []string) ([]float64, error)
}
