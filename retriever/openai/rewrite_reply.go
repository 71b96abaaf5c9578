package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	goopenai "github.com/sashabaranov/go-openai"

	"ragway/retriever"
	"ragway/retriever/text"
)

// ErrBadReply is an answer that claims success and is not what was asked for.
var ErrBadReply = errors.New("bad reply")

const (
	longestQuestion = 600  // runes of a rewritten question or another wording; longer ones are answers or essays
	longestPassage  = 2000 // runes of a hypothetical passage, which is cut there; embedders read some 500 tokens
)

// rewriteReply is the object that the model replies with.
type rewriteReply struct {
	Question *string  `json:"question"`
	Passage  *string  `json:"passage"`
	Queries  []string `json:"queries"`
}

// parse takes what was asked for from the reply to p. Members that were not asked for are
// ignored.
func (o RewriterOptions) parse(response goopenai.ChatCompletionResponse, p prompt) (out retriever.Rewritten, err error) {
	if len(response.Choices) == 0 {
		return out, fmt.Errorf("%w: no choices", ErrBadReply)
	}
	reply, err := decodeReply(response.Choices[0].Message.Content)
	if err != nil {
		return out, err
	}
	if o.Rewrite {
		if out.Text, err = reply.question(p); err != nil {
			return retriever.Rewritten{}, err
		}
	}
	if o.HyDE {
		if out.Hypothetical, err = reply.passage(); err != nil {
			return retriever.Rewritten{}, err
		}
	}
	if o.Queries > 0 {
		if out.Variants, err = reply.queries(o.Queries, p.Question, out.Text); err != nil {
			return retriever.Rewritten{}, err
		}
	}
	return out, nil
}

// decodeReply reads one JSON object, in a code fence or behind a reasoning model's thoughts
// perhaps, and nothing behind it.
func decodeReply(content string) (r rewriteReply, err error) {
	if _, behind, ok := strings.Cut(content, "</think>"); ok {
		content = behind
	}
	content = strings.TrimSpace(content)
	if inner, ok := strings.CutPrefix(content, "```"); ok {
		inner = strings.TrimPrefix(inner, "json")
		content = strings.TrimSuffix(inner, "```")
	}
	if err := json.Unmarshal([]byte(content), &r); err != nil {
		return r, fmt.Errorf("%w: no JSON object as asked for: %w", ErrBadReply, err)
	}
	return r, nil
}

// question is refused where it has nothing of what it should be made from: a refusal, or
// what some text in the conversation told the model to say.
func (r rewriteReply) question(p prompt) (string, error) {
	if r.Question == nil {
		return "", fmt.Errorf("%w: no question", ErrBadReply)
	}
	q := oneLine(*r.Question)
	switch {
	case q == "":
		return "", fmt.Errorf("%w: the question is empty", ErrBadReply)
	case utf8.RuneCountInString(q) > longestQuestion:
		return "", fmt.Errorf("%w: the question is longer than %d characters", ErrBadReply, longestQuestion)
	case !related(q, p.text()):
		return "", fmt.Errorf("%w: the question has no word of the conversation", ErrBadReply)
	case q == oneLine(p.Question):
		return "", nil // unchanged
	}
	return q, nil
}

func (r rewriteReply) passage() (string, error) {
	if r.Passage == nil || oneLine(*r.Passage) == "" {
		return "", fmt.Errorf("%w: no passage", ErrBadReply)
	}
	return firstRunes(oneLine(*r.Passage), longestPassage), nil
}

// queries are the first n that differ from each other and from what is searched anyway.
func (r rewriteReply) queries(n int, searched ...string) ([]string, error) {
	var out []string
	for _, q := range r.Queries {
		q = oneLine(q)
		known := func(s string) bool { return strings.EqualFold(q, oneLine(s)) }
		switch {
		case q == "", utf8.RuneCountInString(q) > longestQuestion:
		case slices.ContainsFunc(searched, known), slices.ContainsFunc(out, known):
		case len(out) < n:
			out = append(out, q)
		}
	}
	if out == nil {
		return nil, fmt.Errorf("%w: no queries", ErrBadReply)
	}
	return out, nil
}

// oneLine is s as a query: valid, and with single blanks.
func oneLine(s string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ") }

// related reports whether s shares a term with source, or has none that could be shared.
func related(s, source string) bool {
	analyzer := text.For("en")      // stems English; other words meet as they are
	terms := analyzer.QueryTerms(s) // without "the" and its like
	known := map[string]bool{}
	for _, t := range analyzer.Terms(source) {
		known[t] = true
	}
	return len(terms) == 0 || slices.ContainsFunc(terms, func(t string) bool { return known[t] })
}
