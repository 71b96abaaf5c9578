package retriever

import "context"

// Rewriter is a model that puts a question into words that find more. What it returns is
// searched, never shown, and is no more trusted than the conversation it was made from.
// It is safe for concurrent use.
type Rewriter interface {
	// Model names the model, for explain records and metrics.
	Model() string
	// Rewrite makes what it is configured to make out of a conversation and the question
	// that Ask found in it. On an error nothing of the reply is used, and the question that Ask completed is
	// searched as it is. A question with an empty Text costs no call and gives nothing.
	Rewrite(ctx context.Context, conversation []Turn, q Question) (Rewritten, error)
}

// Rewritten is what to search for besides or instead of a question's Text. Every part may
// be empty.
type Rewritten struct {
	Text         string   // the question, complete in itself; "": as it was
	Hypothetical string   // a passage such as would answer it, to embed instead of the question (HyDE: Gao et al. 2022); words are never searched for with it
	Variants     []string // other wordings, each to be searched as well; none repeats Text
	Tokens       int      // that the server counted, of prompt and reply; 0 where it does not say
}
