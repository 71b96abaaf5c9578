package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ragway/retriever"
)

// client asks a gateway over HTTP, as any program would.
type client struct {
	base string
	key  string // none: no credential is sent
	http *http.Client
}

// urlTimeout bounds one call of a running server. Models think long.
const urlTimeout = 10 * time.Minute

// newClient asks the server at a base URL, with the key of the environment. It follows no
// redirects: the key is for that server.
func newClient(a *app, base string) (client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return client{}, usagef("--url %q: want http://HOST:PORT", base)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client{
		base: strings.TrimSuffix(strings.TrimRight(base, "/"), "/v1"), key: a.getenv("RAGWAY_API_KEY"),
		http: &http.Client{Timeout: urlTimeout, CheckRedirect: stay},
	}, nil
}

type (
	chatAnswer struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
		Rag struct {
			Sources  []chatSource            `json:"sources"`
			Degraded []retriever.Degradation `json:"degraded"`
		} `json:"rag"`
	}
	chatSource struct {
		N        int      `json:"n"`
		Title    string   `json:"title"`
		URL      string   `json:"url"`
		URI      string   `json:"uri"`
		Page     int      `json:"page"`
		Headings []string `json:"headings"`
		Cited    bool     `json:"cited"`
	}
	chatChunk struct {
		Choices []struct {
			Delta struct {
				Content string `json:"content"`
			} `json:"delta"`
		} `json:"choices"`
		Rag *struct {
			Sources []chatSource `json:"sources"`
		} `json:"rag"`
		Error *struct {
			Message string `json:"message"`
		} `json:"error"`
	}
)

// ask sends one chat request; body is everything but the path.
func (c client) ask(ctx context.Context, body map[string]any) (answer chatAnswer, raw []byte, err error) {
	resp, err := c.post(ctx, chatPath, body)
	if err != nil {
		return answer, nil, err
	}
	defer resp.Body.Close()
	if raw, err = io.ReadAll(resp.Body); err != nil {
		return answer, nil, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return answer, raw, fmt.Errorf("read the answer: %w", err)
	}
	return answer, raw, nil
}

// stream sends one chat request and hands each piece of text to each as it comes.
func (c client) stream(ctx context.Context, body map[string]any, each func(string)) ([]chatSource, error) {
	body["stream"] = true
	resp, err := c.post(ctx, chatPath, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return readStream(resp.Body, each)
}

const chatPath = "/v1/chat/completions"

func (c client) post(ctx context.Context, path string, body any) (*http.Response, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return c.send(ctx, path, data)
}

// send posts a body as it is.
func (c client) send(ctx context.Context, path string, data []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.key != "" {
		req.Header.Set("Authorization", "Bearer "+c.key)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16)) // what there is of it
	return nil, answeredError(text, resp.Status)
}

// errorAnswer is the error object of an answer.
type errorAnswer struct {
	Message string `json:"message"`
	Source  string `json:"source"` // gateway or upstream
}

func (e *errorAnswer) Error() string { return e.Message }

func answeredError(body []byte, status string) error {
	var answer struct {
		Error errorAnswer `json:"error"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error.Message == "" {
		return fmt.Errorf("answered %s, and not as a ragway server does", status)
	}
	return &answer.Error
}
