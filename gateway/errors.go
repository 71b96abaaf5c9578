package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"ragway/gateway/wire"
	"ragway/retriever"
)

// What a request can do wrong, besides what the packages below report.
var (
	errNoCredential    = errors.New("no API key given: send it as \"Authorization: Bearer KEY\"")
	errWrongCredential = errors.New("incorrect API key")
	errRoute           = errors.New("unknown URL")
	errMethod          = errors.New("method not allowed")
	errTooLarge        = errors.New("request body too large")
	errReplyTooLarge   = errors.New("answer too large")
	errNotJSON         = errors.New("answer is not JSON")
	errEncoding        = errors.New("request body is compressed: send it plain")
	errBodyRead        = errors.New("request body ended early")
	errBodySlow        = errors.New("request body stopped coming")
	errJSON            = errors.New("request body is not valid")
	errShape           = errors.New("request body is not valid")
	errControl         = errors.New("bad value")
	errMustRetrieve    = errors.New("this server answers from its documents only: rag cannot be switched off")
	errSignature       = errors.New("link is not valid or has expired")
	errHost            = errors.New("this server asks for no key and does not answer under this name")
	errOrigin          = errors.New("this server asks for no key and takes no requests from other sites' pages")
	errShutdown        = errors.New("the server is shutting down")
	errLoop            = errors.New("this request came out of this gateway: the upstream's address is the gateway's own")
	errRetrieval       = errors.New("retrieval failed")
	errEmbedding       = errors.New("embedder does not answer")
	errNoEmbedder      = errors.New("no embedder is configured")
	errNoReranker      = errors.New("no reranker is configured: see reranker in the configuration")
	errReranking       = errors.New("reranker does not answer")
	errNoDocuments     = errors.New("no document store is configured")
	errEncodingFormat  = errors.New("bad embedding request")
	errReadOnly        = errors.New("this key may not write")
	errNoUploads       = errors.New("this server takes no uploads")
	errPanic           = errors.New("panic")
	errUpstreamStatus  = errors.New("answered an error")
	errNoModel         = errors.New("no such model")
)

// Error is what a failed request is answered with, in the shape of the protocol it came in
// and two fields more.
type Error struct {
	Status  int
	Message string
	Type    string
	Code    string
	Param   string // the field at fault; "" for none
	Source  string // "gateway" or "upstream"
	Stage   string
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Stage, e.Message) }

// wire is e in the form it is written.
func (e *Error) wire(requestID string) wire.Error {
	return wire.Error{
		Status: e.Status, Message: e.Message, Type: e.Type, Code: e.Code, Param: e.Param, Source: e.Source, Stage: e.Stage, RequestID: requestID,
	}
}

