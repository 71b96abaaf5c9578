package prompt

import "strings"

// Source is one retrieved passage. Nothing in it is trusted.
type Source struct {
	N        int // its number, which the answer cites
	Title    string
	URI      string
	Headings []string // path from the outermost
	Page     int      // 0: none
	Date     string   // as the document's metadata give it; empty: none
	Text     string
}

// Options is what Render needs.
type Options struct {
	Profile   Profile
	Sources   []Source  // best first; none asks for the wording of on_empty instruct
	Silent    bool      // without sources, say nothing about that: none were looked for, or the policy is passthrough
	Examples  []Example // most like the question first, from the profile's Dynamic collection; not trusted
	Variables Values
	Nonce     string // see Nonce

	// Budget bounds the sources in tokens, as Count counts them; without both there is no
	// bound.
	Budget int
	Count  func(string) int

	// Window is the context window of the model, 0 where it is not known, and Used what
	// the client's request takes of it with the answer it leaves room for.
	Window, Used int
}

// Rendered is what goes into the request.
type Rendered struct {
	System  string   // for the start of the conversation; under AutoPlacement the same in every request
	User    string   // for the start of the last user turn
	Sources []Source // those that went in; the text of the first may have been cut
	Tokens  int      // of the volatile text: variables, examples and sources; 0 without Count
	Note    string   // what the window had no room for; "" when nothing was lost to it
}

// Render words a request's part of the prompt. The same Options give the same bytes.
//
// Over the budget it leaves out sources from the lowest-ranked up, but never the best one:
// that is cut behind a sentence. Only when not even its first sentence fits do the sources
// come out over the budget. The window is never overrun for them: where it has no room for
// the whole of the best one, the examples go, and if that does not help, all sources. The
// profile's own text always stays.
func Render(o Options) Rendered {
	o.Profile = o.Profile.complete()
	stable := o.Profile.stable()
	out, volatile := o.volatile(o.room(stable))
	out.Tokens = o.count(volatile)
	switch o.Profile.Placement {
	case SystemPlacement:
		out.System = sections(stable, volatile)
	case UserPlacement:
		out.User = sections(stable, volatile)
	default:
		out.System, out.User = stable, volatile
	}
	return out
}

// volatile words what belongs to this one message, in so many tokens.
func (o Options) volatile(room int) (out Rendered, text string) {
	lead := o.lead()
	left := room - o.counted(lead)
	out.Sources = o.within(left)
	dropped := len(o.Examples) > 0 && o.cramped(out.Sources, left)
	if dropped {
		o.Examples = nil
		lead = o.lead()
		left = room - o.counted(lead)
		out.Sources = o.within(left)
	}
	out.Note = o.note(len(out.Sources), dropped, left)
	switch {
	case len(out.Sources) > 0:
		return out, join(lead, o.context(out.Sources))
	case len(o.Sources) == 0 && !o.Silent:
		return out, join(lead, o.Profile.Wording.Empty)
	case lead != "" && o.Profile.Placement != SystemPlacement:
		return out, join(lead, messageFollows)
	}
	return out, lead
}

// lead is what stands before the sources.
func (o Options) lead() string {
	return join(o.variables(), fenced(o.Examples, o.Nonce))
}

// join puts a blank line between two texts where both are there.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

func (o Options) count(s string) int {
	if o.Count == nil {
		return 0
	}
	return o.Count(s)
}

func (o Options) over(s string) bool { return o.Budget > 0 && o.count(s) > o.Budget }

// context joins the blocks of the sources.
func (o Options) context(sources []Source) string {
	blocks := make([]string, len(sources))
	for i, s := range sources {
		blocks[i] = block(s, o.Nonce)
	}
	return o.frame(strings.Join(blocks, "\n"))
}

func (o Options) frame(blocks string) string {
	return o.Profile.Wording.Found + "\n\n" + blocks + "\n" + o.Profile.Wording.Close
}
