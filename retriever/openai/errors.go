package openai

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	goopenai "github.com/sashabaranov/go-openai"
)

// StatusError is an answer of the server that is no success.
type StatusError struct {
	Status  int
	Message string // the server's, shortened, without secrets
}

func (e *StatusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("status %d", e.Status)
	}
	return fmt.Sprintf("status %d: %s", e.Status, e.Message)
}

// explain turns an error of the client into one without address, query string and key.
func (e *Embedder) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var api *goopenai.APIError
	var request *goopenai.RequestError
	var address *url.Error
	switch {
	case errors.As(err, &api):
		return &StatusError{Status: api.HTTPStatusCode, Message: e.redact(api.Message)}
	case errors.As(err, &request):
		return &StatusError{Status: request.HTTPStatusCode, Message: e.redact(string(request.Body))}
	case errors.As(err, &address):
		return &redacted{message: e.redact(address.Err.Error()), err: address.Err}
	}
	return &redacted{message: e.redact("unreadable answer: " + err.Error()), err: err}
}

// redacted is an error whose text had its secrets removed; its cause can still be asked for.
type redacted struct {
	message string
	err     error
}

func (r *redacted) Error() string { return r.message }

func (r *redacted) Unwrap() error { return r.err }

const maxMessage = 300 // bytes of a server's message in an error

func (e *Embedder) redact(message string) string {
	for _, s := range e.secrets {
		message = strings.ReplaceAll(message, s, "<secret>")
	}
	message = strings.Join(strings.Fields(message), " ")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return message
}
