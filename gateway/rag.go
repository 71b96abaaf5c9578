package gateway

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"ragway/gateway/ground"
	"ragway/gateway/wire"
	"ragway/retriever"
)

// ragObject is what an answer says about its grounding, under "rag".
type ragObject struct {
	RequestID string                  `json:"request_id"`
	Sources   []Source                `json:"sources"`
	Grounded  grounded                `json:"grounded"`
	Degraded  []retriever.Degradation `json:"degraded"`
	Usage     ragUsage                `json:"usage"`
	Profile   ragProfile              `json:"profile"`
	Explain   *explanation            `json:"explain,omitempty"`
}

type grounded struct {
	Verdict     ground.Verdict `json:"verdict"`
	Score       *float64       `json:"score"` // null while unchecked
	Unsupported []string       `json:"unsupported"`
}

// ragProfile is the prompt profile that a request was under. Variant is the profile that
// the name stood for, where it stands for several.
type ragProfile struct {
	Name    string `json:"name"`
	Variant string `json:"variant,omitempty"`
	Version string `json:"version"`
}

func (p chosenProfile) rag() ragProfile {
	out := ragProfile{Name: p.asked, Version: p.version}
	if p.Name != p.asked {
		out.Variant = p.Name
	}
	return out
}

type ragUsage struct {
	ContextTokens int `json:"context_tokens"`
	EmbedTokens   int `json:"embed_tokens"`
}

// rag makes the object; cited are the numbers the answer points at.
func (s *Server) rag(in injected, id string, cited map[int]bool) ragObject {
	o := ragObject{
		RequestID: id, Sources: slices.Clone(notNil(in.sources)),
		Grounded: grounded{Verdict: ground.Unchecked, Unsupported: []string{}},
		Degraded: notNil(in.degraded),
		Profile:  in.profile.rag(),
		Usage:    ragUsage{ContextTokens: in.tokens, EmbedTokens: in.result.EmbedTokens},
	}
	for i := range o.Sources {
		o.Sources[i].Cited = cited[o.Sources[i].N]
	}
	if in.control.explain || in.control.dryRun {
		o.Explain = explain(in)
	}
	return o
}

// marshal encodes a value of our own, without HTML escapes.
func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only types that always encode come here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// degradedHeader names the parts that were lost.
func degradedHeader(ds []retriever.Degradation) string {
	var stages []string
	for _, d := range ds {
		if !slices.Contains(stages, d.Stage) {
			stages = append(stages, d.Stage)
		}
	}
	return strings.Join(stages, ",")
}

// annotations are the citations of one choice as clients know them.
func annotations(citations []ground.Citation, sources []Source) []wire.Annotation {
	out := make([]wire.Annotation, 0, len(citations))
	for _, c := range citations {
		i := slices.IndexFunc(sources, func(s Source) bool { return s.N == c.Source })
		if i >= 0 {
			src := &sources[i]
			out = append(out, wire.Annotation{
				Start: c.Start, End: c.End, ByteStart: c.ByteStart, ByteEnd: c.ByteEnd,
				Source: src.N, URL: src.URL, Title: src.Title, FileID: src.fileID, Filename: src.filename, Quote: src.Text,
			})
		}
	}
	return out
}
