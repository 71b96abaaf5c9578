package gateway

import (
	"iter"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"ragway/retriever"
)

// vectorStoreFileJSON is OpenAI's vector store file object.
type vectorStoreFileJSON struct {
	ID               string             `json:"id"`
	Object           string             `json:"object"`
	UsageBytes       int64              `json:"usage_bytes"`
	CreatedAt        int64              `json:"created_at"`
	VectorStoreID    string             `json:"vector_store_id"`
	Status           FileStatus         `json:"status"`
	LastError        *FileError         `json:"last_error"`
	ChunkingStrategy chunkingStrategy   `json:"chunking_strategy"`
	Attributes       retriever.Metadata `json:"attributes"`
}

func showVectorStoreFile(f VectorStoreFile) vectorStoreFileJSON {
	out := vectorStoreFileJSON{
		ID: f.ID, Object: "vector_store.file", UsageBytes: f.Bytes, CreatedAt: f.Created.Unix(), VectorStoreID: storeID(f.Store),
		Status: f.Status, LastError: f.Error, ChunkingStrategy: showChunking(f.Chunking), Attributes: f.Metadata,
	}
	if out.Attributes == nil {
		out.Attributes = retriever.Metadata{}
	}
	return out
}

// attributes are what a client says of a file: fields to filter by, and under acl who may
// see it.
type attributes map[string]any

// aclAttribute is the one that is no field.
const aclAttribute = "acl"

func (a attributes) split() (retriever.Metadata, []string, error) {
	if len(a) > maxPairs {
		return nil, nil, badRequest("attributes", "want at most %d pairs", maxPairs)
	}
	m := retriever.Metadata{}
	for k, v := range a {
		if err := checkPair("attributes", k, v); err != nil {
			return nil, nil, err
		}
		switch v.(type) {
		case string, float64, bool:
		case nil:
			continue
		default:
			return nil, nil, badRequest("attributes."+k, "want a string, a number or a boolean")
		}
		if k != aclAttribute {
			m[k] = v
		}
	}
	acl, err := retriever.ParseACL(a[aclAttribute])
	if err != nil {
		return nil, nil, badRequest("attributes.acl", "%v", err)
	}
	if m, err = m.Check(); err != nil {
		return nil, nil, badRequest("attributes", "%v", err)
	}
	return m, acl, nil
}

type attachRequest struct {
	FileID     string            `json:"file_id"`
	Attributes attributes        `json:"attributes"`
	Chunking   *chunkingStrategy `json:"chunking_strategy"`
}

func (r attachRequest) attachment() (a Attachment, err error) {
	if r.FileID == "" {
		return a, badRequest("file_id", "is missing")
	}
	a.File = r.FileID
	if a.Metadata, a.ACL, err = r.Attributes.split(); err != nil {
		return a, err
	}
	a.Chunking, err = r.Chunking.chunking()
	return a, err
}

func (s *Server) attachFile(c *gin.Context) {
	f, err := s.attach(c)
	s.reply(c, showVectorStoreFile(f), err)
}

func (s *Server) attach(c *gin.Context) (VectorStoreFile, error) {
	var req attachRequest
	if err := s.decodeInto(c, &req); err != nil {
		return VectorStoreFile{}, err
	}
	a, err := req.attachment()
	if err != nil {
		return VectorStoreFile{}, err
	}
	return s.opt.Uploads.Attach(c.Request.Context(), scopeOf(c), storeName(c), a)
}

// listVectorStoreFiles lists those of a vector store, or of one batch.
func (s *Server) listVectorStoreFiles(c *gin.Context) {
	p, err := decodePage(c, defaultPage, maxPage)
	if err != nil {
		s.answerError(c, err)
		return
	}
	filter := FileStatus(c.Query("filter"))
	if filter != "" && !slices.Contains([]FileStatus{InProgress, Completed, Failed, Cancelled}, filter) {
		s.answerError(c, badRequest("filter", "want in_progress, completed, failed or cancelled"))
		return
	}
	ctx, scope, name, batch := c.Request.Context(), scopeOf(c), storeName(c), c.Param("batch")
	if batch != "" {
		if _, err := s.opt.Uploads.FileBatch(ctx, scope, name, batch); err != nil {
			s.answerError(c, fail(stageAnswer, err))
			return
		}
	}
	files := withStatus(s.opt.Uploads.VectorStoreFiles(ctx, scope, name, batch), filter)
	list, err := pageOf(p, files, func(f VectorStoreFile) place { return placeOf(f.Created, f.ID) }, showVectorStoreFile)
	s.reply(c, list, err)
}

func withStatus(all iter.Seq2[VectorStoreFile, error], want FileStatus) iter.Seq2[VectorStoreFile, error] {
	if want == "" {
		return all
	}
	return func(yield func(VectorStoreFile, error) bool) {
		for f, err := range all {
			if (err != nil || f.Status == want) && !yield(f, err) {
				return
			}
		}
	}
}

func (s *Server) getVectorStoreFile(c *gin.Context) {
	f, err := s.opt.Uploads.VectorStoreFile(c.Request.Context(), scopeOf(c), storeName(c), c.Param("file"))
	s.reply(c, showVectorStoreFile(f), err)
}

func (s *Server) updateVectorStoreFile(c *gin.Context) {
	f, err := s.newAttributes(c)
	s.reply(c, showVectorStoreFile(f), err)
}

