package upstream

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// secret stands where a secret stood.
const secret = "<secret>"

// keyLike matches keys as providers write them, also the half-masked form of OpenAI's
// "Incorrect API key provided: sk-abcd***wxyz".
var keyLike = regexp.MustCompile(`\b(?:(?:sk|pk|rk|gsk|xai|hf)[-_]|AIza)[A-Za-z0-9_\-]*[A-Za-z0-9*_\-]{12,}`)

// bearer matches a bearer token wherever somebody quoted a header.
var bearer = regexp.MustCompile(`(?i)\bbearer\s+[A-Za-z0-9._~+/\-]{8,}=*`)

// redactor takes secrets out of text that goes to clients and logs.
type redactor struct{ keys []string }

func newRedactor(key string) redactor {
	if key == "" {
		return redactor{}
	}
	return redactor{[]string{key}}
}

// shortestKey is what a client's credential has to have to be looked for: a word of a few
// letters would be taken out of sentences.
const shortestKey = 8

// with takes out a client's own credential, too.
func (r redactor) with(credential http.Header) redactor {
	out := redactor{slices.Clone(r.keys)}
	for _, values := range credential {
		for _, v := range values {
			if _, token, ok := strings.Cut(v, " "); ok {
				v = token
			}
			if len(v) >= shortestKey {
				out.keys = append(out.keys, v)
			}
		}
	}
	return out
}

func (r redactor) text(s string) string {
	for _, key := range r.keys {
		s = strings.ReplaceAll(s, key, secret)
	}
	s = keyLike.ReplaceAllString(s, secret)
	return bearer.ReplaceAllString(s, "Bearer "+secret)
}

func (r redactor) bytes(b []byte) []byte { return []byte(r.text(string(b))) }
