package gateway

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// uploadRoutes are OpenAI's files and vector stores. Who may read sees what is in a vector
// store; files as they were uploaded are for those who may write.
func (s *Server) uploadRoutes(v1 *gin.RouterGroup) {
	write := v1.Group("", s.requireWrite)
	write.POST("/files", s.createFile)
	write.GET("/files", s.listFiles)
	write.GET("/files/:file", s.getFile)
	write.DELETE("/files/:file", s.deleteFile)
	write.GET("/files/:file/content", s.fileContent)

	v1.GET("/vector_stores", s.listVectorStores)
	write.POST("/vector_stores", s.createVectorStore)
	v1.GET("/vector_stores/:id", s.getVectorStore)
	write.POST("/vector_stores/:id", s.updateVectorStore)
	write.DELETE("/vector_stores/:id", s.deleteVectorStore)

	v1.GET("/vector_stores/:id/files", s.listVectorStoreFiles)
	write.POST("/vector_stores/:id/files", s.attachFile)
	v1.GET("/vector_stores/:id/files/:file", s.getVectorStoreFile)
	write.POST("/vector_stores/:id/files/:file", s.updateVectorStoreFile)
	write.DELETE("/vector_stores/:id/files/:file", s.detachFile)
	v1.GET("/vector_stores/:id/files/:file/content", s.vectorStoreFileContent)

	write.POST("/vector_stores/:id/file_batches", s.attachBatch)
	v1.GET("/vector_stores/:id/file_batches/:batch", s.getFileBatch)
	write.POST("/vector_stores/:id/file_batches/:batch/cancel", s.cancelFileBatch)
	v1.GET("/vector_stores/:id/file_batches/:batch/files", s.listVectorStoreFiles)
}

// fileJSON is OpenAI's file object.
type fileJSON struct {
	ID        string `json:"id"`
	Object    string `json:"object"`
	Bytes     int64  `json:"bytes"`
	CreatedAt int64  `json:"created_at"`
	ExpiresAt *int64 `json:"expires_at"`
	Filename  string `json:"filename"`
	Purpose   string `json:"purpose"`
	Status    string `json:"status"`
}

func showFile(f File) fileJSON {
	return fileJSON{ID: f.ID, Object: "file", Bytes: f.Bytes, CreatedAt: f.Created.Unix(), Filename: f.Name, Purpose: f.Purpose, Status: "processed"}
}

// deletedJSON is what a deletion is answered with.
type deletedJSON struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

func (s *Server) createFile(c *gin.Context) {
	kept := &keptBody{most: s.opt.Limits.BodyBytes}
	f, err := s.receive(c, kept)
	if errors.Is(err, errOthersPurpose) && s.passOn(c, kept) {
		return
	}
	s.reply(c, f, err)
}

// reply ends a request with a value of ours, or with what went wrong.
func (s *Server) reply(c *gin.Context, v any, err error) {
	if err != nil {
		s.answerError(c, fail(stageAnswer, err))
		return
	}
	c.Data(http.StatusOK, jsonType, marshal(v))
}

// receive reads the form that a file comes in, as a stream: files are larger than memory.
func (s *Server) receive(c *gin.Context, kept *keptBody) (fileJSON, error) {
	kind, params, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return fileJSON{}, badRequest("file", "want a form: multipart/form-data with file and purpose")
	}
	control := http.NewResponseController(c.Writer)
	now := time.Now()
	body := &steadyBody{c.Request.Body, control, now.Add(s.opt.Limits.UploadTime), now}
	kept.rest = body
	f := &uploadForm{parts: multipart.NewReader(io.TeeReader(body, kept), params["boundary"])}
	if err := f.findFile(); err != nil {
		return fileJSON{}, bodyReadError(err)
	}
	if f.purpose != "" {
		kept.drop()
	}
	file, err := s.opt.Uploads.CreateFile(c.Request.Context(), scopeOf(c), NewFile{
		Name: f.name, Content: f, Purpose: func() string { return f.purpose },
	})
	if err != nil {
		if errors.Is(err, ErrFileTooLarge) || errors.Is(err, ErrStorageFull) {
			_, _ = io.CopyN(io.Discard, body, refusedBytes) // see there
		}
		return fileJSON{}, bodyReadError(err)
	}
	_ = control.SetReadDeadline(time.Time{}) // see readBody
	return showFile(file), nil
}

// bodyReadError tells a client that stopped sending from all else.
func bodyReadError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fail(stageDecode, errBodySlow)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fail(stageDecode, errBodyRead)
	}
	return fail(stageDecode, err)
}

// purposes are those of files that are for retrieval. The others are a model server's.
var purposes = []string{"assistants", "user_data"}

// uploadForm is a form with a file in it. Reading it reads the file; at the file's end the
// rest of the form is read, and what is wrong with it is an error in the place of io.EOF.
type uploadForm struct {
	parts   *multipart.Reader
	file    io.Reader
	name    string
	purpose string
	ended   bool
}

