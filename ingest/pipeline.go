package ingest

import (
	"strings"

	"ragway/retriever"
)

const spaceMark = "; embed/"

// A Cutter is a Chunker and the name of its way of cutting: under another ID the same text
// gives other chunks.
type Cutter struct {
	Chunk Chunker
	ID    string
}

// cutter is asked for once for each chunking.
func (e *Engine) cutter(c retriever.Chunking) (Cutter, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if known, ok := e.cutters[c]; ok {
		return known, nil
	}
	cut, err := e.o.Cut(c)
	if err != nil {
		return Cutter{}, Failf(BadMetadata, "chunking: %w", err)
	}
	e.cutters[c] = cut
	return cut, nil
}

// pipeline names what makes the chunks of documents of this type; "" stands for all types.
func (e *Engine) pipeline(mime string, c Cutter) string {
	return PipelineID(e.o.ExtractID(mime), c.ID, e.embedderSpace())
}

// PipelineID names what turns bytes into stored chunks. It changes whenever the same bytes
// would be stored as something else.
func PipelineID(extractID, chunkID string, space retriever.Fingerprint) string {
	return extractID + "; " + chunkID + spaceMark + spaceID(space)
}

// spaceID leaves the dimension out, which some servers' embedders do not know before
// their first answer; the model's name stands for it.
func spaceID(space retriever.Fingerprint) string {
	if space.IsZero() {
		return "none"
	}
	space.Dimension = 0
	return space.Key()
}

// embeddedIn is what Document.Pipeline says of the same document embedded in another
// space. A pipeline that does not name its space stays as it is.
func embeddedIn(pipeline string, space retriever.Fingerprint) string {
	id := madeBy(pipeline)
	made, _, named := strings.Cut(id, spaceMark)
	if !named {
		return pipeline
	}
	return made + spaceMark + spaceID(space) + strings.TrimPrefix(pipeline, id)
}
