package upstream_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/gateway/upstream"
)

// byPath answers each path with a recorded answer, "METHOD /path" to JSON.
func byPath(answers map[string]string) gatewaytest.Script {
	return func(w *gatewaytest.Writer, r gatewaytest.Received) {
		path, _, _ := strings.Cut(r.Path, "?")
		body, ok := answers[r.Method+" "+path]
		if !ok {
			gatewaytest.Raw(404, "application/json", `{"error":"not found"}`)(w, r)
			return
		}
		gatewaytest.Raw(200, "application/json", body)(w, r)
	}
}

// Each kind of server tells in its own way how much a model reads.
func TestServersSayHowMuchTheirModelsRead(t *testing.T) {
	for name, tc := range map[string]struct {
		preset, model string
		answers       map[string]string
		want          int
	}{
		"Ollama, loaded": {"ollama", "llama3.2", map[string]string{
			"GET /api/ps": `{"models":[{"name":"llama3.2:latest","model":"llama3.2:latest","size":3338801804,"digest":"a80c4f17acd5","details":{"family":"llama"},"expires_at":"2026-11-27T18:00:00Z","size_vram":3338801804,"context_length":8192}]}`,
		}, 8192},
		"Ollama, with a setting of its own": {"ollama", "mine", map[string]string{
			"GET /api/ps":    `{"models":[]}`,
			"POST /api/show": `{"parameters":"num_ctx                        16384\nstop                           \"<|eot_id|>\"","model_info":{"llama.context_length":131072}}`,
		}, 16384},
		"Ollama, not loaded": {"ollama", "plain", map[string]string{
			"GET /api/ps": `{"models":[]}`, "POST /api/show": `{"model_info":{"llama.context_length":131072}}`,
		}, 4096},
		"vLLM": {"vllm", "Qwen/Qwen3-8B", map[string]string{
			"GET /v1/models": `{"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model","created":1764000000,"owned_by":"vllm","root":"Qwen/Qwen3-8B","parent":null,"max_model_len":40960,"permission":[]}]}`,
		}, 40960},
		"OpenRouter": {"openrouter", "openai/gpt-4o", map[string]string{
			"GET /v1/models": `{"data":[{"id":"openai/gpt-4o","name":"OpenAI: GPT-4o","context_length":128000,"architecture":{"modality":"text+image->text"},"pricing":{"prompt":"0.0000025"}}]}`,
		}, 128000},
		"LM Studio": {"lmstudio", "qwen2.5-7b", map[string]string{
			"GET /api/v0/models": `{"object":"list","data":[{"id":"qwen2.5-7b","object":"model","type":"llm","state":"loaded","max_context_length":32768,"loaded_context_length":4096}]}`,
		}, 4096},
		"llama.cpp": {"llamacpp", "any", map[string]string{
			"GET /props": `{"default_generation_settings":{"id":0,"n_ctx":2048,"speculative":false},"total_slots":1,"model_path":"model.gguf"}`,
		}, 2048},
		"a family":                   {"", "claude-sonnet-4-5", nil, 200_000},
		"a family behind a provider": {"", "openai/gpt-4o-mini", nil, 128_000},
		"nobody knows":               {"", "my-own", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, o := server(t, "a", byPath(tc.answers))
			o.Preset = tc.preset
			target, err := newPool(t, o).Route(t.Context(), gateway.Call{API: gateway.OpenAI, Model: tc.model})
			if err != nil || target.Window != tc.want {
				t.Errorf("%+v %v, want %d", target, err, tc.want)
			}
		})
	}
}