// failure says at which stage an error happened and which field of the request is at fault.
type failure struct {
	stage stage
	param string
	err   error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail marks err with its stage, unless it has one already.
func fail(st stage, err error) error {
	var f *failure
	if err == nil || errors.As(err, &f) {
		return err
	}
	return &failure{stage: st, err: err}
}

const (
	typeRequest = "invalid_request_error"
	typeServer  = "server_error"

	sourceGateway  = "gateway"
	sourceUpstream = "upstream"
)

// errorRow says how the errors that match is are answered. Where say is set it stands for
// the error's own words, which may name machines.
type errorRow struct {
	is     error
	status int
	typ    string
	code   string
	source string
	say    string
}

// statusClientGone is nginx's code for a client that left before its answer.
const statusClientGone = 499

// errorTable is searched from the top; the first match decides.
var errorTable = []errorRow{
	{errNoCredential, http.StatusUnauthorized, "authentication_error", "invalid_api_key", sourceGateway, ""},
	{errWrongCredential, http.StatusUnauthorized, "authentication_error", "invalid_api_key", sourceGateway, ""},
	{errSignature, http.StatusForbidden, "permission_error", "invalid_signature", sourceGateway, ""},
	{errHost, http.StatusForbidden, "permission_error", "host_not_allowed", sourceGateway, ""},
	{errOrigin, http.StatusForbidden, "permission_error", "origin_not_allowed", sourceGateway, ""},
	{errRoute, http.StatusNotFound, typeRequest, "unknown_url", sourceGateway, ""},
	{errMethod, http.StatusMethodNotAllowed, typeRequest, "method_not_allowed", sourceGateway, ""},
	{errTooLarge, http.StatusRequestEntityTooLarge, typeRequest, "request_too_large", sourceGateway, ""},
	{errEncoding, http.StatusUnsupportedMediaType, typeRequest, "unsupported_encoding", sourceGateway, ""},
	{errBodySlow, http.StatusRequestTimeout, typeRequest, "incomplete_body", sourceGateway, ""},
	{errBodyRead, http.StatusBadRequest, typeRequest, "incomplete_body", sourceGateway, ""},
	{errJSON, http.StatusBadRequest, typeRequest, "invalid_json", sourceGateway, ""},
	{errShape, http.StatusBadRequest, typeRequest, "invalid_value", sourceGateway, ""},
	{errReadOnly, http.StatusForbidden, "permission_error", "read_only", sourceGateway, ""},
	{errNoUploads, http.StatusNotFound, typeRequest, "unknown_url", sourceGateway, ""},
	{ErrFileNotFound, http.StatusNotFound, typeRequest, "file_not_found", sourceGateway, ""},
	{ErrVectorStoreNotFound, http.StatusNotFound, typeRequest, "vector_store_not_found", sourceGateway, ""},
	{ErrBatchNotFound, http.StatusNotFound, typeRequest, "file_batch_not_found", sourceGateway, ""},
	{ErrFileEmpty, http.StatusBadRequest, typeRequest, "empty_file", sourceGateway, ""},
	{ErrFileTooLarge, http.StatusRequestEntityTooLarge, typeRequest, "file_too_large", sourceGateway, ""},
	// 413 and not 507, which clients send again and again.
	{ErrStorageFull, http.StatusRequestEntityTooLarge, typeRequest, "storage_full", sourceGateway, ""},
	{ErrNotYours, http.StatusForbidden, "permission_error", "not_yours", sourceGateway, ""},
	{ErrPending, http.StatusServiceUnavailable, typeServer, "pending", sourceGateway, ""},
	{errMustRetrieve, http.StatusForbidden, "permission_error", "retrieval_required", sourceGateway, ""},
	{errControl, http.StatusBadRequest, typeRequest, "invalid_rag", sourceGateway, ""},
	{errEncodingFormat, http.StatusBadRequest, typeRequest, "invalid_value", sourceGateway, ""},
	{retriever.ErrBadFilter, http.StatusBadRequest, typeRequest, "invalid_filter", sourceGateway, ""},
	{retriever.ErrCollectionNotFound, http.StatusNotFound, typeRequest, "collection_not_found", sourceGateway, ""},
	{retriever.ErrDocumentNotFound, http.StatusNotFound, typeRequest, "document_not_found", sourceGateway, "no such document"},
	{errLoop, http.StatusLoopDetected, typeServer, "loop_detected", sourceGateway, ""},
	{errShutdown, http.StatusServiceUnavailable, typeServer, "shutting_down", sourceGateway, "the server is shutting down"},
	{context.Canceled, statusClientGone, typeRequest, "client_closed_request", sourceGateway, "the client closed the request"},
	{errNoModel, http.StatusNotFound, typeRequest, "model_not_found", sourceGateway, ""},
	{ErrUpstreamBusy, http.StatusServiceUnavailable, typeServer, "upstream_busy", sourceGateway, ""},
	{ErrUpstreamTimeout, http.StatusGatewayTimeout, "upstream_error", "upstream_timeout", sourceUpstream, ""},
	{ErrUpstreamDown, http.StatusBadGateway, "upstream_error", "upstream_unreachable", sourceUpstream, ""},
	{ErrUpstreamCut, http.StatusBadGateway, "upstream_error", "upstream_cut", sourceUpstream, ""},
	{ErrUpstreamInvalid, http.StatusBadGateway, "upstream_error", "upstream_invalid", sourceUpstream, ""},
	{ErrNotServed, http.StatusNotFound, typeRequest, "unknown_url", sourceUpstream, ""},
	{errNoEmbedder, http.StatusNotFound, typeRequest, "no_embedder", sourceGateway, ""},
	{errNoReranker, http.StatusNotFound, typeRequest, "no_reranker", sourceGateway, ""},
	{errReranking, http.StatusBadGateway, typeServer, "reranker_unavailable", sourceGateway, "the reranker does not answer"},
	{errNoDocuments, http.StatusNotFound, typeRequest, "unknown_url", sourceGateway, ""},
	{errEmbedding, http.StatusBadGateway, typeServer, "embedder_unavailable", sourceGateway, "the embedder does not answer"},
	{retriever.ErrUnavailable, http.StatusServiceUnavailable, typeServer, "store_unavailable", sourceGateway, "the document store does not answer"},
	{errRetrieval, http.StatusServiceUnavailable, typeServer, "retrieval_unavailable", sourceGateway, "the documents cannot be searched now"},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, typeServer, "timeout", sourceGateway, "the request took too long"},
	{nil, http.StatusInternalServerError, typeServer, "internal_error", sourceGateway, "internal error"},
}

// edgeError makes the answer of err.
func edgeError(err error) *Error {
	var done *Error
	if errors.As(err, &done) {
		return done
	}
	row := rowOf(err)
	e := &Error{Status: row.status, Type: row.typ, Code: row.code, Source: row.source, Message: cmp.Or(row.say, message(err))}
	var f *failure
	if errors.As(err, &f) {
		e.Stage, e.Param = string(f.stage), f.param
	}
	return e
}

// message is what the client is told of err: everything, except for what a lost
// connection's error says, which names machines.
func message(err error) string {
	var up *UpstreamError
	if errors.As(err, &up) && (errors.Is(up.Kind, ErrUpstreamDown) || errors.Is(up.Kind, ErrUpstreamCut)) {
		return (&UpstreamError{Upstream: up.Upstream, Kind: up.Kind}).Error()
	}
	return err.Error()
}

func rowOf(err error) errorRow {
	for _, row := range errorTable {
		if row.is == nil || errors.Is(err, row.is) {
			return row
		}
	}
	return errorTable[len(errorTable)-1]
}
