package gateway

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"ragway/retriever"
)

// storeName is the collection that a request's path names as a vector store.
func storeName(c *gin.Context) string {
	return strings.TrimPrefix(c.Param("id"), retriever.VectorStorePrefix)
}

func storeID(collection string) string { return retriever.VectorStorePrefix + collection }

// vectorStoreJSON is OpenAI's vector store object, with our own member.
type vectorStoreJSON struct {
	ID           string            `json:"id"`
	Object       string            `json:"object"`
	CreatedAt    int64             `json:"created_at"`
	Name         string            `json:"name"`
	Description  string            `json:"description"`
	UsageBytes   int64             `json:"usage_bytes"`
	FileCounts   FileCounts        `json:"file_counts"`
	Status       FileStatus        `json:"status"`
	ExpiresAfter *struct{}         `json:"expires_after"`
	ExpiresAt    *int64            `json:"expires_at"`
	LastActiveAt int64             `json:"last_active_at"`
	Metadata     map[string]string `json:"metadata"`
	Rag          vectorStoreRag    `json:"rag"`
}

type vectorStoreRag struct {
	Collection string          `json:"collection"`
	Ingests    []ingestRunJSON `json:"ingests"` // under way, by whatever process
}

type ingestRunJSON struct {
	StartedAt time.Time `json:"started_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Done      int       `json:"done"`
	Total     int       `json:"total"`
}

func showVectorStore(v VectorStore) vectorStoreJSON {
	out := vectorStoreJSON{
		ID: storeID(v.Collection), Object: "vector_store", CreatedAt: seconds(v.Created), Name: v.Name, Description: v.Description,
		UsageBytes: v.Bytes, FileCounts: v.Files, Status: Completed, LastActiveAt: seconds(v.Active), Metadata: v.Metadata,
		Rag: vectorStoreRag{Collection: v.Collection, Ingests: []ingestRunJSON{}},
	}
	if out.Metadata == nil {
		out.Metadata = map[string]string{}
	}
	if v.Files.InProgress > 0 || len(v.Runs) > 0 {
		out.Status = InProgress
	}
	for _, r := range v.Runs {
		out.Rag.Ingests = append(out.Rag.Ingests, ingestRunJSON{r.Started, r.Updated, r.Done, r.Total})
	}
	return out
}

// seconds is a time as OpenAI gives them; 0 for none, as of a collection that is still to come.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// vectorStoreRequest makes a vector store or changes one.
type vectorStoreRequest struct {
	Name        *string           `json:"name"`
	Description *string           `json:"description"`
	Metadata    map[string]string `json:"metadata"`
	Expires     json.RawMessage   `json:"expires_after"`
	FileIDs     []string          `json:"file_ids"`
	Chunking    *chunkingStrategy `json:"chunking_strategy"`
}

// Bounds of OpenAI's API on what is said of an object.
const (
	maxPairs       = 16
	longestKey     = 64
	longestValue   = 512
	longestName    = 256
	maxBatchFiles  = 500
	maxChunkTokens = 4096
	minChunkTokens = 100
)

func (r vectorStoreRequest) about() (AboutStore, error) {
	a := AboutStore{Name: r.Name, Description: r.Description, Metadata: r.Metadata}
	if len(r.Expires) > 0 && string(r.Expires) != "null" {
		return a, badRequest("expires_after", "vector stores are kept until they are deleted")
	}
	for field, s := range map[string]*string{"name": r.Name, "description": r.Description} {
		if s != nil && utf8.RuneCountInString(*s) > longestName {
			return a, badRequest(field, "want at most %d characters", longestName)
		}
	}
	if len(r.Metadata) > maxPairs {
		return a, badRequest("metadata", "want at most %d pairs", maxPairs)
	}
	for k, v := range r.Metadata {
		if err := checkPair("metadata", k, v); err != nil {
			return a, err
		}
	}
	return a, nil
}

func checkPair(field, key string, value any) error {
	if key == "" || utf8.RuneCountInString(key) > longestKey {
		return badRequest(field, "want keys of 1 to %d characters", longestKey)
	}
	if s, ok := value.(string); ok && utf8.RuneCountInString(s) > longestValue {
		return badRequest(field+"."+key, "want at most %d characters", longestValue)
	}
	return nil
}

// decodeInto reads a request's body; none at all is an empty one.
func (s *Server) decodeInto(c *gin.Context, into any) error {
	body, err := readBody(c.Writer, c.Request, s.opt.Limits.BodyBytes)
	if err != nil || len(body) == 0 {
		return err
	}
	return decodeJSON(body, into)
}

func (s *Server) createVectorStore(c *gin.Context) {
	v, err := s.newVectorStore(c)
	s.reply(c, showVectorStore(v), err)
}

func (s *Server) newVectorStore(c *gin.Context) (VectorStore, error) {
	var req vectorStoreRequest
	if err := s.decodeInto(c, &req); err != nil {
		return VectorStore{}, err
	}
	about, err := req.about()
	if err != nil {
		return VectorStore{}, err
	}
	batch := batchRequest{FileIDs: req.FileIDs, Chunking: req.Chunking}
	files, err := batch.attachments(0)
	if err != nil {
		return VectorStore{}, err
	}
	ctx, scope := c.Request.Context(), scopeOf(c)
	if err := s.haveFiles(ctx, scope, files); err != nil { // before anything is made
		return VectorStore{}, err
	}
	v, err := s.opt.Uploads.CreateVectorStore(ctx, scope, about)
	if err != nil || len(files) == 0 {
		return v, err
	}
	if _, err := s.opt.Uploads.AttachBatch(ctx, scope, v.Collection, files); err != nil {
		return v, err
	}
	return s.opt.Uploads.VectorStore(ctx, scope, v.Collection)
}

// haveFiles is an error that names the first of the files that the caller does not have.
func (s *Server) haveFiles(ctx context.Context, scope retriever.Scope, wanted []Attachment) error {
	if len(wanted) == 0 {
		return nil
	}
	have, err := s.opt.Uploads.Files(ctx, scope)
	if err != nil {
		return err
	}
	ids := make(map[string]bool, len(have))
	for _, f := range have {
		ids[f.ID] = true
	}
	for _, a := range wanted {
		if !ids[a.File] {
			return fmt.Errorf("%w: %s", ErrFileNotFound, firstRunes(a.File, longestShown))
		}
	}
	return nil
}

func (s *Server) listVectorStores(c *gin.Context) {
	p, err := decodePage(c, defaultPage, maxPage)
	if err != nil {
		s.answerError(c, err)
		return
	}
	stores, err := s.opt.Uploads.VectorStores(c.Request.Context(), scopeOf(c))
	if err != nil {
		s.answerError(c, fail(stageAnswer, err))
		return
	}
	list, err := pageOf(p, each(stores), func(v VectorStore) place { return placeOf(v.Created, storeID(v.Collection)) }, showVectorStore)
	s.reply(c, list, err)
}

func (s *Server) getVectorStore(c *gin.Context) {
	v, err := s.opt.Uploads.VectorStore(c.Request.Context(), scopeOf(c), storeName(c))
	s.reply(c, showVectorStore(v), err)
}

func (s *Server) updateVectorStore(c *gin.Context) {
	var req vectorStoreRequest
	err := s.decodeInto(c, &req)
	about := AboutStore{}
	if err == nil {
		about, err = req.about()
	}
	if err != nil {
		s.answerError(c, err)
		return
	}
	v, err := s.opt.Uploads.UpdateVectorStore(c.Request.Context(), scopeOf(c), storeName(c), about)
	s.reply(c, showVectorStore(v), err)
}

func (s *Server) deleteVectorStore(c *gin.Context) {
	err := s.opt.Uploads.DeleteVectorStore(c.Request.Context(), scopeOf(c), storeName(c))
	s.reply(c, deletedJSON{c.Param("id"), "vector_store.deleted", true}, err)
}

// chunkingStrategy is OpenAI's way of saying how a file is cut.
type chunkingStrategy struct {
	Type   string         `json:"type"`
	Static *staticWindows `json:"static,omitempty"`
}

type staticWindows struct {
	Tokens  int `json:"max_chunk_size_tokens"`
	Overlap int `json:"chunk_overlap_tokens"`
}

// chunking is the zero value for auto, which leaves it to the collection.
func (s *chunkingStrategy) chunking() (retriever.Chunking, error) {
	if s == nil || s.Type == "auto" || s.Type == "" {
		return retriever.Chunking{}, nil
	}
	if s.Type != "static" || s.Static == nil {
		return retriever.Chunking{}, badRequest("chunking_strategy.type", "want auto, or static with its sizes")
	}
	w := *s.Static
	switch {
	case w.Tokens < minChunkTokens || w.Tokens > maxChunkTokens:
		return retriever.Chunking{}, badRequest("chunking_strategy.static.max_chunk_size_tokens", "want %d to %d", minChunkTokens, maxChunkTokens)
	case w.Overlap < 0 || w.Overlap > w.Tokens/2:
		return retriever.Chunking{}, badRequest("chunking_strategy.static.chunk_overlap_tokens", "want 0 to half of max_chunk_size_tokens")
	}
	return retriever.Chunking{Strategy: "fixed", Tokens: w.Tokens, Overlap: w.Overlap}, nil
}

// showChunking says "other", as OpenAI does of files that are not cut in static windows.
func showChunking(c retriever.Chunking) chunkingStrategy {
	if c.Strategy != "fixed" {
		return chunkingStrategy{Type: "other"}
	}
	return chunkingStrategy{"static", &staticWindows{cmp.Or(c.Tokens, maxChunkTokens), c.Overlap}}
}
