package rerank

import "encoding/json"

// Shape is the form of request and reply that a server speaks.
type Shape string

const (
	// Cohere is POST /v2/rerank of Cohere, which refuses fields that it does not know.
	Cohere Shape = "cohere"
	// Jina is POST /v1/rerank of Jina and vLLM. Infinity has it at /rerank unless started
	// with --url-prefix.
	Jina Shape = "jina"
	// TEI is POST /rerank of Text Embeddings Inference, whose texts other servers call documents.
	TEI Shape = "tei"
)

func (s Shape) known() bool { return s == Cohere || s == Jina || s == TEI }

// batchSize is how many passages a server of this shape takes in one request, as it comes:
// TEI refuses more than --max-client-batch-size, 32; Cohere advises against more than
// 1,000; Infinity refuses more than 2,048.
func (s Shape) batchSize() int {
	if s == TEI {
		return 32
	}
	return 1000
}

type cohereRequest struct {
	Model     string   `json:"model"`
	Query     string   `json:"query"`
	Documents []string `json:"documents"`
	TopN      int      `json:"top_n"`
}

type jinaRequest struct {
	cohereRequest
	ReturnDocuments bool `json:"return_documents"` // vLLM returns them all the same
}

type teiRequest struct {
	Query     string   `json:"query"`
	Texts     []string `json:"texts"`
	RawScores bool     `json:"raw_scores"` // false: through the sigmoid, as the other shapes do
	Truncate  bool     `json:"truncate"`   // true: an input beyond the model's length is no error
}

// request is the body that asks for the score of every passage.
func (s Shape) request(model, query string, passages []string) any {
	r := cohereRequest{Model: model, Query: query, Documents: passages, TopN: len(passages)}
	switch s {
	case TEI:
		return teiRequest{Query: query, Texts: passages, Truncate: true}
	case Jina:
		return jinaRequest{cohereRequest: r}
	}
	return r
}

// result is one line of a reply. Pointers tell what is missing or null from zero: TEI
// writes null for an infinite score, Infinity for NaN.
type result struct {
	Index          *int     `json:"index"`
	RelevanceScore *float64 `json:"relevance_score"`
	Score          *float64 `json:"score"`
}

func (s Shape) score(r result) *float64 {
	if s == TEI {
		return r.Score
	}
	return r.RelevanceScore
}

// results reads a reply; nil when it is JSON of another form.
func (s Shape) results(body []byte) ([]result, error) {
	if s == TEI {
		var list []result
		if body[0] != '[' && json.Valid(body) {
			return nil, nil
		}
		err := json.Unmarshal(body, &list)
		return list, err
	}
	var reply struct {
		Results []result `json:"results"`
	}
	if body[0] != '{' && json.Valid(body) {
		return nil, nil
	}
	err := json.Unmarshal(body, &reply)
	return reply.Results, err
}
