package openai

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
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

// secrets are texts never to appear in an error.
type secrets []string

func secretsOf(u *url.URL, key string) secrets {
	password, _ := u.User.Password()
	return slices.DeleteFunc(secrets{key, u.RawQuery, password}, func(s string) bool { return s == "" })
}

// explain turns an error of the client into one without address, query string and key.
func (s secrets) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var api *goopenai.APIError
	var request *goopenai.RequestError
	var address *url.Error
	switch {
	case errors.As(err, &api):
		return &StatusError{Status: api.HTTPStatusCode, Message: s.redact(api.Message)}
	case errors.As(err, &request):
		return &StatusError{Status: request.HTTPStatusCode, Message: s.redact(string(request.Body))}
	case errors.As(err, &address):
		return &redacted{message: s.redact(address.Err.Error()), err: address.Err}
	}
	return &redacted{message: s.redact("unreadable answer: " + err.Error()), err: err}
}

// redacted is an error whose text had its secrets removed; its cause can still be asked for.
type redacted struct {
	message string
	err     error
}

func (r *redacted) Error() string { return r.message }

func (r *redacted) Unwrap() error { return r.err }

const maxMessage = 300 // bytes of a server's message in an error

func (s secrets) redact(message string) string {
	for _, secret := range s {
		message = strings.ReplaceAll(message, secret, "<secret>")
	}
	message = strings.Join(strings.Fields(message), " ")
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return message
}
