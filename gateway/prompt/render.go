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
	Profile Profile
	Sources []Source // best first; none asks for the wording of on_empty instruct
	Nonce   string   // see Nonce

	// Budget bounds the context in tokens, as Count counts them; without both there is no
	// bound.
	Budget int
	Count  func(string) int
}

// Rendered is what goes into the request.
type Rendered struct {
	Instructions string   // the same for every request under one profile
	Context      string   // this turn's sources
	Sources      []Source // those in Context; the text of the first may have been cut
	Tokens       int      // of Context; 0 without Count
}

// Render words the instructions and the context. Over the budget it leaves out sources
// from the lowest-ranked up, but never the best one: that is cut behind a sentence. Only
// when not even its first sentence fits does the context come out over the budget.
func Render(o Options) Rendered {
	out := Rendered{Instructions: o.Profile.Instructions}
	if len(o.Sources) == 0 {
		out.Context = o.Profile.Empty
		out.Tokens = o.count(out.Context)
		return out
	}
	out.Sources = o.fitting()
	out.Context = o.context(out.Sources)
	if len(out.Sources) == 1 && o.over(out.Context) {
		out.Sources = []Source{o.cut(o.Sources[0])}
		out.Context = o.context(out.Sources)
	}
	out.Tokens = o.count(out.Context)
	return out
}

func (o Options) count(s string) int {
	if o.Count == nil {
		return 0
	}
	return o.Count(s)
}

func (o Options) over(s string) bool { return o.Budget > 0 && o.count(s) > o.Budget }

// fitting returns the longest run of sources from the best on that fits, at least one.
// Blocks are counted one by one, and the whole once more: where tokens cross a boundary
// the sum is a little off.
func (o Options) fitting() []Source {
	if o.Budget <= 0 || o.Count == nil {
		return o.Sources
	}
	n, used := 0, o.Count(o.frame(""))
	for n < len(o.Sources) {
		used += o.Count(block(o.Sources[n], o.Nonce))
		if used > o.Budget && n > 0 {
			break
		}
		n++
	}
	for n > 1 && o.over(o.context(o.Sources[:n])) {
		n--
	}
	return o.Sources[:n:n]
}

// context joins the blocks of the sources.
func (o Options) context(sources []Source) string {
	blocks := make([]string, len(sources))
	for i, s := range sources {
		blocks[i] = block(s, o.Nonce)
	}
	return o.frame(strings.Join(blocks, "\n"))
}

func (o Options) frame(blocks string) string {
	return o.Profile.Found + "\n\n" + blocks + "\n" + o.Profile.Close
}
