package main

import (
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

// tokenizers count tokens, by the names that chunking.tokenizer takes. They are OpenAI's:
// for other model families an approximation, within about 15 % on English prose.
var tokenizers = map[string]func(string) int{
	"o200k_base":  counter(tokenizer.O200kBase),
	"cl100k_base": counter(tokenizer.Cl100kBase),
}

// counter counts by a vocabulary in the binary. It takes a moment to unpack, so only a
// command that counts pays for it.
func counter(e tokenizer.Encoding) func(string) int {
	load := sync.OnceValues(func() (tokenizer.Codec, error) { return tokenizer.Get(e) })
	return func(s string) int {
		codec, err := load()
		if err == nil {
			n, cerr := codec.Count(s)
			if cerr == nil {
				return n
			}
		}
		return (len(s) + 3) / 4 // OpenAI's rule of thumb; reached only by a broken build
	}
}

// countTokens counts as configured, by a name that Validate has seen.
func (a *app) countTokens(s string) int { return tokenizers[a.cfg.Chunking.Tokenizer](s) }
