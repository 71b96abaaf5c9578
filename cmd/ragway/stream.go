package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"ragway/gateway/wire"
)

// readStream reads a chat stream to its end and returns the sources it named. A stream
// without [DONE] is an error: the answer is not whole.
func readStream(r io.Reader, each func(string)) ([]chatSource, error) {
	var sources []chatSource
	events := wire.NewEventReader(r, 0)
	for {
		ev, err := events.Next()
		switch {
		case errors.Is(err, io.EOF):
			return sources, errors.New("the stream broke off")
		case err != nil:
			return sources, fmt.Errorf("read the stream: %w", err)
		case ev.IsDone():
			return sources, nil
		case len(ev.Data) == 0:
			continue
		}
		var chunk chatChunk
		if err := json.Unmarshal(ev.Data, &chunk); err != nil {
			return sources, fmt.Errorf("read the stream: %w", err)
		}
		if chunk.Error != nil {
			return sources, errors.New(chunk.Error.Message)
		}
		for _, c := range chunk.Choices {
			each(c.Delta.Content)
		}
		if chunk.Rag != nil {
			sources = chunk.Rag.Sources
		}
	}
}
