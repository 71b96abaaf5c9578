package gateway_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"ragway/gateway/wire"
)

// received is a stream as a client reads it.
type received struct {
	texts           map[int]string
	annotations     map[int][]annotation
	rag             *rag
	ragCount        int
	ragBeforeFinish bool
	finishes        int
	done            bool
	errors          int
	comments        int
}

func (r received) text(choice int) string { return r.texts[choice] }

type streamChunk struct {
	ID      string
	Object  string
	Choices []struct {
		Index int
		Delta struct {
			Content     string
			Annotations []annotation
		}
		FinishReason *string `json:"finish_reason"`
	}
	Rag   *rag
	Error *struct{ Message, Code, Source string }
}

// readStream reads a whole stream; every event must be a comment, an error, [DONE] or a
// valid chunk.
func readStream(t testing.TB, a answer) received {
	t.Helper()
	r := received{texts: map[int]string{}, annotations: map[int][]annotation{}}
	in := wire.NewEventReader(strings.NewReader(a.body), 0)
	for {
		e, err := in.Next()
		if errors.Is(err, io.EOF) {
			return r
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(e.Raw)) {
			if strings.HasPrefix(line, ":") {
				r.comments++
			}
		}
		switch {
		case e.Data == nil:
			continue
		case e.IsDone():
			r.done = true
			continue
		}
		r.add(t, decode[streamChunk](t, string(e.Data)))
	}
}

func (r *received) add(t testing.TB, c streamChunk) {
	t.Helper()
	if c.Error != nil {
		r.errors++
		return
	}
	if c.Object != "chat.completion.chunk" || c.ID == "" {
		t.Fatalf("not a chunk: %+v", c)
	}
	if c.Rag != nil {
		r.rag = c.Rag
		r.ragCount++
		r.ragBeforeFinish = r.finishes == 0
	}
	for _, ch := range c.Choices {
		r.texts[ch.Index] += ch.Delta.Content
		r.annotations[ch.Index] = append(r.annotations[ch.Index], ch.Delta.Annotations...)
		if ch.FinishReason != nil {
			r.finishes++
		}
	}
}
