package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"ragway/gateway"
	"ragway/gateway/wire"
)

// ExtractiveModel is the name the extractive answerer answers under, whatever was asked for.
const ExtractiveModel = "ragway-extractive"

// ExtractiveOptions configures an Extractive. The zero value works.
type ExtractiveOptions struct {
	Language string           // of the documents, for stems and stop words; "" is English
	Count    func(string) int // tokens of a text; default: a quarter of its bytes
}

// Extractive answers without a model: it quotes the sentences of the passages that cover
// the question best, each with its [n], or says that the documents do not answer it. The
// same passages and question give the same words.
type Extractive struct{ opt ExtractiveOptions }

var (
	_ gateway.Upstream = (*Extractive)(nil)
	_ gateway.StandIn  = (*Extractive)(nil)
)

// NewExtractive returns an extractive answerer.
func NewExtractive(o ExtractiveOptions) *Extractive {
	if o.Count == nil {
		o.Count = func(s string) int { return (len(s) + 3) / 4 }
	}
	return &Extractive{opt: o}
}

// StandsIn implements gateway.StandIn.
func (*Extractive) StandsIn() {}

// Name implements gateway.Upstream.
func (*Extractive) Name() string { return ExtractiveModel }

// Do implements gateway.Upstream. It answers in every protocol, and lists itself as OpenAI's servers do.
func (e *Extractive) Do(ctx context.Context, call gateway.Call) (*gateway.Reply, error) {
	if err := ctx.Err(); err != nil {
		return nil, e.fail(gateway.ErrUpstreamDown, err)
	}
	switch {
	case call.Request != nil:
		return e.reply(call), nil
	case call.Method == http.MethodGet && call.Path == modelsPath && (call.API == gateway.OpenAI || call.API == ""):
		return e.models(), nil
	}
	return nil, e.fail(gateway.ErrNotServed, nil)
}

func (e *Extractive) fail(kind, cause error) error {
	return &gateway.UpstreamError{Upstream: e.Name(), Kind: kind, Cause: cause}
}

func (e *Extractive) reply(call gateway.Call) *gateway.Reply {
	req := call.Request
	text := e.answer(call.Question, call.Passages, req.JSONOutput)
	c := wire.Completion{
		ID: completionID(call.Body, text), Created: time.Now().Unix(), Model: ExtractiveModel,
		PromptTokens: e.promptTokens(call.Body), CompletionTokens: req.N * e.opt.Count(text),
	}
	for range req.N {
		c.Texts = append(c.Texts, text)
	}
	reply := gateway.Answer(req, c)
	reply.Upstream = ExtractiveModel
	return reply
}

// counted is how much of a request is counted; more is taken to be like it. A tokenizer
// takes 0.15 s a megabyte.
const counted = 256 << 10

func (e *Extractive) promptTokens(body []byte) int {
	sample := body[:min(len(body), counted)]
	return e.opt.Count(string(sample)) * len(body) / max(len(sample), 1)
}

func (e *Extractive) answer(question string, passages []gateway.Source, asJSON bool) string {
	quotes := selectQuotes(newQuestion(question, e.opt.Language), passages, mostQuotes)
	if asJSON {
		return jsonAnswer(quotes)
	}
	switch {
	case len(quotes) > 0:
		return render(quotes)
	case strings.TrimSpace(question) == "":
		return nothingAsked
	}
	return notFound
}

// mostQuotes is how many sentences, rows and items are quoted at most.
const mostQuotes = 3

// What is said when nothing can be quoted.
const (
	notFound     = "I could not find an answer to that in the documents."
	nothingAsked = "I answer questions by quoting the documents. Ask me something about them."
)

// jsonAnswer is the answer where the client wants JSON: markers would be data there.
func jsonAnswer(quotes []quote) string {
	out := struct {
		Answer  string `json:"answer"`
		Sources []int  `json:"sources"`
	}{Answer: notFound, Sources: []int{}}
	var texts []string
	for _, q := range quotes {
		texts = append(texts, strings.TrimSpace(q.text+"\n"+q.code))
		if !slices.Contains(out.Sources, q.n) {
			out.Sources = append(out.Sources, q.n)
		}
	}
	if len(texts) > 0 {
		out.Answer = strings.Join(texts, " ")
	}
	data, err := json.Marshal(out)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return string(data)
}

func completionID(body []byte, text string) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%d:", len(body)) // a hash never fails
	_, _ = h.Write(body)
	_, _ = h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (e *Extractive) models() *gateway.Reply {
	body := fmt.Sprintf(`{"object":"list","data":[{"id":%q,"object":"model","created":0,"owned_by":"ragway"}]}`, ExtractiveModel)
	return &gateway.Reply{
		Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Upstream: ExtractiveModel,
		Body: readCloser(body),
	}
}
