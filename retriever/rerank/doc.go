// Package rerank asks an HTTP server how well passages answer a query. It speaks the three
// shapes there are: Cohere's v2, Jina's (vLLM and Infinity speak it too) and that of
// Hugging Face's Text Embeddings Inference.
//
// Passages are cut to a length the model reads, sent in batches, a few of which are under
// way at once, and the whole call ends within one deadline: it stands between a question
// and its answer, and the caller has an order to fall back on. What comes back is not
// trusted: unless every passage has exactly one finite score, the call fails.
package rerank
