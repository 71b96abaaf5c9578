package gateway

import (
	"crypto/rand"
	"encoding/hex"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// tellSearch hands what was found to the search that the client asked for in another
// system's spelling, whose answers tell of it.
func (s *Server) tellSearch(in *injected, base string, scope retriever.Scope) {
	search := in.Search
	if search == nil {
		return
	}
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	search.ID = "fs_" + hex.EncodeToString(id[:])
	if !in.asked {
		return
	}
	search.Queries = append([]string{in.result.Query}, in.rewritten.Variants...)
	for i, src := range in.sources {
		h := in.result.Hits[i]
		search.Results = append(search.Results, wire.SearchResult{
			FileID: src.fileID, Filename: src.filename, ChunkID: src.ChunkID, Title: src.Title, URL: src.URL, Text: src.Text,
			Score: src.Relevance, Attributes: marshal(metadataOf(h.Document)),
		})
	}
}

// metadataOf is a document's metadata, never null.
func metadataOf(d retriever.Document) retriever.Metadata {
	if d.Metadata == nil {
		return retriever.Metadata{}
	}
	return d.Metadata
}
