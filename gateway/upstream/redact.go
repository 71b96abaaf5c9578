package upstream

import (
	"regexp"
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
type redactor struct{ key string }

func newRedactor(key string) redactor { return redactor{key} }

func (r redactor) text(s string) string {
	if r.key != "" {
		s = strings.ReplaceAll(s, r.key, secret)
	}
	s = keyLike.ReplaceAllString(s, secret)
	return bearer.ReplaceAllString(s, "Bearer "+secret)
}

func (r redactor) bytes(b []byte) []byte { return []byte(r.text(string(b))) }
