package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// difyRequest is what Dify asks an external knowledge base.
type difyRequest struct {
	KnowledgeID string `json:"knowledge_id"` // the name of a collection
	Query       string `json:"query"`
	Setting     struct {
		TopK           *int     `json:"top_k"`
		ScoreThreshold *float64 `json:"score_threshold"`
	} `json:"retrieval_setting"`
	Condition *difyCondition `json:"metadata_condition"`
}

type difyCondition struct {
	Operator   string `json:"logical_operator"` // and, or
	Conditions []struct {
		Names    difyNames `json:"name"`
		Operator string    `json:"comparison_operator"`
		Value    any       `json:"value"`
	} `json:"conditions"`
}

// difyNames are one or several fields, of which any may hold.
type difyNames []string

// UnmarshalJSON implements json.Unmarshaler.
func (n *difyNames) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*n = difyNames{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(n))
}

type difyAnswer struct {
	Records []difyRecord `json:"records"`
}

// difyRecord is a passage. Its metadata is never null, on which Dify fails.
type difyRecord struct {
	Content  string             `json:"content"`
	Score    float64            `json:"score"`
	Title    string             `json:"title"`
	Metadata retriever.Metadata `json:"metadata"`
}

// dify answers Dify's external knowledge API.
func (s *Server) dify(c *gin.Context) {
	q, err := measured(s, stageDecode, func() (retriever.Query, error) { return s.decodeDify(c) })
	if err != nil {
		s.answerError(c, err)
		return
	}
	ctx := c.Request.Context()
	found, err := measured(s, stageRetrieve, func() (retriever.Result, error) { return s.opt.Retriever.Retrieve(ctx, q) })
	if err != nil {
		s.answerError(c, retrievalError(ctx, err, "metadata_condition", "knowledge_id"))
		return
	}
	s.countRetrieval(found)
	out := difyAnswer{Records: []difyRecord{}}
	for _, h := range found.Hits {
		metadata := retriever.Metadata{"document_id": h.Document.ID, "path": h.Document.URI, "url": s.documentURL(s.publicBase(c.Request), h.Document, h.Chunk, q.Scope)}
		for k, v := range h.Document.Metadata {
			metadata[k] = v
		}
		out.Records = append(out.Records, difyRecord{h.Chunk.Text, h.Relevance, titleOf(h.Document), metadata})
	}
	c.Data(http.StatusOK, jsonType, marshal(out))
}

func (s *Server) decodeDify(c *gin.Context) (retriever.Query, error) {
	var q retriever.Query
	body, err := readBody(c.Writer, c.Request, s.opt.Limits.BodyBytes)
	if err != nil {
		return q, err
	}
	var req difyRequest
	if err := decodeJSON(body, &req); err != nil {
		return q, err
	}
	op := s.policy.Load().Retrieval
	ctl := defaultControl(op)
	names, err := collectionNames([]string{req.KnowledgeID})
	if err != nil {
		return q, &failure{stage: stageDecode, param: "knowledge_id", err: fmt.Errorf("%w: %w", retriever.ErrCollectionNotFound, err)}
	}
	if strings.TrimSpace(req.Query) == "" {
		return q, badRequest("query", "the query is empty")
	}
	if n := req.Setting.TopK; n != nil {
		if *n < 1 || *n > op.MaxTopK {
			return q, badRequest("retrieval_setting.top_k", "want 1 to %d", op.MaxTopK)
		}
		ctl.topK = *n
	}
	if t := req.Setting.ScoreThreshold; t != nil {
		if *t < 0 || *t > 1 {
			return q, badRequest("retrieval_setting.score_threshold", "want a number from 0 to 1")
		}
		ctl.minScore = *t
	}
	filter, err := req.Condition.filter()
	if err != nil {
		return q, err
	}
	return retriever.Query{
		Text: req.Query, Scope: scopeOf(c), Collections: names, Filter: filter, Mode: ctl.mode, K: ctl.topK,
		MinScore: ctl.minScore, PerDocument: op.PerDocument, Diversity: ctl.diversity, Neighbours: ctl.neighbours, Recency: ctl.recency,
	}, nil
}

// filter is the condition as a filter; what cannot be expressed is refused, for without it
// more would be found than was asked for.
func (d *difyCondition) filter() (*retriever.Filter, error) {
	if d == nil || len(d.Conditions) == 0 {
		return nil, nil //nolint:nilnil // no filter
	}
	all := retriever.Filter{Op: retriever.OpAnd}
	if strings.EqualFold(d.Operator, "or") {
		all.Op = retriever.OpOr
	}
	for i, c := range d.Conditions {
		op, ok := difyOperators[c.Operator]
		if !ok {
			return nil, badRequest(fmt.Sprintf("metadata_condition.conditions[%d].comparison_operator", i), "%q is not supported", c.Operator)
		}
		any := retriever.Filter{Op: retriever.OpOr}
		for _, name := range c.Names {
			any.Filters = append(any.Filters, comparison(op, name, c.Value))
		}
		if len(any.Filters) == 0 {
			return nil, badRequest(fmt.Sprintf("metadata_condition.conditions[%d].name", i), "want the name of a field")
		}
		all.Filters = append(all.Filters, any)
	}
	return &all, nil
}

var difyOperators = map[string]retriever.FilterOp{
	"is": retriever.OpEq, "=": retriever.OpEq, "is not": retriever.OpNe, "≠": retriever.OpNe,
	"in": retriever.OpIn, "not in": retriever.OpNin,
	">": retriever.OpGt, "after": retriever.OpGt, "<": retriever.OpLt, "before": retriever.OpLt, "≥": retriever.OpGte, "≤": retriever.OpLte,
}

// comparison takes Dify's values: numbers may be strings, and lists words with commas.
func comparison(op retriever.FilterOp, name string, value any) retriever.Filter {
	f := retriever.Filter{Op: op, Key: name}
	switch op {
	case retriever.OpIn, retriever.OpNin:
		switch v := value.(type) {
		case []any:
			f.Values = v
		case string:
			for word := range strings.SplitSeq(v, ",") {
				f.Values = append(f.Values, strings.TrimSpace(word))
			}
		default:
			f.Values = []any{v}
		}
		return f
	case retriever.OpGt, retriever.OpGte, retriever.OpLt, retriever.OpLte:
		if text, ok := value.(string); ok {
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				value = n
			}
		}
	}
	f.Value = value
	return f
}

// difyErrors is Dify's shape of errors, with its codes.
type difyErrors struct{}

// AppendError implements errorShape.
func (difyErrors) AppendError(dst []byte, e wire.Error) []byte {
	code := e.Status
	switch {
	case e.Status == http.StatusUnauthorized && strings.Contains(e.Message, errNoCredential.Error()):
		code = 1001
	case e.Status == http.StatusUnauthorized:
		code = 1002
	case e.Code == "collection_not_found":
		code = 2001
	}
	dst = strconv.AppendInt(append(dst, `{"error_code":`...), int64(code), 10)
	return append(wire.AppendString(append(dst, `,"error_msg":`...), e.Message), '}')
}
