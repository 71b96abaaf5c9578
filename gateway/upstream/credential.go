package upstream

import (
	"net/http"

	"ragway/gateway"
)

// anthropicVersion is sent where the client names none: the API refuses requests without.
const anthropicVersion = "2023-06-01"

// authorize puts the key into a request the way the server wants it: ours, or the client's
// own where that is passed on. Never both.
func (h *HTTP) authorize(header http.Header, call gateway.Call) {
	if call.API == gateway.Anthropic && header.Get("Anthropic-Version") == "" {
		header.Set("Anthropic-Version", anthropicVersion)
	}
	if h.passthrough {
		for name, values := range call.Credential {
			header[name] = values
		}
		return
	}
	if h.key == "" {
		return
	}
	switch {
	case h.keyStyle == keyAzure:
		header.Set("Api-Key", h.key)
	case h.keyStyle == keyBearer, call.API == gateway.OpenAI, call.API == "":
		header.Set("Authorization", "Bearer "+h.key)
	case call.API == gateway.Anthropic:
		header.Set("X-Api-Key", h.key)
	default:
		header.Set("X-Goog-Api-Key", h.key)
	}
}
