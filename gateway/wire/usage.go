package wire

import "strconv"

// Usage is a model server's count of tokens.
type Usage struct {
	PromptTokens, CompletionTokens, TotalTokens int
}

// readUsage reads a usage object under the names that OpenAI, Anthropic and Gemini give
// to its members. Anthropic counts what came out of and went into its cache apart.
func readUsage(w *walker) (u Usage) {
	cached := 0
	w.object(func(name []byte) {
		switch string(name) {
		case "prompt_tokens", "input_tokens", "promptTokenCount":
			u.PromptTokens = readCount(w)
		case "cache_creation_input_tokens", "cache_read_input_tokens":
			cached += readCount(w)
		case "completion_tokens", "output_tokens", "candidatesTokenCount":
			u.CompletionTokens = readCount(w)
		case "total_tokens", "totalTokenCount":
			u.TotalTokens = readCount(w)
		default:
			w.value()
		}
	})
	u.PromptTokens += cached
	if u.TotalTokens == 0 {
		u.TotalTokens = u.PromptTokens + u.CompletionTokens
	}
	return u
}

// readCount is 0 for anything that is not a sensible number of tokens.
func readCount(w *walker) int {
	if n, ok := w.number(); ok && n >= 0 && n < 1<<31 {
		return int(n)
	}
	return 0
}

func (u Usage) appendChat(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `,"usage":{"prompt_tokens":`...), int64(u.PromptTokens), 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), int64(u.CompletionTokens), 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), int64(u.TotalTokens), 10)
	return append(dst, '}')
}

func (c Completion) usage() Usage {
	return Usage{c.PromptTokens, c.CompletionTokens, c.PromptTokens + c.CompletionTokens}
}
