package main

import (
	"sync"

	"github.com/tiktoken-go/tokenizer"
)

// o200k is OpenAI's tokenizer since GPT-4o. Its vocabulary is in the binary and takes a
// moment to unpack, so only a command that counts pays for it.
var o200k = sync.OnceValues(func() (tokenizer.Codec, error) { return tokenizer.Get(tokenizer.O200kBase) })

// countTokens counts o200k_base tokens; for other model families an approximation, within
// about 15 % on English prose.
func countTokens(s string) int {
	codec, err := o200k()
	if err == nil {
		n, cerr := codec.Count(s)
		if cerr == nil {
			return n
		}
	}
	return (len(s) + 3) / 4 // OpenAI's rule of thumb; reached only by a broken build
}
