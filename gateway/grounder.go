package gateway

import (
	"maps"
	"slices"

	"ragway/gateway/ground"
	"ragway/gateway/wire"
)

// grounder checks the citations of a stream as it passes, and adds annotations and the
// rag object in extra chunks.
//
// Each choice's annotations come in a chunk before the one that finishes it. The rag
// object comes with the last of them, because only then is it known what was cited: with
// one choice that is one extra chunk. Every event that says nothing new passes as it is.
type grounder struct {
	server  *Server
	in      injected
	id      string
	opts    ground.Options
	choices map[int]*streamChoice
	head    wire.Head
	chunk   wire.Chunk
	edits   []wire.Edit

	finished int
	ragSent  bool
	done     bool
	failed   bool
}

type streamChoice struct {
	citer    *ground.Citer
	finished bool
}

func (s *Server) newGrounder(in injected, id string) *grounder {
	return &grounder{server: s, in: in, id: id, opts: in.citing(), choices: map[int]*streamChoice{}}
}

func (g *grounder) event(dst []byte, e wire.Event) ([]byte, error) {
	switch {
	case g.done: // clients stop reading there
		return dst, nil
	case e.IsDone() && g.failed:
		return dst, nil // servers say so after an error, too
	case e.IsDone():
		g.done = true
		return append(g.last(dst), e.Raw...), nil
	case !e.Complete:
		return dst, nil // cut in the middle; end decides what that means
	case e.Data == nil:
		return append(dst, e.Raw...), nil
	}
	isChunk := wire.ParseChunk(e.Data, &g.chunk)
	g.failed = g.failed || g.chunk.HasError || e.Name == "error"
	if !isChunk {
		return append(dst, e.Raw...), nil
	}
	if g.chunk.ID != "" {
		g.head = g.chunk.Head()
	}
	if g.chunk.HasUsage {
		g.server.countUsage(g.chunk.Usage)
	}
	return g.pass(dst, e)
}

// pass appends the extra chunks that come before the event, then the event with its texts
// checked. One that is left without anything is left out.
func (g *grounder) pass(dst []byte, e wire.Event) ([]byte, error) {
	g.edits = g.edits[:0]
	silent := g.chunk.OnlyText()
	for i := range g.chunk.Choices {
		choice := &g.chunk.Choices[i]
		st := g.choice(choice.Index)
		text := choice.Text
		if choice.HasText {
			text = st.citer.Feed(choice.Text)
		}
		if choice.FinishReason != "" && !st.finished {
			st.finished = true
			g.finished++
			dst = g.extra(dst, choice.Index, text+st.citer.Flush())
			text = ""
		}
		if text != choice.Text {
			g.edits = append(g.edits, choice.SetText(text))
		}
		silent = silent && text == ""
	}
	switch {
	case silent && len(g.edits) > 0:
		return dst, nil
	case len(g.edits) == 0:
		return append(dst, e.Raw...), nil
	}
	data, err := wire.Apply(e.Data, g.edits...)
	if err != nil {
		return dst, err
	}
	return e.WithData(dst, data), nil
}

func (g *grounder) choice(index int) *streamChoice {
	st := g.choices[index]
	if st == nil {
		st = &streamChoice{citer: ground.NewCiter(g.opts)}
		g.choices[index] = st
	}
	return st
}

// extra appends the chunk before a choice's finish: text that was kept back, its
// annotations, and with the last choice the rag object.
func (g *grounder) extra(dst []byte, index int, text string) []byte {
	citer := g.choices[index].citer
	g.server.countCitations(citer.Counts())
	delta := wire.Delta{Index: index, Text: text, Annotations: annotations(citer.Citations(), g.in.sources)}
	var rag []byte
	if g.finished >= g.in.chat.N {
		rag = g.rag()
	}
	if rag == nil && text == "" && len(delta.Annotations) == 0 {
		return dst
	}
	return wire.AppendChunk(dst, g.head, []wire.Delta{delta}, nil, rag)
}

// rag is the rag object, once.
func (g *grounder) rag() []byte {
	if g.ragSent {
		return nil
	}
	g.ragSent = true
	g.server.metrics.answers.WithLabelValues(string(ground.Unchecked)).Inc()
	cited := map[int]bool{}
	for _, st := range g.choices {
		for _, ct := range st.citer.Citations() {
			cited[ct.Source] = true
		}
	}
	return marshal(g.server.rag(g.in, g.id, cited))
}

// last appends what a model server that finished fewer choices than asked for, or said
// nothing of finishing, has left unsent.
func (g *grounder) last(dst []byte) []byte {
	for _, index := range slices.Sorted(maps.Keys(g.choices)) {
		st := g.choices[index]
		if st.finished {
			continue
		}
		st.finished = true
		g.finished++
		dst = g.extra(dst, index, st.citer.Flush())
	}
	if rag := g.rag(); rag != nil {
		dst = wire.AppendChunk(dst, g.head, nil, nil, rag)
	}
	return dst
}

// end takes a stream for whole that said [DONE], or in which every choice asked for and
// every one that began has finished. One that reported an error is not whole, whatever it
// says after that.
func (g *grounder) end(dst []byte) ([]byte, bool) {
	if g.failed {
		return dst, false
	}
	if g.done {
		return dst, true
	}
	if g.finished < max(g.in.chat.N, len(g.choices)) {
		return dst, false
	}
	return g.last(dst), true
}
