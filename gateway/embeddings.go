package gateway

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"

	"github.com/gin-gonic/gin"

	"ragway/retriever"
)

// embeddings asks the upstream, or the configured embedder where the upstream has none.
func (s *Server) embeddings(c *gin.Context) {
	body, err := readBody(c.Writer, c.Request, s.opt.Limits.BodyBytes)
	if err != nil {
		s.answerError(c, err)
		return
	}
	reply, err := s.call(c, Call{Method: http.MethodPost, Path: "/embeddings", Body: body})
	switch {
	case errors.Is(err, ErrNotServed):
		s.embed(c, body)
	case err != nil:
		s.answerError(c, err)
	default:
		s.relay(c, reply)
	}
}

// embeddingRequest is OpenAI's. Model is not looked at: there is one embedder.
type embeddingRequest struct {
	Input          embeddingInput `json:"input"`
	EncodingFormat string         `json:"encoding_format"`
	Dimensions     int            `json:"dimensions"`
}

// embeddingInput is one string or several. Arrays of token ids are refused: they mean
// nothing without the tokenizer they came from.
type embeddingInput []string

// UnmarshalJSON implements json.Unmarshaler.
func (in *embeddingInput) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*in = embeddingInput{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return errors.New("input: want a string or an array of strings")
	}
	*in = many
	return nil
}

// maxEmbeddingInputs is OpenAI's bound.
const maxEmbeddingInputs = 2048

func parseEmbedding(body []byte) (embeddingRequest, error) {
	var req embeddingRequest
	bad := func(param, format string, args ...any) error {
		return &failure{stage: stageDecode, param: param, err: fmt.Errorf("%w: %w", errEncodingFormat, fmt.Errorf(format, args...))}
	}
	if err := json.Unmarshal(body, &req); err != nil {
		return req, bad("", "%w", err)
	}
	switch {
	case len(req.Input) == 0 || len(req.Input) > maxEmbeddingInputs:
		return req, bad("input", "want 1 to %d texts, got %d", maxEmbeddingInputs, len(req.Input))
	case req.EncodingFormat != "" && req.EncodingFormat != "float" && req.EncodingFormat != "base64":
		return req, bad("encoding_format", "want float or base64")
	}
	for i, text := range req.Input {
		if text == "" {
			return req, bad("input", "input[%d] is empty", i)
		}
	}
	return req, nil
}

type embeddingItem struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

type embeddingAnswer struct {
	Object string          `json:"object"`
	Data   []embeddingItem `json:"data"`
	Model  string          `json:"model"`
	Usage  struct {
		PromptTokens int `json:"prompt_tokens"`
		TotalTokens  int `json:"total_tokens"`
	} `json:"usage"`
}

func (s *Server) embed(c *gin.Context, body []byte) {
	answer, err := s.embedTexts(c, body)
	if err != nil {
		s.answerError(c, fail(stageForward, err))
		return
	}
	c.JSON(http.StatusOK, answer)
}

func (s *Server) embedTexts(c *gin.Context, body []byte) (*embeddingAnswer, error) {
	if s.opt.Embedder == nil {
		return nil, errNoEmbedder
	}
	req, err := parseEmbedding(body)
	if err != nil {
		return nil, err
	}
	vectors, err := s.opt.Embedder.Embed(c.Request.Context(), retriever.DocumentText, req.Input)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errEmbedding, err)
	}
	answer := &embeddingAnswer{Object: "list", Model: s.opt.Embedder.Fingerprint().Model}
	for i, v := range vectors {
		switch {
		case v == nil:
			return nil, &failure{stage: stageDecode, param: "input", err: fmt.Errorf("%w: input[%d] has no word to embed", errEncodingFormat, i)}
		case req.Dimensions != 0 && req.Dimensions != len(v):
			return nil, &failure{stage: stageDecode, param: "dimensions", err: fmt.Errorf("%w: this model has %d dimensions", errEncodingFormat, len(v))}
		}
		answer.Data = append(answer.Data, embeddingItem{Object: "embedding", Index: i, Embedding: encodeVector(v, req.EncodingFormat)})
		answer.Usage.PromptTokens += s.opt.Count(req.Input[i])
	}
	answer.Usage.TotalTokens = answer.Usage.PromptTokens
	s.metrics.embedTokens.Add(float64(answer.Usage.PromptTokens))
	return answer, nil
}

// encodeVector is v as JSON numbers, or as base64 of little-endian float32s.
func encodeVector(v retriever.Vector, format string) any {
	if format != "base64" {
		return v
	}
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
