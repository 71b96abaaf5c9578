package wire

// Chunk is what the gateway needs to know of one chat.completion.chunk. Offsets are into
// the data it was parsed from.
type Chunk struct {
	ID                string
	Model             string
	SystemFingerprint string
	Created           int64
	Choices           []ChunkChoice
	Usage             Usage
	HasUsage          bool
	HasError          bool // the root has an error member that is not null

}

// ChunkChoice is one choice's delta.
type ChunkChoice struct {
	Index        int
	Text         string // delta.content decoded
	HasText      bool   // delta.content is a string
	ContentSpan  Span   // of the value
	FinishReason string // "" while it is null

	delta object
	other bool // something besides text: a role, tool calls, reasoning, log probabilities, …
}

// ParseChunk reads data into c, whose memory it uses again. It is false for anything that
// is not a chunk, which then has to pass as it is; HasError tells whether that is an error.
func ParseChunk(data []byte, c *Chunk) bool {
	w := walk(data, lenient)
	defer w.release()
	*c = Chunk{ID: c.ID, Model: c.Model, SystemFingerprint: c.SystemFingerprint, Choices: c.Choices[:0]}
	choices := false
	_, ok := w.object(func(name []byte) {
		switch string(name) {
		case "id":
			c.ID, _, _ = w.known(c.ID)
		case "model":
			c.Model, _, _ = w.known(c.Model)
		case "system_fingerprint":
			c.SystemFingerprint, _, _ = w.known(c.SystemFingerprint)
		case "created":
			n, _ := w.number()
			c.Created = int64(n)
		case "choices":
			_, _, choices = w.array(func(i int) { c.readChoice(w, i) })
		case "usage":
			c.HasUsage = w.kind() == '{'
			c.Usage = readUsage(w)
		case "error":
			c.HasError = w.filled()
		default:
			w.value()
		}
	})
	return w.end() == nil && ok && choices
}

func (c *Chunk) readChoice(w *walker, i int) {
	choice := ChunkChoice{Index: i}
	_, ok := w.object(func(name []byte) {
		switch string(name) {
		case "index":
			if n, ok := w.number(); ok {
				choice.Index = int(n)
			}
		case "delta":
			choice.readDelta(w)
		case "finish_reason":
			choice.FinishReason, _, _ = w.known(finishReasons...)
		default:
			choice.other = w.filled() || choice.other
		}
	})
	if ok {
		c.Choices = append(c.Choices, choice)
	}
}

var finishReasons = []string{"stop", "length", "tool_calls", "content_filter", "function_call"}

func (c *ChunkChoice) readDelta(w *walker) {
	c.delta, _ = w.object(func(name []byte) {
		switch string(name) {
		case "content":
			c.Text, c.ContentSpan, c.HasText = w.str()
		default:
			c.other = w.filled() || c.other
		}
	})
}

// OnlyText reports whether the chunk carries text deltas and nothing else: once its text
// is empty it can be left out.
func (c *Chunk) OnlyText() bool {
	if c.HasUsage || c.HasError || len(c.Choices) == 0 {
		return false
	}
	for _, choice := range c.Choices {
		if choice.other || !choice.HasText || choice.FinishReason != "" {
			return false
		}
	}
	return true
}

// SetText replaces the text of a delta, or adds it to one that has none. It is the zero
// Edit when the choice has no delta.
func (c *ChunkChoice) SetText(text string) Edit {
	if c.delta.isZero() {
		return Edit{}
	}
	return c.delta.put("content", c.ContentSpan, AppendString(nil, text))
}

// Head is what the chunks of c's stream have in common.
func (c *Chunk) Head() Head {
	return Head{ID: c.ID, Model: c.Model, SystemFingerprint: c.SystemFingerprint, Created: c.Created}
}
