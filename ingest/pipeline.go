package ingest

import (
	"strings"

	"ragway/retriever"
)

const spaceMark = "; embed/"

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
