package gateway

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"ragway/retriever"
)

// What a call on files and vector stores can fail with, besides what retriever's stores do.
// A file or a vector store that is missing and one beyond the Scope are the same error.
var (
	ErrFileNotFound        = errors.New("no such file")
	ErrVectorStoreNotFound = errors.New("no such vector store")
	ErrBatchNotFound       = errors.New("no such file batch")
	ErrFileTooLarge        = errors.New("file too large")
	ErrFileEmpty           = errors.New("the file is empty")
	ErrStorageFull         = errors.New("no room for more files")
	ErrNotYours            = errors.New("this key may not change it")
	ErrPending             = errors.New("an ingest under way holds it up")
)

// uploads keeps the files that callers upload, and sees to it that they are ingested into
// the vector stores they are attached to; *uploads.Library does. A vector store is a
// collection, its files are the documents in it that the Scope may see: those of uploaded
// files under the file's id, others under the document's.
//
// Whoever is handed a Scope may write within it: the gateway has seen to that. What a call
// has acknowledged is kept; ingesting happens behind, and is told of by statuses.
type uploads interface {
	fileStore
	vectorStores
	vectorStoreFiles
}

type fileStore interface {
	CreateFile(ctx context.Context, scope retriever.Scope, f NewFile) (File, error)
	Files(ctx context.Context, scope retriever.Scope) ([]File, error)
	File(ctx context.Context, scope retriever.Scope, id string) (File, error)
	// DeleteFile removes the file and what was made of it in every vector store.
	DeleteFile(ctx context.Context, scope retriever.Scope, id string) error
}

type vectorStores interface {
	CreateVectorStore(ctx context.Context, scope retriever.Scope, about AboutStore) (VectorStore, error)
	VectorStores(ctx context.Context, scope retriever.Scope) ([]VectorStore, error)
	VectorStore(ctx context.Context, scope retriever.Scope, name string) (VectorStore, error)
	// UpdateVectorStore changes what is not nil in about.
	UpdateVectorStore(ctx context.Context, scope retriever.Scope, name string, about AboutStore) (VectorStore, error)
	DeleteVectorStore(ctx context.Context, scope retriever.Scope, name string) error
}

type vectorStoreFiles interface {
	// Attach is for files one by one, AttachBatch for several that are followed together.
	Attach(ctx context.Context, scope retriever.Scope, store string, a Attachment) (VectorStoreFile, error)
	AttachBatch(ctx context.Context, scope retriever.Scope, store string, as []Attachment) (FileBatch, error)
	// VectorStoreFiles yields them in no order; those of a batch alone where one is named.
	VectorStoreFiles(ctx context.Context, scope retriever.Scope, store, batch string) iter.Seq2[VectorStoreFile, error]
	VectorStoreFile(ctx context.Context, scope retriever.Scope, store, file string) (VectorStoreFile, error)
	UpdateVectorStoreFile(ctx context.Context, scope retriever.Scope, store, file string, m retriever.Metadata, acl []string) (VectorStoreFile, error)
	// Detach removes what was made of the file from the vector store; the file stays.
	Detach(ctx context.Context, scope retriever.Scope, store, file string) error
	// DocumentsOf are the documents that were made of the file, by URI.
	DocumentsOf(ctx context.Context, scope retriever.Scope, store, file string) ([]retriever.Document, error)
	FileBatch(ctx context.Context, scope retriever.Scope, store, batch string) (FileBatch, error)
	CancelFileBatch(ctx context.Context, scope retriever.Scope, store, batch string) (FileBatch, error)
}

// NewFile is a file as it comes in. An error of Content is CreateFile's own, and nothing of
// the file is kept.
type NewFile struct {
	Name    string
	Content io.Reader
	Purpose func() string // known once Content has been read to its end
}

// File is an uploaded file.
type File struct {
	ID      string
	Name    string
	Purpose string
	Bytes   int64
	Created time.Time
}

