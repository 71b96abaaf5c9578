package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"ragway/gateway/wire"
)

// An Upstream answers model requests: a model server, or something that stands in for
// one.
//
// Do sends one call and returns the answer as soon as its status and headers are known;
// the body may still be on its way and must be closed by the caller. An answer of any
// status is a Reply, not an error. Errors are *UpstreamError; the same type comes out of
// Body.Read when the answer breaks off. Cancelling ctx ends the call at once, also while
// the body is being read. Do never sends a call twice once a byte of an answer has come.
//
// Bodies are plain: an Upstream undoes any Content-Encoding and drops the header. Do
// does not keep or change Call.Body or Call.Header after it returned an error or the
// body was closed. It is safe for concurrent use.
type Upstream interface {
	// Name is short, stable and safe to show: a metric label and part of error messages.
	Name() string
	Do(ctx context.Context, call Call) (*Reply, error)
}

// API is a family of endpoints that a model server speaks.
type API string

const (
	OpenAI    API = "openai"    // /chat/completions, /responses and all that stands beside them
	Anthropic API = "anthropic" // /messages
	Gemini    API = "gemini"    // /models/{model}:generateContent
)

// Call is one request to an Upstream.
type Call struct {
	Method string
	Path   string // below the base URL with its version, e.g. "/chat/completions"
	Query  string // raw, without a credential; "" for none
	// Header holds the client's end-to-end headers without any credential.
	Header http.Header
	Body   []byte // nil for none

	API      API    // the one that Path belongs to
	Model    string // asked for; "" where the endpoint has none
	Upstream string // the one that has to answer, by its name; "" for whichever serves Model
	// Rename is the call under another model name, for an upstream that knows Model by
	// that one; nil where a call has no name to change.
	Rename func(model string) (path string, body []byte)
	// Credential are the headers of the client's own key for the upstream, for one that is
	// configured to pass it on.
	Credential http.Header

	// Request is what Body says, nil for an endpoint that asks no model for an answer.
	Request *wire.Request

	// Question and Passages are what retrieval understood and found. A model server reads
	// them in Body; the extractive answerer reads them here.
	Question string
	Passages []Source
}

// Reply is an Upstream's answer.
type Reply struct {
	Status   int
	Header   http.Header // end-to-end headers
	Body     io.ReadCloser
	Upstream string // who answered: a metric label and part of error messages
	Model    string // the name it was asked under where that is not Call.Model; else ""
}

// A StandIn is an Upstream that answers requests to models and has nothing else: no files,
// no batches.
type StandIn interface{ StandsIn() }

// A Router is an Upstream that can tell where a call would go, without sending it. The error
// is a *NoModelError.
type Router interface {
	Route(ctx context.Context, call Call) (Target, error)
}

// Target is where a call would go, if nothing is wrong there.
type Target struct {
	Upstream    string
	Model       string // the name it has there
	StreamUsage bool   // usage is to be asked for in streams whose clients do not
	Window      int    // tokens that the model takes, 0 where it is not known
}

// NoModelError says that no upstream serves a model under the API it was asked for by.
type NoModelError struct {
	Model     string
	Known     []string // names and patterns that there are
	Elsewhere []API    // APIs by which it is served
}

// Is makes the error one of the kind that the gateway answers 404 to.
func (e *NoModelError) Is(target error) bool { return target == errNoModel }

func (e *NoModelError) Error() string {
	switch {
	case len(e.Elsewhere) > 0:
		return fmt.Sprintf("the model %q is not served by this API; ask for it by %s", e.Model, e.paths())
	case len(e.Known) == 0:
		return fmt.Sprintf("no model %q: no model server speaks this API", e.Model)
	}
	return fmt.Sprintf("no model %q; there are %s", e.Model, strings.Join(e.Known, ", "))
}

// paths are the endpoints of the APIs that serve the model.
func (e *NoModelError) paths() string {
	paths := map[API]string{
		OpenAI: "POST /v1/chat/completions or /v1/responses", Anthropic: "POST /v1/messages",
		Gemini: "POST /v1beta/models/{model}:generateContent",
	}
	var out []string
	for _, api := range e.Elsewhere {
		out = append(out, paths[api])
	}
	return strings.Join(out, ", or ")
}

// UpstreamStatus is how an upstream is doing, by the calls that were made to it.
type UpstreamStatus struct {
	Name      string
	State     string // ok, limited, failing, or open: it is left alone
	LastError string // "" after a success
	Running   int    // calls under way, where they are bounded
	Waiting   int
	Fallbacks map[string]int // calls that others took over, by their names
}

// What can go wrong with an upstream. ErrNotServed means that this upstream has no such
// endpoint, and that nothing was sent.
var (
	ErrUpstreamDown    = errors.New("upstream does not answer")
	ErrUpstreamTimeout = errors.New("upstream took too long")
	ErrUpstreamCut     = errors.New("upstream broke off its answer")
	ErrUpstreamInvalid = errors.New("upstream answered something unreadable")
	ErrNotServed       = errors.New("not served by this upstream")
	ErrUpstreamBusy    = errors.New("too many requests wait for this upstream")
)

// UpstreamError says which upstream failed, and how: Kind is one of the errors above.
// Neither its message nor its cause holds keys, query strings or bodies.
type UpstreamError struct {
	Upstream string
	Kind     error
	Cause    error // may be nil
}

func (e *UpstreamError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("upstream %q: %v", e.Upstream, e.Kind)
	}
	return fmt.Sprintf("upstream %q: %v: %v", e.Upstream, e.Kind, e.Cause)
}

// Unwrap makes both the kind and the cause visible to errors.Is.
func (e *UpstreamError) Unwrap() []error { return []error{e.Kind, e.Cause} }