func (s *Server) newAttributes(c *gin.Context) (VectorStoreFile, error) {
	var req struct {
		Attributes *attributes `json:"attributes"`
	}
	if err := s.decodeInto(c, &req); err != nil {
		return VectorStoreFile{}, err
	}
	if req.Attributes == nil {
		return VectorStoreFile{}, badRequest("attributes", "is missing")
	}
	m, acl, err := req.Attributes.split()
	if err != nil {
		return VectorStoreFile{}, err
	}
	return s.opt.Uploads.UpdateVectorStoreFile(c.Request.Context(), scopeOf(c), storeName(c), c.Param("file"), m, acl)
}

func (s *Server) detachFile(c *gin.Context) {
	id := c.Param("file")
	err := s.opt.Uploads.Detach(c.Request.Context(), scopeOf(c), storeName(c), id)
	s.reply(c, deletedJSON{id, "vector_store.file.deleted", true}, err)
}

// contentPage is the text of a file, one item a document made of it.
type contentPage struct {
	Object     string             `json:"object"`
	FileID     string             `json:"file_id"`
	Filename   string             `json:"filename"`
	Attributes retriever.Metadata `json:"attributes"`
	Data       []searchContent    `json:"data"`
	HasMore    bool               `json:"has_more"`
	NextPage   *string            `json:"next_page"`
}

func (s *Server) vectorStoreFileContent(c *gin.Context) {
	p, err := s.contentOf(c)
	s.reply(c, p, err)
}

func (s *Server) contentOf(c *gin.Context) (contentPage, error) {
	ctx, scope, id := c.Request.Context(), scopeOf(c), c.Param("file")
	out := contentPage{Object: "vector_store.file_content.page", FileID: id, Data: []searchContent{}}
	f, err := s.opt.Uploads.VectorStoreFile(ctx, scope, storeName(c), id)
	if err != nil {
		return out, err
	}
	out.Attributes = showVectorStoreFile(f).Attributes
	docs, err := s.opt.Uploads.DocumentsOf(ctx, scope, storeName(c), id)
	if err != nil {
		return out, err
	}
	for _, d := range docs {
		_, chunks, err := s.opt.Store.Document(ctx, scope, d.ID)
		if err != nil {
			return out, err
		}
		_, name := fileOf(d)
		out.Filename, _, _ = strings.Cut(name, MemberMark)
		var text strings.Builder
		for _, p := range reassemble(chunks) {
			text.WriteString(p.Text)
		}
		out.Data = append(out.Data, searchContent{"text", text.String()})
	}
	return out, nil
}

// fileBatchJSON is OpenAI's file batch object.
type fileBatchJSON struct {
	ID            string     `json:"id"`
	Object        string     `json:"object"`
	CreatedAt     int64      `json:"created_at"`
	VectorStoreID string     `json:"vector_store_id"`
	Status        FileStatus `json:"status"`
	FileCounts    FileCounts `json:"file_counts"`
}

func showFileBatch(b FileBatch) fileBatchJSON {
	return fileBatchJSON{
		ID: b.ID, Object: "vector_store.files_batch", CreatedAt: b.Created.Unix(), VectorStoreID: storeID(b.Store),
		Status: b.status(), FileCounts: b.Files,
	}
}

// batchRequest attaches several files, all in the same way or each in its own.
type batchRequest struct {
	FileIDs    []string          `json:"file_ids"`
	Attributes attributes        `json:"attributes"`
	Chunking   *chunkingStrategy `json:"chunking_strategy"`
	Files      []attachRequest   `json:"files"`
}

func (r batchRequest) attachments(least int) ([]Attachment, error) {
	each := r.Files
	if len(r.FileIDs) > 0 && len(r.Files) > 0 {
		return nil, badRequest("files", "want one of file_ids and files")
	}
	for _, id := range r.FileIDs {
		each = append(each, attachRequest{id, r.Attributes, r.Chunking})
	}
	if len(each) < least || len(each) > maxBatchFiles {
		return nil, badRequest("file_ids", "want %d to %d files", least, maxBatchFiles)
	}
	out := make([]Attachment, 0, len(each))
	seen := map[string]bool{}
	for _, f := range each {
		if seen[f.FileID] {
			continue
		}
		seen[f.FileID] = true
		a, err := f.attachment()
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (s *Server) attachBatch(c *gin.Context) {
	b, err := s.newBatch(c)
	s.reply(c, showFileBatch(b), err)
}

func (s *Server) newBatch(c *gin.Context) (FileBatch, error) {
	var req batchRequest
	if err := s.decodeInto(c, &req); err != nil {
		return FileBatch{}, err
	}
	files, err := req.attachments(1)
	if err != nil {
		return FileBatch{}, err
	}
	return s.opt.Uploads.AttachBatch(c.Request.Context(), scopeOf(c), storeName(c), files)
}

func (s *Server) getFileBatch(c *gin.Context) {
	b, err := s.opt.Uploads.FileBatch(c.Request.Context(), scopeOf(c), storeName(c), c.Param("batch"))
	s.reply(c, showFileBatch(b), err)
}

func (s *Server) cancelFileBatch(c *gin.Context) {
	b, err := s.opt.Uploads.CancelFileBatch(c.Request.Context(), scopeOf(c), storeName(c), c.Param("batch"))
	s.reply(c, showFileBatch(b), err)
}