// AboutStore is what its maker says of a vector store; nil is nothing.
type AboutStore struct {
	Name        *string
	Description *string
	Metadata    map[string]string
}

// VectorStore is a collection as the API shows it.
type VectorStore struct {
	Collection  string
	Name        string
	Description string
	Metadata    map[string]string
	Created     time.Time
	Active      time.Time // when it last changed
	Bytes       int64     // of the text in it
	Files       FileCounts
	Runs        []retriever.IngestRun // under way in it, of the Scope's tenant
}

// FileCounts are files by status. A document that was not uploaded counts as a completed file.
type FileCounts struct {
	InProgress int `json:"in_progress"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Cancelled  int `json:"cancelled"`
	Total      int `json:"total"`
}

// Add counts one more file.
func (c *FileCounts) Add(s FileStatus) {
	switch s {
	case InProgress:
		c.InProgress++
	case Completed:
		c.Completed++
	case Failed:
		c.Failed++
	case Cancelled:
		c.Cancelled++
	}
	c.Total++
}

// FileStatus is how far a file in a vector store has come.
type FileStatus string

const (
	InProgress FileStatus = "in_progress"
	Completed  FileStatus = "completed"
	Failed     FileStatus = "failed"
	Cancelled  FileStatus = "cancelled"
)

// Attachment is a file to be ingested into a vector store.
type Attachment struct {
	File     string
	Metadata retriever.Metadata
	ACL      []string // none: everyone of the tenant, or who the document itself names
	Chunking retriever.Chunking
}

// VectorStoreFile is a file in a vector store.
type VectorStoreFile struct {
	ID       string
	Store    string // the collection
	Status   FileStatus
	Error    *FileError // of a failed file; also why one in progress is not done yet
	Created  time.Time
	Bytes    int64
	Metadata retriever.Metadata
	Chunking retriever.Chunking // zero: the collection's own
}

// FileError is why a file could not be ingested.
type FileError struct {
	Code    string `json:"code"` // server_error, unsupported_file or invalid_file
	Message string `json:"message"`
}

// FileBatch is several files that were attached together.
type FileBatch struct {
	ID        string
	Store     string
	Created   time.Time
	Cancelled bool
	Files     FileCounts
}

// status is what the batch as a whole comes to.
func (b FileBatch) status() FileStatus {
	switch {
	case b.Files.InProgress > 0:
		return InProgress
	case b.Cancelled:
		return Cancelled
	case b.Files.Failed > 0 && b.Files.Completed == 0:
		return Failed
	}
	return Completed
}

// uploadScheme begins the URI of every document made of an uploaded file. No folder can be
// called so.
const uploadScheme = "upload://"

// MemberMark stands between the URI of a container and the place in it of a document, as
// ingest writes it.
const MemberMark = "!/"

// UploadURI names what is made of an uploaded file: upload://FILE-ID/NAME.
func UploadURI(file, name string) string {
	return uploadScheme + file + "/" + strings.NewReplacer("%", "%25", "#", "%23").Replace(name)
}

// UploadPrefix is what the URIs of all that is made of a file start with; of any, for "".
func UploadPrefix(file string) string {
	if file == "" {
		return uploadScheme
	}
	return uploadScheme + file + "/"
}

// UploadOf takes a document's URI apart: the id of the uploaded file it was made of and the
// file's name, with the place inside it of a member.
func UploadOf(uri string) (file, name string, ok bool) {
	rest, ok := strings.CutPrefix(uri, uploadScheme)
	if !ok {
		return "", "", false
	}
	file, name, ok = strings.Cut(rest, "/")
	return file, strings.NewReplacer("%25", "%", "%23", "#").Replace(name), ok
}

// fileOf is a document under the id and the name that the files API has for it.
func fileOf(d retriever.Document) (id, name string) {
	if id, name, ok := UploadOf(d.URI); ok {
		return id, name
	}
	return d.ID, d.URI
}
