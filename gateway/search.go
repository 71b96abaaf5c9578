package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"ragway/retriever"
)

const (
	defaultSearchResults = 10
	// maxSearchResults is above OpenAI's 50: no model reads these, and an evaluation wants a
	// hundred documents, of however many passages.
	maxSearchResults = 2000
)

// search answers OpenAI's POST /v1/vector_stores/{id}/search. A store's id is vs_ and the
// collection's name. Members that are not known are passed over, as new ones of the API
// would be; those under "rag" say more, as in chat.
func (s *Server) search(c *gin.Context) {
	q, err := measured(s, stageDecode, func() (retriever.Query, error) { return s.decodeSearch(c) })
	if err != nil {
		s.answerError(c, err)
		return
	}
	ctx := c.Request.Context()
	r, err := measured(s, stageRetrieve, func() (retriever.Result, error) {
		r, err := s.opt.Retriever.Retrieve(ctx, q)
		if errors.Is(err, retriever.ErrCollectionNotFound) && s.isEmptyStore(ctx, q) {
			q.SkipMissing = true
			r, err = s.opt.Retriever.Retrieve(ctx, q)
		}
		if err != nil {
			return r, retrievalError(ctx, err, "filters", "vector_store_id")
		}
		return r, nil
	})
	if err != nil {
		s.answerError(c, err)
		return
	}
	s.countRetrieval(r)
	if lost := degradedHeader(r.Degraded); lost != "" {
		c.Header(headerDegraded, lost)
	}
	c.Data(http.StatusOK, jsonType, marshal(newSearchPage(q, r)))
}

// isEmptyStore reports whether the caller's vector store is one that has no document yet.
func (s *Server) isEmptyStore(ctx context.Context, q retriever.Query) bool {
	if s.opt.Uploads == nil {
		return false
	}
	_, err := s.opt.Uploads.VectorStore(ctx, q.Scope, q.Collections[0])
	return err == nil
}

// searchRequest is OpenAI's, with our own member.
type searchRequest struct {
	Query          searchText      `json:"query"`
	Filters        json.RawMessage `json:"filters"`
	MaxNumResults  *int            `json:"max_num_results"`
	RankingOptions struct {
		Ranker         string   `json:"ranker"` // there is one
		ScoreThreshold *float64 `json:"score_threshold"`
	} `json:"ranking_options"`
	RewriteQuery bool            `json:"rewrite_query"` // none of ours is asked for here
	Rag          json.RawMessage `json:"rag"`
}

// searchText is one wording of a question or several.
type searchText []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *searchText) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = searchText{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return errors.New("query: want a string or an array of strings")
	}
	*t = many
	return nil
}

// maxWordings bounds the searches one request can start.
const maxWordings = 8

func (s *Server) decodeSearch(c *gin.Context) (retriever.Query, error) {
	var q retriever.Query
	body, err := readBody(c.Writer, c.Request, s.opt.Limits.BodyBytes)
	if err != nil {
		return q, err
	}
	var req searchRequest
	if err := decodeJSON(body, &req); err != nil {
		return q, err
	}
	ctl, err := req.control(s.policy.Load().Retrieval)
	if err != nil {
		return q, err
	}
	switch {
	case len(req.Query) == 0 || len(req.Query) > maxWordings:
		return q, badRequest("query", "want 1 to %d wordings, got %d", maxWordings, len(req.Query))
	case strings.TrimSpace(req.Query[0]) == "":
		return q, badRequest("query", "the query is empty")
	}
	name := storeName(c)
	return retriever.Query{
		Text: req.Query[0], Variants: req.Query[1:], Scope: scopeOf(c), Collections: append([]string{name}, ctl.collections...),
		Documents: ctl.documents, Filter: ctl.filter, Mode: ctl.mode, K: ctl.topK, Depth: ctl.candidates, Recency: ctl.recency,
		MinScore: ctl.minScore, PerDocument: s.policy.Load().Retrieval.PerDocument, Diversity: ctl.diversity, Neighbours: ctl.neighbours,
		TokenBudget: ctl.budgetOfWhole(), Raw: ctl.raw, Explain: ctl.explain,
	}, nil
}

// budgetOfWhole is the token budget where a search has one: of whole documents.
func (c control) budgetOfWhole() int {
	if c.mode == retriever.Full {
		return c.tokenBudget
	}
	return 0
}

func (r searchRequest) control(op Retrieval) (control, error) {
	c := defaultControl(op)
	c.topK = defaultSearchResults
	if len(r.Rag) > 0 && string(r.Rag) != "null" {
		if err := c.setAll(r.Rag, searchKeys, op); err != nil {
			return c, err
		}
	}
	if len(r.Filters) > 0 && string(r.Filters) != "null" {
		filter, err := retriever.ParseFilter(r.Filters)
		if err != nil {
			return c, &failure{stage: stageDecode, param: "filters", err: err}
		}
		if c.filter != nil {
			return c, badRequest("filters", "there is one under rag as well")
		}
		c.filter = filter
	}
	if n := r.MaxNumResults; n != nil {
		if *n < 1 || *n > maxSearchResults {
			return c, badRequest("max_num_results", "want 1 to %d", maxSearchResults)
		}
		c.topK = *n
	}
	if t := r.RankingOptions.ScoreThreshold; t != nil {
		if *t < 0 || *t > 1 {
			return c, badRequest("ranking_options.score_threshold", "want a number from 0 to 1")
		}
		c.minScore = *t
	}
	return c, nil
}

// searchPage is OpenAI's page of results, with our own member.
type searchPage struct {
	Object      string        `json:"object"`
	SearchQuery []string      `json:"search_query"`
	Data        []searchItem  `json:"data"`
	HasMore     bool          `json:"has_more"`
	NextPage    *string       `json:"next_page"`
	Rag         *SearchResult `json:"rag,omitempty"`
}

const searchPageObject = "vector_store.search_results.page"

// searchItem is a result as OpenAI's clients know it.
type searchItem struct {
	FileID     string             `json:"file_id"`
	Filename   string             `json:"filename"`
	Score      float64            `json:"score"` // the relevance, which compares across questions
	Attributes retriever.Metadata `json:"attributes"`
	Content    []searchContent    `json:"content"`
}

type searchContent struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func newSearchPage(q retriever.Query, r retriever.Result) searchPage {
	details := NewSearchResult(r, q.Explain)
	page := searchPage{
		Object: searchPageObject, SearchQuery: append([]string{r.Query}, q.Variants...),
		Data: []searchItem{}, Rag: &details,
	}
	for i, h := range r.Hits {
		id, name := fileOf(h.Document)
		page.Data = append(page.Data, searchItem{
			FileID: id, Filename: name, Score: h.Relevance, Attributes: page.Rag.Hits[i].Metadata,
			Content: []searchContent{{"text", h.Chunk.Text}},
		})
	}
	return page
}
