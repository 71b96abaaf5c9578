package upstream

import (
	"strings"

	"ragway/gateway"
)

// Preset is a kind of model server: what it speaks, where, and how it takes a key.
type Preset struct {
	// Bases are the addresses of its APIs, or what is put behind a configured address that
	// stops before it, such as the host alone.
	Bases map[gateway.API]string
	// Suffixes tell how the address of each API follows from the configured one.
	Suffixes map[gateway.API]string
	Key      keyStyle
	window   windowSource
}

// keyStyle says in which header a server takes its key.
type keyStyle int

const (
	keyByAPI  keyStyle = iota // as the API that is called has it
	keyBearer                 // Authorization, whatever the API
	keyAzure                  // api-key
)

// presets are the kinds of servers that are known by name, with the addresses that their
// documentation gives.
var presets = map[string]Preset{
	"": {},
	"openai": {
		Bases:  map[gateway.API]string{gateway.OpenAI: "https://api.openai.com/v1"},
		window: noWindow,
	},
	"azure": {Key: keyAzure},
	"anthropic": {
		Bases: map[gateway.API]string{gateway.Anthropic: "https://api.anthropic.com/v1"},
	},
	"gemini": {
		Bases:    map[gateway.API]string{gateway.Gemini: "https://generativelanguage.googleapis.com/v1beta"},
		Suffixes: map[gateway.API]string{gateway.OpenAI: "/openai"},
	},
	"huggingface": {Bases: map[gateway.API]string{gateway.OpenAI: "https://router.huggingface.co/v1"}},
	"mistral":     {Bases: map[gateway.API]string{gateway.OpenAI: "https://api.mistral.ai/v1"}},
	"openrouter": {
		Bases:  map[gateway.API]string{gateway.OpenAI: "https://openrouter.ai/api/v1"},
		Key:    keyBearer,
		window: modelListWindow,
	},
	"ollama":   {Bases: map[gateway.API]string{gateway.OpenAI: "http://127.0.0.1:11434/v1"}, window: ollamaWindow},
	"vllm":     {Bases: map[gateway.API]string{gateway.OpenAI: "http://127.0.0.1:8000/v1"}, window: modelListWindow},
	"lmstudio": {Bases: map[gateway.API]string{gateway.OpenAI: "http://127.0.0.1:1234/v1"}, window: lmStudioWindow},
	"llamacpp": {Bases: map[gateway.API]string{gateway.OpenAI: "http://127.0.0.1:8080/v1"}, window: llamaCppWindow},
}

// others are the APIs that a preset's server speaks besides its first, at the same address.
var others = map[string][]gateway.API{
	"gemini":     {gateway.OpenAI},
	"ollama":     {gateway.Anthropic},
	"vllm":       {gateway.Anthropic},
	"lmstudio":   {gateway.Anthropic},
	"llamacpp":   {gateway.Anthropic},
	"openrouter": {gateway.Anthropic},
}

// known returns a preset by its name; "" and "other" are a server that is not known.
func known(name string) (Preset, bool) {
	if name == "other" {
		name = ""
	}
	p, ok := presets[name]
	return p, ok
}

// bases are the addresses of each API of a server.
func (o HTTPOptions) bases(p Preset) map[gateway.API]string {
	apis := o.APIs
	if len(apis) == 0 {
		apis = p.apis(o.Preset)
	}
	out := map[gateway.API]string{}
	for _, api := range apis {
		base := strings.TrimRight(o.BaseURL, "/")
		if base == "" {
			base = p.Bases[api]
		}
		if base == "" {
			base = p.first()
		}
		if o.Preset == "azure" {
			base = o.azureBase(base)
		}
		out[api] = base + p.Suffixes[api]
	}
	return out
}

// apis are those of a preset, in no order.
func (p Preset) apis(name string) []gateway.API {
	out := append([]gateway.API(nil), others[name]...)
	for api := range p.Bases {
		out = append(out, api)
	}
	if len(out) == 0 {
		out = append(out, gateway.OpenAI)
	}
	return out
}

// first is the address of a preset's only API.
func (p Preset) first() string {
	for _, base := range p.Bases {
		return base
	}
	return ""
}

// Azure has two addresses below a resource's: /openai/v1, which is OpenAI's API as it is,
// and /openai/deployments/NAME, which wants an api-version and has the model in the path.
const (
	azureV1          = "/openai/v1"
	azureDeployments = "/openai/deployments"
)

// azureBase completes a resource's address.
func (o HTTPOptions) azureBase(base string) string {
	switch {
	case strings.HasSuffix(base, azureV1) || strings.HasSuffix(base, azureDeployments):
		return base
	case o.Query["api-version"] != "":
		return strings.TrimSuffix(base, "/openai") + azureDeployments
	}
	return strings.TrimSuffix(base, "/openai") + azureV1
}
