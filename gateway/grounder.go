package gateway

import (
	"ragway/gateway/ground"
	"ragway/gateway/wire"
)

// grounder checks the citations of a stream as it passes, and adds annotations and the
// rag object where the protocol has room for them. Every event that says nothing new
// passes as it is.
type grounder struct {
	server *Server
	in     injected
	id     string
	opts   ground.Options
	stream wire.Stream
	texts  map[int]*streamText
	edits  []wire.Edit

	cited map[int]bool // sources, by the model's own word

	ragSent bool
	over    bool // it has said that nothing follows
	failed  bool
}

// streamText is one text of the answer, by its slot.
type streamText struct {
	checked
	event string // what goes out of the event being dealt with
}

func (s *Server) newGrounder(in injected, id string, stream wire.Stream) *grounder {
	return &grounder{server: s, in: in, id: id, opts: in.citing(), stream: stream, texts: map[int]*streamText{}, cited: map[int]bool{}}
}

func (g *grounder) event(dst []byte, e wire.Event) ([]byte, error) {
	switch {
	case g.over: // clients stop reading there
		return dst, nil
	case !e.Complete:
		return dst, nil // cut in the middle; end decides what that means
	case e.Data == nil:
		g.stream.Watch(e)
		return append(dst, e.Raw...), nil
	}
	p := g.stream.Read(e)
	if p == nil {
		return append(dst, e.Raw...), nil
	}
	if p.Done && !p.Failed && g.failed {
		return dst, nil // servers say so after an error, too
	}
	g.failed = g.failed || p.Failed
	g.over = p.Done
	if p.HasUsage {
		g.server.countUsage(p.Usage)
	}
	if p.OnlyUsage && g.in.hideUsage {
		return dst, nil
	}
	return g.pass(dst, e, p)
}

// pass appends the event with its texts checked, and what has to stand before it. One that
// is left without anything is left out.
func (g *grounder) pass(dst []byte, e wire.Event, p *wire.Part) ([]byte, error) {
	g.edits = g.edits[:0]
	silent := p.OnlyText
	for i := range p.Texts {
		t := &p.Texts[i]
		text := g.text(t.Slot).feed(t.Text)
		if ends(p, t.Slot) {
			g.text(t.Slot).event += text
			continue
		}
		if text != t.Text {
			g.edits = append(g.edits, t.SetText(text))
		}
		silent = silent && text == ""
	}
	g.in.citedNatively(g.cited, p.Cited)
	p.Dropped = silent && len(g.edits) > 0
	g.restate(p)
	g.edits = append(g.edits, g.in.showModel(p.Models)...)
	dst, edits := g.stream.Finish(dst, p, g.ended(p.Ends), g.ragOf(p))
	g.edits = append(g.edits, edits...)
	switch {
	case p.Dropped:
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

func ends(p *wire.Part, slot int) bool {
	for _, s := range p.Ends {
		if s == slot {
			return true
		}
	}
	return false
}

func (g *grounder) text(slot int) *streamText {
	st := g.texts[slot]
	if st == nil {
		st = &streamText{checked: newChecked(g.opts, g.in.hides())}
		g.texts[slot] = st
	}
	return st
}

// restate checks texts that are said again as a whole. They come out as their pieces did:
// what a Citer puts out depends on the text alone.
func (g *grounder) restate(p *wire.Part) {
	for i := range p.Restated {
		t := &p.Restated[i]
		text, seen := g.in.check(g.opts, t.Text)
		if text != t.Text {
			g.edits = append(g.edits, t.SetText(text))
		}
		g.edits = append(g.edits, t.Annotate(g.in.cites(seen.citer.Citations()))...)
	}
}

// ended is what is left to say of the texts that are complete.
func (g *grounder) ended(slots []int) []wire.Ended {
	var out []wire.Ended
	for _, slot := range slots {
		st := g.text(slot)
		text := st.event + st.flush()
		st.event = ""
		g.server.countCitations(st.citer.Counts())
		out = append(out, wire.Ended{Slot: slot, Text: text, Annotations: g.in.cites(st.citer.Citations())})
	}
	return out
}

// ragOf is the rag object, once, with the event that it belongs to.
func (g *grounder) ragOf(p *wire.Part) []byte {
	if g.ragSent || !p.Last || g.in.control.off {
		return nil
	}
	g.ragSent = true
	g.server.metrics.answers.WithLabelValues(string(ground.Unchecked)).Inc()
	cited := g.cited
	for _, st := range g.texts {
		for _, ct := range st.citer.Citations() {
			cited[ct.Source] = true
		}
		if st.unfinished() {
			g.in.degraded = append(g.in.degraded, onlyReasoned)
		}
	}
	return marshal(g.server.rag(g.in, g.id, cited))
}

func (g *grounder) done() bool { return g.over || g.stream.Done() }

// end appends what is still to be said. A stream that reported an error is not whole,
// unless it ended as its protocol ends failed answers.
func (g *grounder) end(dst []byte) ([]byte, bool) {
	switch {
	case g.over:
		return dst, true
	case g.failed || !g.stream.Whole():
		return dst, false
	}
	if rag := g.ragOf(&wire.Part{Last: true}); rag != nil {
		dst, _ = g.stream.Finish(dst, nil, nil, rag)
	}
	return dst, true
}