// longestField bounds a field of the form that is no file.
const longestField = 4 << 10

// findFile reads fields up to the file.
func (f *uploadForm) findFile() error {
	for {
		part, err := f.parts.NextPart()
		switch {
		case atEnd(err):
			return badRequest("file", "the form has no file")
		case err != nil:
			return formError(err)
		case part.FormName() == "file":
			f.file, f.name = part, cleanFilename(part.FileName())
			return nil
		}
		if err := f.field(part); err != nil {
			return err
		}
	}
}

func (f *uploadForm) field(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, longestField+1))
	name := part.FormName()
	switch {
	case err != nil:
		return formError(err)
	case len(value) > longestField:
		return badRequest(name, "the field is too long")
	case strings.HasPrefix(name, "expires_after"):
		return badRequest("expires_after", "files are kept until they are deleted")
	case name != "purpose":
		return nil // as a new one of the API would be
	case !slices.Contains(purposes, string(value)):
		return &failure{stage: stageDecode, param: "purpose", err: fmt.Errorf("%w: %w", errShape, errOthersPurpose)}
	}
	f.purpose = string(value)
	return nil
}

// Read implements io.Reader.
func (f *uploadForm) Read(p []byte) (int, error) {
	if f.ended {
		return 0, io.EOF
	}
	n, err := f.file.Read(p)
	if err == nil || n > 0 {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return 0, formError(err)
	}
	if err := f.rest(); err != nil {
		return 0, err
	}
	f.ended = true
	return 0, io.EOF
}

func (f *uploadForm) rest() error {
	for {
		part, err := f.parts.NextPart()
		switch {
		case atEnd(err) && f.purpose == "":
			return badRequest("purpose", "is missing: want assistants or user_data")
		case atEnd(err):
			return nil
		case err != nil:
			return formError(err)
		case part.FormName() == "file":
			return badRequest("file", "want one file")
		}
		if err := f.field(part); err != nil {
			return err
		}
	}
}

// atEnd reports whether a form has been read to its last boundary: a form that was cut is
// an error with io.EOF in it.
func atEnd(err error) bool { return err == io.EOF } //nolint:errorlint // see above

// formError keeps a connection's error apart from a form that is not one.
func formError(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
}

// longestFilename is what file systems take, in bytes.
const longestFilename = 255

// cleanFilename is a name without its folders and without what is not to be seen.
func cleanFilename(name string) string {
	name = path.Base("/" + strings.ReplaceAll(strings.ToValidUTF8(name, "_"), `\`, "/"))
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name))
	for len(name) > longestFilename {
		_, n := utf8.DecodeRuneInString(name)
		name = name[n:] // its end has the extension
	}
	if name == "" || name == "/" || name == "." || name == ".." {
		return "upload"
	}
	return name
}

// longestFilesPage is OpenAI's.
const longestFilesPage = 10_000

func (s *Server) listFiles(c *gin.Context) {
	p, err := decodePage(c, longestFilesPage, longestFilesPage)
	if err != nil {
		s.answerError(c, err)
		return
	}
	if purpose := c.Query("purpose"); purpose != "" && !slices.Contains(purposes, purpose) && s.hasUpstream() {
		s.forwardRequest(c, forwardedTo(c.Request))
		return
	}
	files, err := s.opt.Uploads.Files(c.Request.Context(), scopeOf(c))
	if err != nil {
		s.answerError(c, fail(stageAnswer, err))
		return
	}
	if want := c.Query("purpose"); want != "" {
		files = slices.DeleteFunc(files, func(f File) bool { return f.Purpose != want })
	}
	list, err := pageOf(p, each(files), func(f File) place { return placeOf(f.Created, f.ID) }, showFile)
	s.reply(c, list, err)
}

func (s *Server) getFile(c *gin.Context) {
	f, err := s.opt.Uploads.File(c.Request.Context(), scopeOf(c), c.Param("file"))
	if s.isOthers(c, err) {
		return
	}
	s.reply(c, showFile(f), err)
}

func (s *Server) deleteFile(c *gin.Context) {
	id := c.Param("file")
	err := s.opt.Uploads.DeleteFile(c.Request.Context(), scopeOf(c), id)
	if s.isOthers(c, err) {
		return
	}
	s.reply(c, deletedJSON{id, "file", true}, err)
}

// fileContent is refused as OpenAI does for these purposes: a file that was uploaded for
// one vector store's readers is not to be had by another way.
func (s *Server) fileContent(c *gin.Context) {
	f, err := s.opt.Uploads.File(c.Request.Context(), scopeOf(c), c.Param("file"))
	if s.isOthers(c, err) {
		return
	}
	if err == nil {
		err = badRequest("file_id", "files of purpose %s cannot be downloaded; GET /v1/vector_stores/{id}/files/{file_id}/content has the text", f.Purpose)
	}
	s.reply(c, nil, err)
}
