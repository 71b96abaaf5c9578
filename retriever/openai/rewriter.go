package openai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	goopenai "github.com/sashabaranov/go-openai"

	"ragway/retriever"
)

// RewriterOptions of a Rewriter. BaseURL and Model are required, and one of Rewrite, HyDE
// and Queries.
type RewriterOptions struct {
	BaseURL string // up to and without "/chat/completions", e.g. "https://api.openai.com/v1"; a query string goes out with each request
	APIKey  string // empty: no Authorization header
	Model   string // a small one that does not reason aloud; a person waits for it

	Rewrite bool // make the question complete in itself; the first of a conversation is, and costs no call for this alone
	HyDE    bool // write a passage such as would answer it
	Queries int  // other wordings of the question; at most 8

	Timeout   time.Duration     // of a call; default 5 s, since the question waits and can be searched without
	Transport http.RoundTripper // default: a clone of http.DefaultTransport
}

const mostQueries = 8 // each is a search

func (o *RewriterOptions) check() (*url.URL, error) {
	u, err := url.Parse(o.BaseURL)
	switch {
	case o.BaseURL == "":
		return nil, errors.New("openai rewriter: BaseURL is required")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, errors.New("openai rewriter: BaseURL is no http or https address") // not quoted: it may hold a key
	case o.Model == "":
		return nil, errors.New("openai rewriter: Model is required")
	case !o.Rewrite && !o.HyDE && o.Queries == 0:
		return nil, errors.New("openai rewriter: nothing to make; want Rewrite, HyDE or Queries")
	case o.Queries < 0 || o.Queries > mostQueries:
		return nil, fmt.Errorf("openai rewriter: %d queries, want 0 to %d", o.Queries, mostQueries)
	case o.Timeout < 0:
		return nil, errors.New("openai rewriter: Timeout is negative")
	}
	return u, nil
}

// Rewriter makes questions complete, hypothetical passages and other wordings with one call
// of a chat model. It is safe for concurrent use.
type Rewriter struct {
	opts         RewriterOptions
	client       *goopenai.Client
	instructions string
	secrets      secrets
}

var _ retriever.Rewriter = (*Rewriter)(nil)

const maxRewrite = 1 << 20 // bytes of an answer; what is asked for takes some 4 kB

// NewRewriter returns a Rewriter without asking the server anything.
func NewRewriter(o RewriterOptions) (*Rewriter, error) {
	u, err := o.check()
	if err != nil {
		return nil, err
	}
	o.Timeout = cmp.Or(o.Timeout, 5*time.Second)
	if o.Transport == nil {
		o.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	// One attempt: a second one would come after the person lost patience.
	once := &retrying{next: o.Transport, query: u.RawQuery, timeout: o.Timeout, most: maxRewrite, pacer: unpaced(), log: slog.New(slog.DiscardHandler)}
	return &Rewriter{
		opts:         o,
		client:       newClient(u, o.APIKey, once),
		instructions: instructions(o),
		secrets:      secretsOf(u, o.APIKey),
	}, nil
}

// Model names the model.
func (r *Rewriter) Model() string { return r.opts.Model }

// Rewrite asks the model once. An error is the context's where that ended, ErrBadReply
// where the reply makes no sense, and otherwise a StatusError or why there is no answer.
func (r *Rewriter) Rewrite(ctx context.Context, conversation []retriever.Turn, q retriever.Question) (retriever.Rewritten, error) {
	earlier := beforeQuestion(conversation)
	onlyCompletes := !r.opts.HyDE && r.opts.Queries == 0
	if strings.TrimSpace(q.Text) == "" || onlyCompletes && len(earlier) == 0 {
		return retriever.Rewritten{}, nil
	}
	p := newPrompt(earlier, q)
	response, err := r.client.CreateChatCompletion(ctx, goopenai.ChatCompletionRequest{
		Model: r.opts.Model,
		Messages: []goopenai.ChatCompletionMessage{
			{Role: goopenai.ChatMessageRoleSystem, Content: r.instructions},
			{Role: goopenai.ChatMessageRoleUser, Content: p.encode()},
		},
	})
	if err != nil {
		return retriever.Rewritten{}, fmt.Errorf("rewrite question: %w", r.secrets.explain(ctx, err))
	}
	out, err := r.opts.parse(response, p)
	if err != nil {
		return retriever.Rewritten{}, fmt.Errorf("rewrite question: %w", err)
	}
	out.Tokens = max(response.Usage.TotalTokens, response.Usage.PromptTokens+response.Usage.CompletionTokens, 0)
	return out, nil
}
