package ingest

import "ragway/retriever"

// Defaults are what is said of documents from above, e.g. of all in a folder. What a
// document says of itself comes before them, and a run's flags before both. Items may
// share one.
type Defaults struct {
	ACL      []string           `json:"acl,omitempty"`
	Metadata retriever.Metadata `json:"metadata,omitempty"`
	// Chunking is how they are cut; the zero value leaves that to the collection, as a zero
	// field of it does. It is part of the pipeline that makes their chunks.
	Chunking retriever.Chunking `json:"-"`
}

func (d *Defaults) chunking() retriever.Chunking {
	if d == nil {
		return retriever.Chunking{}
	}
	return d.Chunking
}

// orNone is nil for Defaults that say nothing but the chunking.
func (d *Defaults) orNone() *Defaults {
	if d == nil || len(d.ACL) == 0 && len(d.Metadata) == 0 {
		return nil
	}
	return d
}
