package rerank

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"ragway/retriever"
)

// StatusError is an answer of the server that is no success. It is a
// retriever.ErrUnavailable where trying again later may help.
type StatusError struct {
	Status  int
	Message string // the server's, shortened, without secrets
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d%s", e.Status, colon(e.Message)) }

func (e *StatusError) Is(target error) bool {
	passing := e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
	return target == retriever.ErrUnavailable && passing
}

// noAnswer is a server that cannot be reached, stays silent or breaks off. Its text had its
// secrets removed; its cause can still be asked for.
type noAnswer struct {
	message string
	err     error // may be nil
}

func (e *noAnswer) Error() string { return e.message }

func (e *noAnswer) Unwrap() error { return e.err }

// Is leaves certificates out: waiting does not make one valid.
func (e *noAnswer) Is(target error) bool {
	var certificate *tls.CertificateVerificationError
	return target == retriever.ErrUnavailable && !errors.As(e.err, &certificate)
}

// redacted is an error whose text had its secrets removed; its cause can still be asked for.
type redacted struct {
	message string
	err     error
}

func (e *redacted) Error() string { return e.message }

func (e *redacted) Unwrap() error { return e.err }

// explain turns an error of the HTTP client into one without address, query string and key.
func (r *Reranker) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if address := (*url.Error)(nil); errors.As(err, &address) {
		err = address.Err
	}
	return &noAnswer{message: r.redact(err.Error()), err: err}
}

// refusal is the error that an answer other than success makes.
func (r *Reranker) refusal(a answer) error {
	if a.redirect != "" {
		return &StatusError{a.status, r.redact("redirects to " + a.redirect + " are not followed")}
	}
	body := bytes.TrimSpace(a.body)
	message := "a web page"
	if !isPage(body) {
		message = messageOf(body)
	}
	return &StatusError{a.status, r.redact(message)}
}

// messageOf is what the body of an error says. Cohere writes {"message"}, Jina {"detail"},
// vLLM and Infinity {"error":{"message"}}, TEI {"error"}, and what FastAPI finds wrong with
// a request is {"detail":[{"msg","input"}]}. Nothing else of JSON is repeated: input
// is the passages.
func messageOf(body []byte) string {
	if !json.Valid(body) {
		return string(body)
	}
	for _, field := range []string{"error", "message", "detail"} {
		if s := textOf(member(body, field)); s != "" {
			return s
		}
	}
	return ""
}

func textOf(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) == nil {
		return s
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) == nil && len(list) > 0 {
		value = list[0]
	}
	for _, field := range []string{"message", "msg"} {
		if json.Unmarshal(member(value, field), &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// member is a member of a JSON object, nil where there is none.
func member(object json.RawMessage, name string) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(object, &members) != nil {
		return nil
	}
	return members[name]
}

const maxMessage = 300 // bytes of a server's message in an error

func (r *Reranker) redact(message string) string {
	for _, s := range r.secrets {
		message = strings.ReplaceAll(message, s, "<secret>")
	}
	message = strings.Join(strings.Fields(strings.ToValidUTF8(message, "")), " ")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return message
}
