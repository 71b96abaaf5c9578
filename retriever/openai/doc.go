// Package openai embeds through any server that speaks OpenAI's POST /v1/embeddings:
// OpenAI itself, vLLM, TEI, Ollama, LiteLLM, LocalAI. And it rewords questions with a chat
// model behind POST /v1/chat/completions.
//
// A call is cut into batches by count and by tokens, a few of which are under way at
// once. Below the client sits one RoundTripper that tries again what is worth it, waits as
// long as the server asks, and holds back every batch of the Embedder while it does. What
// comes back is not trusted: a wrong count, index or dimension, NaN, Inf and zero vectors
// are errors that name the batch; so is a rewritten question that has nothing of the
// conversation.
package openai
