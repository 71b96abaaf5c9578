package gateway

import (
	"context"
	"slices"
	"strings"

	"ragway/gateway/ground"
	"ragway/gateway/prompt"
	"ragway/gateway/wire"
	"ragway/retriever"
)

// defaultProfile is the one where nothing else is said.
const defaultProfile = "default"

// emptyPolicies go from loose to tight.
var emptyPolicies = []OnEmpty{PassThrough, Instruct, Refuse}

// tighter is the stricter of two policies; "" leaves the other.
func tighter(a, b OnEmpty) OnEmpty {
	if slices.Index(emptyPolicies, b) > slices.Index(emptyPolicies, a) {
		return b
	}
	return a
}

// chosenProfile is what a request is answered under.
type chosenProfile struct {
	prompt.Profile
	asked   string // the name that was asked for or configured, which may stand for several
	version string
}

// resolve finds the profile that a name means for a user.
func (p *Policy) resolve(name, user string) (chosenProfile, bool) {
	if name == "" {
		name = defaultProfile
	}
	found, ok := p.Profiles.Resolve(name, user)
	if !ok {
		return chosenProfile{}, false
	}
	version, known := p.versions[found.Name]
	if !known {
		version = found.Version()
	}
	return chosenProfile{found, name, version}, true
}

// stickyKey says whose requests share a variant: those of the end user whom the client
// names, else of the caller, else of one conversation.
func stickyKey(r *wire.Request, scope retriever.Scope) string {
	if r.User != "" {
		return "user\x00" + scope.Tenant + "\x00" + r.User
	}
	if len(scope.Principals) > 0 {
		return "caller\x00" + scope.Tenant + "\x00" + strings.Join(scope.Principals, "\x00")
	}
	if len(r.Messages) > 0 {
		return "conversation\x00" + r.Messages[0].Text()
	}
	return ""
}

// values are what a profile may tell the model of a request. The client's own word for the
// end user comes first: the key is often an application's.
func (s *Server) values(u understood, scope retriever.Scope) prompt.Values {
	v := prompt.Values{Now: s.opt.Now(), Locale: u.locale, User: u.User, Tenant: scope.Tenant}
	for _, principal := range scope.Principals {
		if name, ok := strings.CutPrefix(principal, "user:"); ok && v.User == "" {
			v.User = name
		}
		if name, ok := strings.CutPrefix(principal, "group:"); ok {
			v.Groups = append(v.Groups, name)
		}
	}
	return v
}

// locale is the first language of an Accept-Language header.
func locale(header string) string {
	first, _, _ := strings.Cut(header, ",")
	first, _, _ = strings.Cut(first, ";")
	if first = strings.TrimSpace(first); first == "*" {
		return ""
	}
	return first
}

// examples are those of the profile's collection that are most like the question, of what
// the caller may see. Losing them costs style, never an answer.
func (s *Server) examples(ctx context.Context, u understood, scope retriever.Scope) []prompt.Example {
	d := u.profile.Dynamic
	if d.Collection == "" || d.K <= 0 || u.question.Asked == "" {
		return nil
	}
	found, err := s.opt.Retriever.Retrieve(ctx, retriever.Query{
		Text: u.question.Asked, Scope: scope, Collections: []string{d.Collection}, SkipMissing: true,
		Mode: retriever.Hybrid, K: d.K, PerDocument: 1,
	})
	if err != nil {
		if ctx.Err() == nil {
			s.opt.Logger.WarnContext(ctx, "examples lost, answering without", "collection", d.Collection, "error", err)
		}
		return nil
	}
	var out []prompt.Example
	for _, h := range found.Hits {
		if e, ok := prompt.ParseExample(h.Chunk.Text, h.Document.Metadata); ok {
			out = append(out, e)
		}
	}
	return out
}

// style is how citations are shown: as the system whose spelling the client uses, as the
// virtual model says, else as the profile does.
func (r modelRequest) style() ground.Style {
	if r.Search != nil && r.Search.Spelling == wire.DataSources {
		return ground.Documents
	}
	style := ground.Style(r.profile.Citations)
	if r.virtual != nil && r.virtual.Citations != "" {
		style = r.virtual.Citations
	}
	if style == "" {
		return ground.Annotations
	}
	return style
}

// hides reports whether reasoning has to be taken out of the answer.
func (r modelRequest) hides() bool {
	return !r.control.off && r.wording().Reasoning == prompt.HiddenReasoning
}

// wording is the profile for this request. An answer that has to fit a format has no room
// for reasoning in words.
func (r modelRequest) wording() prompt.Profile {
	p := r.profile.Profile
	if r.JSONOutput && p.Reasoning != prompt.NativeReasoning {
		p.Reasoning = prompt.NoReasoning
	}
	return p
}
