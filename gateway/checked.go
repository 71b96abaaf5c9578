package gateway

import (
	"ragway/gateway/ground"
	"ragway/gateway/prompt"
	"ragway/retriever"
)

// check is what is done to each text of an answer; the second value has what is known of it.
func (in injected) check(opts ground.Options, text string) (string, checked) {
	t := newChecked(opts, in.hides())
	out := t.feed(text)
	out += t.flush()
	return out, t
}

// checked takes hidden reasoning out of a text and checks its citations, whatever pieces it
// comes in.
type checked struct {
	hider *ground.Hider // nil where nothing is hidden
	citer *ground.Citer
}

func newChecked(opts ground.Options, hides bool) checked {
	t := checked{citer: ground.NewCiter(opts)}
	if hides {
		t.hider = ground.NewHider(prompt.ThinkingTag)
	}
	return t
}

func (t checked) feed(piece string) string {
	if t.hider != nil {
		piece = t.hider.Feed(piece)
	}
	return t.citer.Feed(piece)
}

func (t checked) flush() string {
	out := ""
	if t.hider != nil {
		out = t.citer.Feed(t.hider.Flush())
	}
	return out + t.citer.Flush()
}

// unfinished reports whether the text ended within its reasoning: there is no answer.
func (t checked) unfinished() bool { return t.hider != nil && t.hider.Unclosed() }

// onlyReasoned marks an answer that ended before it began.
var onlyReasoned = retriever.Degradation{Stage: string(stageGround), Reason: "the model's answer ended within its reasoning, which is hidden"}
