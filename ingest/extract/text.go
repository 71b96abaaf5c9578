package extract

import (
	"context"
	"mime"
	"strings"

	"ragway/ingest"
)

// declaredCharset is the charset parameter of a media type.
func declaredCharset(mimeType string) string {
	_, params, _ := mime.ParseMediaType(mimeType)
	return params["charset"]
}

func (d *document) decoded() string { return decode(d.Data, declaredCharset(d.MIME)) }

// readText takes text as it is; empty lines part its paragraphs.
func readText(_ context.Context, d *document) error {
	d.w.paragraphs(ingest.Block{Kind: ingest.Paragraph}, d.decoded())
	return nil
}

// paragraphs appends a block for each stretch of lines without an empty one.
func (w *writer) paragraphs(b ingest.Block, text string) {
	for p := range strings.SplitSeq(cleanText(text), "\n\n") {
		w.block(b, p)
	}
}
