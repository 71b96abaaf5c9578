package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// rerankRequest is Cohere's, which Jina's is nearly equal to. Model is not looked at: there
// is one reranker.
type rerankRequest struct {
	Query           string           `json:"query"`
	Documents       []rerankDocument `json:"documents"`
	TopN            *int             `json:"top_n"`
	ReturnDocuments bool             `json:"return_documents"`
}

// rerankDocument is a text, as a string or as an object that has one.
type rerankDocument struct{ text string }

// UnmarshalJSON implements json.Unmarshaler.
func (d *rerankDocument) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &d.text) == nil {
		return nil
	}
	var object struct {
		Text *string `json:"text"`
	}
	if err := json.Unmarshal(data, &object); err != nil || object.Text == nil {
		return errors.New("documents: want strings, or objects with a text")
	}
	d.text = *object.Text
	return nil
}

type rerankAnswer struct {
	ID      string         `json:"id"`
	Model   string         `json:"model"`
	Results []rerankResult `json:"results"`
	Meta    rerankMeta     `json:"meta"`
}

type rerankResult struct {
	Index    int         `json:"index"`
	Score    float64     `json:"relevance_score"` // in [0,1]
	Document *rerankText `json:"document,omitempty"`
}

type rerankText struct {
	Text string `json:"text"`
}

type rerankMeta struct {
	APIVersion  map[string]string `json:"api_version"`
	BilledUnits map[string]int    `json:"billed_units"`
}

// maxReranked is Cohere's bound on documents.
const maxReranked = 10_000

// rerank answers by the configured reranker.
func (s *Server) rerank(c *gin.Context) {
	answer, err := s.rerankTexts(c)
	if err != nil {
		s.answerError(c, err)
		return
	}
	c.Data(http.StatusOK, jsonType, marshal(answer))
}

func (s *Server) rerankTexts(c *gin.Context) (*rerankAnswer, error) {
	if s.opt.Reranker == nil {
		return nil, fail(stageForward, errNoReranker)
	}
	req, err := s.decodeRerank(c)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(req.Documents))
	for i, d := range req.Documents {
		texts[i] = d.text
	}
	scores, err := s.opt.Reranker.Rerank(c.Request.Context(), req.Query, texts)
	if err != nil {
		return nil, fail(stageForward, fmt.Errorf("%w: %w", errReranking, err))
	}
	out := &rerankAnswer{
		ID: recordOf(c).id, Model: s.opt.Reranker.Model(), Results: make([]rerankResult, len(scores)),
		Meta: rerankMeta{map[string]string{"version": "2"}, map[string]int{"search_units": 1}},
	}
	for i, score := range units(scores) {
		out.Results[i] = rerankResult{Index: i, Score: score}
		if req.ReturnDocuments {
			out.Results[i].Document = &rerankText{texts[i]}
		}
	}
	slices.SortStableFunc(out.Results, func(a, b rerankResult) int { return cmp.Compare(scores[b.Index], scores[a.Index]) })
	if req.TopN != nil {
		out.Results = out.Results[:min(*req.TopN, len(out.Results))]
	}
	return out, nil
}

// units are scores in [0,1]: as they are, or where a model gives logits, by the logistic
// function, which keeps their order.
func units(scores []float64) []float64 {
	if !slices.ContainsFunc(scores, func(x float64) bool { return x < 0 || x > 1 }) {
		return scores
	}
	out := make([]float64, len(scores))
	for i, x := range scores {
		out[i] = 1 / (1 + math.Exp(-x))
	}
	return out
}

func (s *Server) decodeRerank(c *gin.Context) (rerankRequest, error) {
	var req rerankRequest
	body, err := readBody(c.Writer, c.Request, s.opt.Limits.BodyBytes)
	if err != nil {
		return req, err
	}
	if err := decodeJSON(body, &req); err != nil {
		return req, err
	}
	switch {
	case req.Query == "":
		return req, badRequest("query", "the query is empty")
	case len(req.Documents) == 0 || len(req.Documents) > maxReranked:
		return req, badRequest("documents", "want 1 to %d documents, got %d", maxReranked, len(req.Documents))
	case req.TopN != nil && *req.TopN < 1:
		return req, badRequest("top_n", "want 1 or more")
	}
	return req, nil
}
