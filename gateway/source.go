package gateway

import "ragway/retriever"

// Source is one passage given to the model under its number, as clients see it in the
// "sources" of the rag object.
type Source struct {
	N          int      `json:"n"`
	DocumentID string   `json:"document_id"`
	ChunkID    string   `json:"chunk_id"`
	Title      string   `json:"title"`
	URL        string   `json:"url"` // what a person clicks
	URI        string   `json:"uri"`
	Page       int      `json:"page"` // from 1; 0 where the format has none
	Headings   []string `json:"headings"`
	Span       [2]int   `json:"span"` // rune offsets of Text in the document's text, end exclusive
	Text       string   `json:"text"`
	Relevance  float64  `json:"relevance"` // in [0,1], comparable across questions
	Cited      bool     `json:"cited"`     // the answer points at it

	fileID, filename string // as OpenAI's clients know the document
	attributes       retriever.Metadata
}