func TestConfiguredWindowsComeFirst(t *testing.T) {
	s, o := server(t, "a", byPath(map[string]string{"GET /api/ps": `{"models":[{"name":"m","context_length":4096}]}`}))
	o.Preset, o.ContextWindows = "ollama", map[string]int{"*": 1000, "m*": 2000}
	p := newPool(t, o)
	for range 2 {
		if target, err := p.Route(t.Context(), gateway.Call{Model: "m"}); err != nil || target.Window != 2000 {
			t.Errorf("%+v %v", target, err)
		}
	}
	if n := len(s.Received()); n > 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAServerIsAskedForAWindowOnceAMinute(t *testing.T) {
	s, o := server(t, "a", byPath(map[string]string{"GET /props": `{"default_generation_settings":{"n_ctx":2048}}`}))
	o.Preset = "llamacpp"
	p := newPool(t, o)
	for range 5 {
		if target, _ := p.Route(t.Context(), gateway.Call{Model: "m"}); target.Window != 2048 {
			t.Fatalf("%+v", target)
		}
	}
	if n := len(s.Received()); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// Where each preset sends a call, and with which key.
func TestPresetsKnowTheirPaths(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*upstream.HTTPOptions)
		api    gateway.API
		want   string
	}{
		"Azure, with a version":  {func(o *upstream.HTTPOptions) { o.Query = map[string]string{"api-version": "2024-10-21"} }, gateway.OpenAI, "/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21"},
		"Azure, without":         {func(*upstream.HTTPOptions) {}, gateway.OpenAI, "/openai/v1/chat/completions"},
		"Azure, address in full": {func(o *upstream.HTTPOptions) { o.BaseURL += "/openai/v1/" }, gateway.OpenAI, "/openai/v1/chat/completions"},
		"Gemini":                 {func(o *upstream.HTTPOptions) { o.Preset, o.BaseURL = "gemini", o.BaseURL+"/v1beta" }, gateway.Gemini, "/v1beta/chat/completions"},
		"Gemini, as OpenAI's":    {func(o *upstream.HTTPOptions) { o.Preset, o.BaseURL = "gemini", o.BaseURL+"/v1beta" }, gateway.OpenAI, "/v1beta/openai/chat/completions"},
		"Ollama, as Anthropic's": {func(o *upstream.HTTPOptions) { o.Preset, o.BaseURL = "ollama", o.BaseURL+"/v1" }, gateway.Anthropic, "/v1/chat/completions"},
	} {
		t.Run(name, func(t *testing.T) {
			s, o := server(t, "a", nil)
			o.Preset, o.BaseURL, o.Key = "azure", strings.TrimSuffix(o.BaseURL, "/v1"), "k"
			tc.change(&o)
			call := gateway.Call{Method: http.MethodPost, Path: "/chat/completions", API: tc.api, Model: "my deployment", Body: []byte("{}")}
			reply, err := newPool(t, o).Do(t.Context(), call)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, reply.Body)
			_ = reply.Body.Close()
			if got := s.Last(t).Path; got != tc.want {
				t.Errorf("sent to %s, want %s", got, tc.want)
			}
		})
	}
	for _, name := range []string{"openai", "anthropic", "gemini", "huggingface", "mistral", "openrouter", "ollama", "vllm", "lmstudio", "llamacpp"} {
		h, err := upstream.NewHTTP(upstream.HTTPOptions{Preset: name})
		if err != nil || !strings.HasPrefix(h.String(), "http") {
			t.Errorf("%s has no address: %v", name, err)
		}
	}
	if _, err := upstream.NewHTTP(upstream.HTTPOptions{Preset: "nobody", BaseURL: "http://x/v1"}); err == nil {
		t.Error("an unknown preset is accepted")
	}
}

func TestOwnCertificatesAreTrustedWhereConfigured(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	t.Cleanup(s.Close)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that is refused
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	for name, tc := range map[string]struct {
		ca []byte
		ok bool
	}{"trusted": {ca, true}, "not trusted": {nil, false}} {
		reply, err := newHTTP(t, upstream.HTTPOptions{BaseURL: s.URL + "/v1", TrustedCA: tc.ca}).Do(t.Context(), post("{}"))
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = reply.Body.Close()
		}
	}
	if _, err := upstream.NewHTTP(upstream.HTTPOptions{BaseURL: s.URL, TrustedCA: []byte("x")}); err == nil {
		t.Error("a file without a certificate is accepted")
	}
}
