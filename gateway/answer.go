package gateway

import (
	"encoding/json"
	"slices"

	"github.com/gin-gonic/gin"

	"ragway/gateway/ground"
	"ragway/gateway/wire"
)

// answerWhole grounds an answer that is not streamed.
func (s *Server) answerWhole(c *gin.Context, in injected, reply *Reply) {
	data, err := s.readReply(reply)
	if err != nil {
		s.answerError(c, err)
		return
	}
	out, err := measured(s, stageGround, func() ([]byte, error) { return s.groundReply(in, recordOf(c).id, reply, data) })
	if err != nil {
		s.answerError(c, err)
		return
	}
	for _, name := range bodyHeaders {
		reply.Header.Del(name)
	}
	s.answerBytes(c, reply, out)
}

// bodyHeaders describe bytes that are no longer those the upstream sent.
var bodyHeaders = []string{"Content-Length", "Content-Md5", "Digest", "Repr-Digest", "Content-Digest", "Etag"}

// groundReply checks the citations of each text and adds annotations and the rag object.
// Other JSON than an answer stays as it is; a proxy's page, or an answer cut in the middle,
// is not passed off as one.
func (s *Server) groundReply(in injected, id string, from *Reply, data []byte) ([]byte, error) {
	reply, ok := in.Protocol.ParseReply(in.Request, data)
	switch {
	case !ok && !json.Valid(data):
		return nil, fail(stageGround, s.invalidReply(from, errNotJSON))
	case !ok:
		return data, nil
	}
	s.countUsage(reply.Usage)
	opts := in.citing()
	cited := map[int]bool{}
	var edits []wire.Edit
	cites := make([][]wire.Annotation, len(reply.Texts))
	for i := range reply.Texts {
		t := &reply.Texts[i]
		text, seen := in.check(opts, t.Text)
		citations := seen.citer.Citations()
		s.countCitations(seen.citer.Counts())
		if seen.unfinished() {
			in.degraded = append(in.degraded, onlyReasoned)
		}
		for _, ct := range citations {
			cited[ct.Source] = true
		}
		if text != t.Text {
			edits = append(edits, t.SetText(text))
		}
		cites[i] = in.cites(citations)
	}
	in.citedNatively(cited, reply.Cited)
	edits = append(edits, reply.Annotate(cites)...)
	edits = append(edits, in.showModel(reply.Models)...)
	edits = append(edits, reply.Extra...)
	if !in.control.off {
		s.metrics.answers.WithLabelValues(string(ground.Unchecked)).Inc()
		edits = append(edits, reply.SetRag(marshal(s.rag(in, id, cited))))
	}
	out, err := wire.Apply(data, edits...)
	return out, fail(stageGround, err)
}

// untouched reports whether an answer goes to the client as the upstream gives it.
func (in injected) untouched() bool { return in.control.off && in.virtual == nil && !in.hideUsage }

// lookup is the source of a number.
func (in injected) lookup(number int) ground.Source {
	i := slices.IndexFunc(in.sources, func(s Source) bool { return s.N == number })
	if i < 0 {
		return ground.Source{}
	}
	return ground.Source{URL: in.sources[i].URL, Title: in.sources[i].Title}
}

// cites are the annotations of citations, where they are shown at all.
func (in injected) cites(citations []ground.Citation) []wire.Annotation {
	if in.style() == ground.None {
		return nil
	}
	return annotations(citations, in.sources)
}

// showModel puts the name that the client asked for where an answer has that of the model
// which a virtual one stands for.
func (in injected) showModel(places []wire.Span) []wire.Edit {
	if in.Shown == "" {
		return nil
	}
	return wire.SetModels(places, in.Shown)
}

// citing says what markers in the answer can mean. Without sources nothing was asked to
// cite, and JSON is data: both pass as they are.
func (in injected) citing() ground.Options {
	if !in.citesByMarkers() {
		return ground.Options{Disabled: true}
	}
	numbers := make([]int, len(in.sources))
	for i, src := range in.sources {
		numbers[i] = src.N
	}
	return ground.Options{Sources: numbers, Literals: literals(in.Request, in.sources), Style: in.style(), Lookup: in.lookup}
}

func (s *Server) countCitations(n ground.Counts) {
	s.metrics.citations.WithLabelValues("valid").Add(float64(n.Valid))
	s.metrics.citations.WithLabelValues("invalid").Add(float64(n.Invalid))
}

func (s *Server) countUsage(u wire.Usage) {
	if u.TotalTokens == 0 {
		return
	}
	s.metrics.tokenUsage.WithLabelValues("input").Observe(float64(u.PromptTokens))
	s.metrics.tokenUsage.WithLabelValues("output").Observe(float64(u.CompletionTokens))
}
