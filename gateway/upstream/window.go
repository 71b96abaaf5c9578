package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"ragway/gateway"
)

// windowSource reads from a server how many tokens a model takes; 0 where it does not say.
type windowSource func(ctx context.Context, h *HTTP, model string) (int, error)

// windows are the context windows of a server's models: as configured, else as the server
// says, else as it is known of the family.
type windows struct {
	configured map[string]int
	source     windowSource

	mu    sync.Mutex
	known map[string]knownWindow
}

type knownWindow struct {
	tokens int
	until  time.Time
}

// A server is asked again after a while: models are loaded anew with other settings.
const (
	windowAge      = time.Minute
	windowPatience = 2 * time.Second
)

func newWindows(configured map[string]int, source windowSource) *windows {
	return &windows{configured: configured, source: source, known: map[string]knownWindow{}}
}

// window is how many tokens a model takes, and whether that is known. It waits for the
// server a moment at most, and asks once a minute and model.
func (h *HTTP) window(ctx context.Context, log *slog.Logger, model string) (int, bool) {
	w := h.windows
	best := ""
	for pattern := range w.configured {
		if matches(pattern, model) && (len(pattern) > len(best) || len(pattern) == len(best) && pattern < best) {
			best = pattern
		}
	}
	if best != "" {
		return w.configured[best], true
	}
	if n := w.ask(ctx, h, log, model); n > 0 {
		return n, true
	}
	n := familyWindow(model)
	return n, n > 0
}

// ask returns what the server says, 0 for nothing.
func (w *windows) ask(ctx context.Context, h *HTTP, log *slog.Logger, model string) int {
	if w.source == nil || model == "" {
		return 0
	}
	w.mu.Lock()
	defer w.mu.Unlock() // one call asks, the others wait for it
	last, asked := w.known[model]
	if asked && time.Now().Before(last.until) {
		return last.tokens
	}
	ctx, cancel := context.WithTimeout(ctx, windowPatience)
	defer cancel()
	n, err := w.source(ctx, h, model)
	if err != nil {
		log.DebugContext(ctx, "context window not read", "upstream", h.name, "model", model, "error", err)
		n = last.tokens
	}
	if n > 0 && n != last.tokens {
		log.InfoContext(ctx, "context window", "upstream", h.name, "model", model, "tokens", n)
	}
	if len(w.known) < maxWindows || asked {
		w.known[model] = knownWindow{n, time.Now().Add(windowAge)}
	}
	return n
}

// maxWindows bounds what names that clients make up can fill.
const maxWindows = 1000

// noWindow is for services that do not say.
func noWindow(context.Context, *HTTP, string) (int, error) { return 0, nil }

// modelListWindow reads the list of models, in which vLLM has max_model_len and OpenRouter
// context_length.
func modelListWindow(ctx context.Context, h *HTTP, model string) (int, error) {
	var list struct {
		Data []struct {
			ID            string `json:"id"`
			MaxModelLen   int    `json:"max_model_len"`
			ContextLength int    `json:"context_length"`
		} `json:"data"`
	}
	if err := h.fetch(ctx, http.MethodGet, h.base(gateway.OpenAI)+modelsPath, nil, &list); err != nil {
		return 0, err
	}
	for _, m := range list.Data {
		if m.ID == model {
			return max(m.MaxModelLen, m.ContextLength), nil
		}
	}
	return 0, nil
}

// lmStudioWindow reads LM Studio's own API, which tells what a model was loaded with.
func lmStudioWindow(ctx context.Context, h *HTTP, model string) (int, error) {
	var list struct {
		Data []struct {
			ID     string `json:"id"`
			Loaded int    `json:"loaded_context_length"`
			Max    int    `json:"max_context_length"`
		} `json:"data"`
	}
	if err := h.fetch(ctx, http.MethodGet, h.root()+"/api/v0/models", nil, &list); err != nil {
		return 0, err
	}
	for _, m := range list.Data {
		if m.ID == model && m.Loaded > 0 {
			return m.Loaded, nil
		}
		if m.ID == model {
			return m.Max, nil
		}
	}
	return 0, nil
}

