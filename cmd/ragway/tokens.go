package main

import (
	"math"
	"strings"
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

// tokenizers count tokens, by the names that chunking.tokenizer takes. They are OpenAI's.
var tokenizers = map[string]func(string) int{
	"o200k_base":  counter(tokenizer.O200kBase),
	"cl100k_base": counter(tokenizer.Cl100kBase),
}

// counter counts by a vocabulary in the binary. It takes a moment to unpack, so only a
// command that counts pays for it.
func counter(e tokenizer.Encoding) func(string) int {
	load := sync.OnceValues(func() (tokenizer.Codec, error) { return tokenizer.Get(e) })
	return byWords(func(s string) int {
		codec, err := load()
		if err == nil {
			n, cerr := codec.Count(s)
			if cerr == nil {
				return n
			}
		}
		return (len(s) + 3) / 4 // OpenAI's rule of thumb; reached only by a broken build
	})
}

// families are the encodings of OpenAI's models, by how a model's name starts; the first
// that fits.
var families = []struct{ prefix, encoding string }{
	{"gpt-4o", "o200k_base"}, {"gpt-4.1", "o200k_base"}, {"gpt-4.5", "o200k_base"}, {"chatgpt-4o", "o200k_base"},
	{"gpt-4", "cl100k_base"}, {"gpt-3.5", "cl100k_base"},
	{"gpt-", "o200k_base"}, {"o1", "o200k_base"}, {"o3", "o200k_base"}, {"o4", "o200k_base"},
}

// foreignMargin is what a token budget counts on top for models of others, whose
// vocabularies are not here: theirs make up to about a fifth more tokens of the same text.
const foreignMargin = 1.2

// countFor counts as the model does that a prompt goes to, or on the safe side of that.
// The name may have a provider before it: openai/gpt-4o.
func countFor(model string) func(string) int {
	name := model[strings.LastIndexByte(model, '/')+1:]
	for _, f := range families {
		if strings.HasPrefix(name, f.prefix) {
			return tokenizers[f.encoding]
		}
	}
	count := tokenizers["o200k_base"]
	return func(s string) int { return int(math.Ceil(foreignMargin * float64(count(s)))) }
}

// countTokens counts as configured, by a name that Validate has seen.
func (a *app) countTokens(s string) int { return tokenizers[a.cfg.Chunking.Tokenizer](s) }
