package gateway

import (
	"context"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"ragway/gateway/ground"
	"ragway/gateway/prompt"
	"ragway/gateway/wire"
	"ragway/retriever"
)

// injected is a request ready to go out.
type injected struct {
	retrieved
	request []byte      // the exact bytes for the upstream
	splices []wire.Edit // that made them of the client's, but for the model's name
	renamed wire.Edit   // the model's name
	sources []Source
	tokens  int      // of the context
	edits   []edit   // what was changed in the client's bytes
	notes   []string // what there was no room for

	hideUsage bool // it was asked for and the client does not know
	sent      time.Time
}

// edit says what became of a stretch of the client's body.
type edit struct {
	What  string `json:"what"`  // "control", "model", "instructions", "context", "effort" or "usage"
	Start int    `json:"start"` // byte offsets into the client's body
	End   int    `json:"end"`
	Bytes int    `json:"bytes"` // that stand there now
}

// inject cuts the control member out and puts instructions and context in. A request for
// which nothing was found goes on as it is, unless the policy or the profile says otherwise.
func (s *Server) inject(ctx context.Context, r retrieved, base string, scope retriever.Scope) (injected, error) {
	in := injected{retrieved: r}
	for _, e := range r.CutControl() {
		in.add("control", e)
	}
	if r.virtual != nil {
		r.Shown = r.Model
		in.renamed = r.SetModel(r.virtual.Model)
		in.note("model", in.renamed)
	}
	switch {
	case in.native():
		s.giveResults(&in, base, scope)
	case in.speaks():
		s.word(ctx, &in, base, scope)
	}
	in.tellSearch()
	if r.profile.Reasoning == prompt.NativeReasoning && !r.control.off {
		in.add("effort", r.SetEffort(wire.Effort(r.profile.Effort)))
	}
	if r.target.StreamUsage {
		e := r.AskUsage()
		in.add("usage", e)
		in.hideUsage = len(e.Text) > 0
	}
	request, err := in.splice(in.renamed)
	in.request = request
	return in, fail(stageInject, err)
}

// speaks reports whether the model is told anything.
func (r retrieved) speaks() bool {
	switch {
	case r.control.off:
		return false
	case len(r.result.Hits) > 0, r.empty() && r.control.onEmpty == Instruct:
		return true
	}
	return r.wording().Speaks()
}

// word puts the profile's words and the sources in, where there is a place for them.
func (s *Server) word(ctx context.Context, in *injected, base string, scope retriever.Scope) {
	window, used := s.room(in)
	out := prompt.Render(prompt.Options{
		Profile: in.wording(), Sources: promptSources(in.retrieved), Nonce: s.nonce(in.retrieved),
		Silent:   !in.empty() || in.control.onEmpty != Instruct,
		Examples: s.examples(ctx, in.understood, scope), Variables: s.values(in.understood, scope),
		Budget: in.control.tokenBudget, Count: s.opt.CountFor(in.ruling.model(in.Model)),
		Window: window, Used: used,
	})
	if out.User != "" {
		context, ok := in.InsertContext(out.User)
		if !ok {
			return
		}
		in.add("context", context)
	}
	if out.System != "" {
		in.add("instructions", in.InsertInstructions(out.System))
	}
	if out.Note != "" {
		in.notes = append(in.notes, out.Note)
	}
	in.sources, in.tokens = s.sources(in.retrieved, out.Sources, base, scope), out.Tokens
}

// add makes an edit and lists it.
func (in *injected) add(what string, e wire.Edit) {
	if in.note(what, e) {
		in.splices = append(in.splices, e)
	}
}

// nonce is the same for the same conversation up to its question, so that the requests of
// a tool loop share their prefix.
func (s *Server) nonce(r retrieved) string {
	last := r.LastUser()
	if last < 0 {
		return prompt.Nonce(s.fenceKey, r.body, last)
	}
	conversation := r.body[r.Messages[0].Span.Start:r.Messages[last].Span.End]
	return prompt.Nonce(s.fenceKey, conversation, last)
}

// highestNumber is the greatest marker that is recognised in answers.
const highestNumber = 99

func promptSources(r retrieved) []prompt.Source {
	first := min(r.first, highestNumber+1-len(r.result.Hits))
	first = max(first, ground.FirstNumber(0))
	out := make([]prompt.Source, len(r.result.Hits))
	for i, h := range r.result.Hits {
		date, _ := h.Document.Metadata[r.control.recency.Field].(string)
		out[i] = prompt.Source{
			N: first + i, Title: h.Document.Title, URI: h.Document.URI, Headings: h.Chunk.Headings, Page: h.Chunk.Page, Date: date, Text: h.Chunk.Text,
		}
	}
	return out
}

// sources describes those that went in, in the hits' order.
func (s *Server) sources(r retrieved, used []prompt.Source, base string, scope retriever.Scope) []Source {
	byNumber := map[int]retriever.Hit{}
	for i, p := range promptSources(r) {
		byNumber[p.N] = r.result.Hits[i]
	}
	out := make([]Source, 0, len(used))
	for _, p := range used {
		h := byNumber[p.N]
		start, end := h.Chunk.Span.Start, h.Chunk.Span.End
		if p.Text != h.Chunk.Text { // cut to the budget
			end = min(end, start+utf8.RuneCountInString(p.Text))
		}
		fileID, filename := fileOf(h.Document)
		out = append(out, Source{
			fileID: fileID, filename: filename, attributes: metadataOf(h.Document),
			N: p.N, DocumentID: h.Document.ID, ChunkID: h.Chunk.ID, Title: titleOf(h.Document),
			URL: s.documentURL(base, h.Document, h.Chunk, scope), URI: h.Document.URI, Page: h.Chunk.Page,
			Headings: notNil(h.Chunk.Headings), Span: [2]int{start, end}, Text: p.Text, Relevance: h.Relevance,
		})
	}
	return out
}

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// note lists an edit for the explanation. It is false for one that changes nothing.
func (in *injected) note(what string, e wire.Edit) bool {
	if e.End == e.Start && len(e.Text) == 0 {
		return false
	}
	in.edits = append(in.edits, edit{what, e.Start, e.End, len(e.Text)})
	return true
}

// splice makes the request of the client's bytes, under the name that renamed says.
func (in injected) splice(renamed wire.Edit) ([]byte, error) {
	edits := in.splices
	if len(renamed.Text) > 0 {
		edits = append(slices.Clone(edits), renamed)
	}
	return wire.Apply(in.body, edits...)
}

// call is the request for an upstream.
func (in injected) call() Call {
	model := in.ruling.model(in.Model)
	path, query := in.at(model)
	return Call{
		Method: http.MethodPost, Path: path, Query: query, Body: in.request, API: in.api, Model: model, Upstream: in.upstream(),
		Rename: in.rename, Request: in.Request, Question: in.question.Text, Passages: in.sources,
	}
}

// rename is the request under another model name.
func (in injected) rename(model string) (path string, body []byte) {
	path, _ = in.at(model)
	body, err := in.splice(in.SetModel(model))
	if err != nil { // the name overlaps with nothing else that is edited
		return path, in.request
	}
	return path, body
}