// llamaCppWindow reads what the one model was loaded with.
func llamaCppWindow(ctx context.Context, h *HTTP, _ string) (int, error) {
	var props struct {
		Settings struct {
			NCtx int `json:"n_ctx"`
		} `json:"default_generation_settings"`
	}
	err := h.fetch(ctx, http.MethodGet, h.root()+"/props", nil, &props)
	return props.Settings.NCtx, err
}

// ollamaDefault is what Ollama loads a model with that says nothing else.
const ollamaDefault = 4096

// ollamaWindow reads what a model is loaded with. Ollama cuts longer prompts without a word,
// the start first, which is where the instructions stand. One that is not loaded yet will
// be with its own num_ctx or the default.
func ollamaWindow(ctx context.Context, h *HTTP, model string) (int, error) {
	var loaded struct {
		Models []struct {
			Name          string `json:"name"`
			ContextLength int    `json:"context_length"`
		} `json:"models"`
	}
	if err := h.fetch(ctx, http.MethodGet, h.root()+"/api/ps", nil, &loaded); err != nil {
		return 0, err
	}
	for _, m := range loaded.Models {
		if (m.Name == model || m.Name == model+":latest") && m.ContextLength > 0 {
			return m.ContextLength, nil
		}
	}
	var shown struct {
		Parameters string `json:"parameters"`
	}
	body, err := json.Marshal(map[string]string{"model": model})
	if err != nil {
		return 0, err
	}
	if err := h.fetch(ctx, http.MethodPost, h.root()+"/api/show", body, &shown); err != nil {
		return 0, err
	}
	if m := numCtx.FindStringSubmatch(shown.Parameters); m != nil {
		return strconv.Atoi(m[1])
	}
	return ollamaDefault, nil
}

// numCtx is a line of a model's parameters.
var numCtx = regexp.MustCompile(`(?m)^num_ctx\s+(\d{1,9})\s*$`)

// root is the server's address without the version.
func (h *HTTP) root() string { return strings.TrimSuffix(h.base(gateway.OpenAI), "/v1") }

// fetched bounds an answer about models: OpenRouter's list has a megabyte.
const fetched = 16 << 20

// fetch reads JSON from the server, for the gateway itself.
func (h *HTTP) fetch(ctx context.Context, method, target string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(string(body)))
	if err != nil {
		return errors.New("bad address")
	}
	for name, value := range h.headers {
		req.Header.Set(name, value)
	}
	h.authorize(req.Header, gateway.Call{API: gateway.OpenAI})
	req.Header.Set("User-Agent", "ragway")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := h.transport.RoundTrip(req)
	if err != nil {
		return errors.New(h.redact.text(plainCause(err)))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return json.NewDecoder(io.LimitReader(resp.Body, fetched)).Decode(into)
}

// families are the context windows in tokens that providers document for their models, by
// how a model's name starts after its provider's; the longest start that fits. Where
// versions of a family differ, the smallest.
var families = []struct {
	prefix string
	tokens int
}{
	{"gpt-3.5-turbo", 16_385}, {"gpt-4", 8_192}, {"gpt-4-turbo", 128_000}, {"gpt-4o", 128_000}, {"gpt-4.1", 1_047_576},
	{"gpt-5", 400_000}, {"o1", 200_000}, {"o3", 200_000}, {"o4-mini", 200_000}, {"chatgpt-4o", 128_000},
	{"claude", 200_000},
	{"gemini-1.5", 1_048_576}, {"gemini-2", 1_048_576}, {"gemini-3", 1_048_576},
	{"mistral-large", 128_000}, {"mistral-medium", 128_000}, {"mistral-small", 32_000}, {"ministral", 128_000}, {"codestral", 128_000},
	{"deepseek", 64_000}, {"command-r", 128_000}, {"command-a", 256_000}, {"grok", 131_072},
}

// familyWindow is 0 for a model of no known family: open models run with whatever window
// their server was started with.
func familyWindow(model string) int {
	name := model[strings.LastIndexByte(model, '/')+1:]
	best, tokens := "", 0
	for _, f := range families {
		if strings.HasPrefix(name, f.prefix) && len(f.prefix) > len(best) {
			best, tokens = f.prefix, f.tokens
		}
	}
	return tokens
}
