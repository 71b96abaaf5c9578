package gateway

import (
	"crypto/rand"
	"encoding/hex"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// tellSearch hands what was found to the search that the client asked for in another
// system's spelling, whose answers tell of it.
func (in *injected) tellSearch() {
	search := in.Search
	if search == nil || !in.asked {
		return
	}
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	search.ID = wire.SearchIDPrefix + hex.EncodeToString(id[:])
	search.Failed = in.lost()
	search.Queries = append([]string{in.question.Text}, in.rewritten.Variants...)
	for _, src := range in.sources {
		search.Results = append(search.Results, wire.SearchResult{
			FileID: src.fileID, Filename: src.filename, ChunkID: src.ChunkID, Title: src.Title, URL: src.URL, Text: src.Text,
			Score: src.Relevance, Attributes: marshal(src.attributes),
		})
	}
	if in.Protocol == wire.Chat {
		in.Member = in.memberOf(search)
	}
}

// memberOf is how the system whose spelling a chat uses tells of a search.
func (in injected) memberOf(search *wire.Search) *wire.MessageMember {
	if search.Spelling == wire.DataSources {
		return &wire.MessageMember{Name: "context", Value: marshal(azureContext(search)), First: true}
	}
	page := searchPage{Object: searchPageObject, SearchQuery: notNil(search.Queries), Data: []searchItem{}}
	for _, src := range in.sources {
		page.Data = append(page.Data, searchItem{
			FileID: src.fileID, Filename: src.filename, Score: src.Relevance, Attributes: src.attributes,
			Content: []searchContent{{"text", src.Text}},
		})
	}
	return &wire.MessageMember{Name: "provider_specific_fields", Value: marshal(map[string]any{"search_results": []searchPage{page}})}
}

// azureMessageContext is what Azure OpenAI's answers say of the data they rest on. Its
// citations are all that was found, and [docN] in the text is the Nth of them.
type azureMessageContext struct {
	Citations []azureCitation `json:"citations"`
	Intent    string          `json:"intent"` // a JSON array of the queries, as a string
}

type azureCitation struct {
	Content  string `json:"content"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	Filepath string `json:"filepath"`
	ChunkID  string `json:"chunk_id"`
}

func azureContext(search *wire.Search) azureMessageContext {
	out := azureMessageContext{Citations: []azureCitation{}, Intent: string(marshal(notNil(search.Queries)))}
	for _, r := range search.Results {
		out.Citations = append(out.Citations, azureCitation{r.Text, r.Title, r.URL, r.Filename, r.ChunkID})
	}
	return out
}

// metadataOf is a document's metadata, never null.
func metadataOf(d retriever.Document) retriever.Metadata {
	if d.Metadata == nil {
		return retriever.Metadata{}
	}
	return d.Metadata
}
