package gateway

import (
	"net/url"
	"slices"
	"strings"

	"ragway/gateway/wire"
)

// endpoint is where a request to a model came in, and where it goes on.
type endpoint struct {
	protocol wire.Protocol
	api      API
	path     string // below an upstream's base URL; a model's name goes where modelInPath stands
	query    string // for the upstream
	model    string // from the path, "" where the body has it
	method   string // of the model, as Gemini's paths name it
}

// modelInPath stands in an endpoint's path for the model's name.
const modelInPath = "{model}"

// at is the path and query for the upstream under a model's name.
func (e endpoint) at(model string) (path, query string) {
	return strings.Replace(e.path, modelInPath, escapedSegments(model), 1), e.query
}

// escapedSegments is a name that stays where it is put in a path; slashes part segments.
func escapedSegments(name string) string {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}

// staysInPath reports whether no segment of a name leads elsewhere.
func staysInPath(name string) bool {
	return !slices.ContainsFunc(strings.Split(name, "/"), func(s string) bool { return s == "" || s == "." || s == ".." })
}

// complete adds what the path says to what the body says.
func (e endpoint) complete(r *wire.Request) {
	if e.model == "" {
		return
	}
	if r.Model == "" || e.api == Gemini {
		r.Model = e.model
	}
	if e.method == geminiStream {
		r.Stream = true
		r.Array = !wantsEvents(e.query)
	}
}

// The endpoints that ask a model for an answer.
var (
	chatEndpoint      = endpoint{protocol: wire.Chat, api: OpenAI, path: "/chat/completions"}
	responsesEndpoint = endpoint{protocol: wire.Responses, api: OpenAI, path: "/responses"}
	messagesEndpoint  = endpoint{protocol: wire.Messages, api: Anthropic, path: "/messages"}
)

// The methods of a Gemini model that ask for an answer.
const (
	geminiWhole  = "generateContent"
	geminiStream = "streamGenerateContent"
)

// geminiEndpoint reads "gemini-2.5-flash:generateContent" and is false for other methods.
func geminiEndpoint(call string, u *url.URL) (endpoint, bool) {
	model, method, ok := cutLast(strings.TrimPrefix(call, "/"), ":")
	if !ok || !staysInPath(model) || method != geminiWhole && method != geminiStream {
		return endpoint{}, false
	}
	return endpoint{
		protocol: wire.Gemini, api: Gemini, path: "/models/" + modelInPath + ":" + method,
		query: withoutKey(u), model: model, method: method,
	}, true
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// wantsEvents reports whether a query asks for server-sent events.
func wantsEvents(query string) bool {
	v, err := url.ParseQuery(query)
	return err == nil && strings.EqualFold(v.Get("alt"), "sse")
}

// withoutKey is a query without the credential that may stand in it.
func withoutKey(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	query := u.Query()
	if !query.Has("key") {
		return u.RawQuery
	}
	query.Del("key")
	return query.Encode()
}
