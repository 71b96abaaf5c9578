package prompt

import (
	"fmt"
	"math"
)

// windowed reports whether there is a window to keep to.
func (o Options) windowed() bool { return o.Window > 0 && o.Count != nil }

// counted is count where a window makes it matter: counting costs.
func (o Options) counted(s string) int {
	if !o.windowed() || s == "" {
		return 0
	}
	return o.Count(s)
}

// room is how many tokens the window has beside the request and the stable text.
func (o Options) room(stable string) int {
	if !o.windowed() {
		return math.MaxInt
	}
	return o.Window - o.Used - o.Count(stable)
}

// scarce reports whether the room, and not the budget, is what bounds the sources.
func (o Options) scarce(room int) bool {
	return o.windowed() && (o.Budget <= 0 || room < o.Budget)
}

// cramped reports whether the room left too little for the best source, or for what stands
// before it.
func (o Options) cramped(kept []Source, room int) bool {
	switch {
	case !o.windowed():
		return false
	case len(o.Sources) == 0:
		return room < 0
	}
	return len(kept) == 0 || o.scarce(room) && kept[0].Text != o.Sources[0].Text
}

// within returns the sources that fit both the budget and the room, none where the room is
// too small for the best one's first sentence.
func (o Options) within(room int) []Source {
	if len(o.Sources) == 0 || room <= 0 {
		return nil
	}
	if o.scarce(room) {
		o.Budget = room
	}
	sources := o.fitting()
	if len(sources) == 1 && o.over(o.context(sources)) {
		sources = []Source{o.cut(sources[0])}
	}
	if o.windowed() && o.count(o.context(sources)) > room {
		return nil
	}
	return sources
}

// fitting returns the longest run of sources from the best on that fits, at least one.
// Blocks are counted one by one, and the whole once more where the sum is near the budget:
// where tokens cross a boundary the sum is a little off.
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
	if n == len(o.Sources) && used <= o.Budget-o.Budget/nearBudget {
		return o.Sources
	}
	for n > 1 && o.over(o.context(o.Sources[:n])) {
		n--
	}
	return o.Sources[:n:n]
}

// nearBudget is the part of the budget that the sum of the blocks may be off by: a line end
// makes a token more or less at most, and blocks have a hundred.
const nearBudget = 20

// note says what was lost to the window, as opposed to the budget.
func (o Options) note(kept int, dropped bool, room int) string {
	lost := ""
	switch none := o.windowed() && kept == 0 && len(o.Sources) > 0; { // the budget keeps one
	case none && dropped:
		lost = "no room for sources and examples"
	case none:
		lost = "no room for sources"
	case kept < len(o.Sources) && o.scarce(room):
		lost = fmt.Sprintf("room for %d of %d sources", kept, len(o.Sources))
		if dropped {
			lost += " and none for examples"
		}
	case dropped:
		lost = "no room for examples"
	default:
		return ""
	}
	return fmt.Sprintf("the model's context window of %d tokens has %s", o.Window, lost)
}
