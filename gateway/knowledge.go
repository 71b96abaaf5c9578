package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"ragway/retriever"
)

// Caller is who asks, and how they reach this server.
type Caller struct {
	Scope retriever.Scope
	Base  string // this server's address in links
}

type callerKey struct{}

// WithCaller puts a Caller into a context, for a handler outside this package.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns the Caller in a context. The zero Caller sees nothing.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// Found is what Find found.
type Found struct {
	Result SearchResult
	URLs   []string // of each hit, for people
}

// Find searches the operator's collections, or those that control names. control is the
// object that a chat takes under "rag", as far as it is about searching, and may be nil.
func (s *Server) Find(ctx context.Context, caller Caller, query string, control json.RawMessage) (Found, error) {
	op := s.policy.Load().Retrieval
	ctl := defaultControl(op)
	if len(control) > 0 {
		if err := ctl.setAll(control, findKeys, op); err != nil {
			return Found{}, err
		}
	}
	q := s.query(understood{
		modelRequest: modelRequest{ruling: ruling{retrieval: op}, control: ctl}, question: retriever.Question{Text: query},
	}, caller.Scope)
	r, err := s.opt.Retriever.Retrieve(ctx, q)
	if err != nil {
		return Found{}, retrievalError(ctx, err, "filter", "collections")
	}
	s.countRetrieval(r)
	out := Found{Result: NewSearchResult(r, q.Explain)}
	for _, h := range r.Hits {
		out.URLs = append(out.URLs, s.documentURL(caller.Base, h.Document, h.Chunk, caller.Scope))
	}
	return out, nil
}

// findKeys are those of a control that say how to search.
var findKeys = []string{
	"collections", "documents", "filter", "top_k", "mode", "token_budget", "min_score", "neighbours", "diversity", "recency", "explain",
}

// KnownDocument is a document with its text.
type KnownDocument struct {
	ID, Title, URL, Text string
	URI, Collection      string
	Metadata             retriever.Metadata
}

// Read returns a document that the caller may see.
func (s *Server) Read(ctx context.Context, caller Caller, id string) (KnownDocument, error) {
	d, chunks, err := s.opt.Store.Document(ctx, caller.Scope, id)
	if err == nil && !caller.Scope.AllowsCollection(d.Collection) {
		err = retriever.ErrDocumentNotFound
	}
	if err != nil {
		return KnownDocument{}, fail(stageRetrieve, err)
	}
	body := documentJSON(d, chunks)
	return KnownDocument{
		ID: d.ID, Title: titleOf(d), URL: s.documentURL(caller.Base, d, retriever.Chunk{}, caller.Scope), Text: body.Text,
		URI: d.URI, Collection: d.Collection, Metadata: metadataOf(d),
	}, nil
}

// Explain is what a client may be told of an error of Find or Read, and whether it is the
// client's own.
func Explain(err error) (message string, clients bool) {
	e := edgeError(err)
	if e.Status == http.StatusNotFound && errors.Is(err, retriever.ErrDocumentNotFound) {
		return "no such document", true
	}
	if e.Status < http.StatusInternalServerError {
		return e.Message, true
	}
	return fmt.Sprintf("%s (%s)", e.Message, e.Code), false
}
