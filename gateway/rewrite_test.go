package gateway_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ragway/gateway"
	"ragway/gateway/gatewaytest"
	"ragway/retriever"
)

// rewriter replies as it is told to.
type rewriter struct {
	reply retriever.Rewritten
	err   error
	asked *retriever.Question
}

func (rewriter) Model() string { return "small" }
func (r rewriter) Rewrite(_ context.Context, _ []retriever.Turn, q retriever.Question) (retriever.Rewritten, error) {
	if r.asked != nil {
		*r.asked = q
	}
	return r.reply, r.err
}

func TestRewordedQuestionIsSearched(t *testing.T) {
	reply := retriever.Rewritten{Text: "How long is parental leave?", Hypothetical: "It lasts.", Variants: []string{"duration of leave"}, Tokens: 40}
	g := start(t, gatewaytest.Answer("Sixteen [1]."), func(o *gateway.Options) { o.Rewriter = rewriter{reply: reply} })
	a := g.post(t, "/v1/chat/completions", chatBody("And leave for parents?", `"rag":{"explain":true}`))
	q := g.library.lastQuery(t)
	if q.Text != reply.Text || q.Hypothetical != reply.Hypothetical || len(q.Variants) != 1 {
		t.Errorf("searched %+v", q)
	}
	for _, want := range []string{`"rewritten":true`, `"variants":["duration of leave"]`, `"hypothetical":"It lasts."`, `"asked":"And leave for parents?"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("explain has no %s: %s", want, a.body)
		}
	}
	metrics := g.get(t, "/metrics").body
	for _, want := range []string{"ragway_rewrite_tokens_total 40", `ragway_stage_duration_seconds_count{stage="rewrite"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestQuestionIsSearchedAsItIsWhenRewordingFails(t *testing.T) {
	g := start(t, gatewaytest.Answer("Sixteen [1]."), func(o *gateway.Options) { o.Rewriter = rewriter{err: errors.New("down")} })
	a := g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", ""))
	got := decode[completion](t, a.body)
	if q := g.library.lastQuery(t); q.Text != "How long is parental leave?" || a.header.Get("X-Ragway-Degraded") != "rewrite" || len(got.Rag.Sources) == 0 {
		t.Errorf("searched %q, %v, %s", q.Text, a.header, a.body)
	}
}

func TestNothingIsRewordedThatIsNotSearched(t *testing.T) {
	var asked retriever.Question
	g := start(t, gatewaytest.Answer("Hello."), func(o *gateway.Options) { o.Rewriter = rewriter{asked: &asked} })
	g.post(t, "/v1/chat/completions", chatBody("How long is parental leave?", `"rag":false`))
	g.post(t, "/v1/chat/completions", chatBody("Hello!", ""))
	if asked.Text != "" {
		t.Errorf("asked to reword %q", asked.Text)
	}
}
