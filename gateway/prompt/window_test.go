package prompt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestWindowTakesSourcesThenExamplesThenAll(t *testing.T) {
	o := Options{
		Profile: Profile{Variables: []Variable{LocaleVariable}, Wording: Wording{Grounding: "Cite.", Found: "F", Close: "C"}},
		Sources: []Source{{N: 1, Text: "One two three."}, {N: 2, Text: "Four five six."}}, Examples: []Example{{"q", "a"}},
		Variables: Values{Locale: "de"}, Nonce: nonce, Count: words, Window: 1000,
	}
	whole := Render(o)
	need := words(whole.System) + words(whole.User)
	tests := []struct {
		name    string
		room    int
		sources int
		example bool
		note    string
	}{
		{"enough", need, 2, true, ""},
		{"one less", need - 1, 1, true, "the model's context window of 1000 tokens has room for 1 of 2 sources"},
		{"one source", 1 + 11 + 25 + 11, 1, true, "the model's context window of 1000 tokens has room for 1 of 2 sources"},
		{"one source, but for a word", 1 + 11 + 25 + 10, 2, false, "the model's context window of 1000 tokens has no room for examples"},
		{"one source without examples", 1 + 11 + 11, 1, false, "the model's context window of 1000 tokens has room for 1 of 2 sources and none for examples"},
		{"a word of it", 1 + 11 + 9, 1, false, "the model's context window of 1000 tokens has room for 1 of 2 sources and none for examples"},
		{"nothing", 1 + 11 + 8, 0, false, "the model's context window of 1000 tokens has no room for sources and examples"},
		{"less than the instructions", 0, 0, false, "the model's context window of 1000 tokens has no room for sources and examples"},
	}
	for _, test := range tests {
		o.Used = o.Window - test.room
		got := Render(o)
		if len(got.Sources) != test.sources || strings.Contains(got.User, "<<<example") != test.example || got.Note != test.note {
			t.Errorf("%s, room %d: %d sources, note %q:\n%s", test.name, test.room, len(got.Sources), got.Note, got.User)
		}
		if got.System != "Cite." || !strings.Contains(got.User, "locale: de") {
			t.Errorf("%s: the profile's own text is not there: %q, %q", test.name, got.System, got.User)
		}
		if test.sources == 0 && strings.Contains(got.User, nothingFound) {
			t.Errorf("%s: says that nothing was found", test.name)
		}
	}
}

// Under a budget that is too small the best source goes over it, but not over the window.
func TestWindowBeatsTheSourceThatABudgetKeeps(t *testing.T) {
	o := Options{
		Profile: Profile{Wording: Wording{Grounding: "Cite.", Found: "F", Close: "C"}}, Sources: []Source{{N: 1, Text: "One two three."}},
		Nonce: nonce, Count: words, Budget: 1, Window: 100,
	}
	for used, want := range map[int]string{88: "", 89: "the model's context window of 100 tokens has no room for sources"} {
		o.Used = used
		if got := Render(o); got.Note != want || (len(got.Sources) == 0) != (want != "") {
			t.Errorf("%d tokens used: %d sources, note %q", used, len(got.Sources), got.Note)
		}
	}
}

func TestExamplesGoWhereThereAreNoSources(t *testing.T) {
	o := Options{Silent: true, Examples: []Example{{"question", "answer"}}, Nonce: nonce, Count: words, Window: 1000}
	need := words(Render(o).System) + words(Render(o).User)
	for _, test := range []struct {
		room int
		kept bool
		note string
	}{{need, true, ""}, {need - 10, false, "the model's context window of 1000 tokens has no room for examples"}} {
		o.Used = o.Window - test.room
		got := Render(o)
		if strings.Contains(got.User, "answer") != test.kept || got.Note != test.note {
			t.Errorf("room %d: note %q, %q", test.room, got.Note, got.User)
		}
	}
}

// Whatever the window, it is not overrun for sources, and more room never gives less.
func TestWindowHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringMatching(`([a-z]{1,8}[ .\n]){0,40}`), 0, 5).Draw(t, "texts")
		o := Options{
			Profile: full(), Nonce: nonce, Count: words, Variables: someValues, Silent: true,
			Window: rapid.IntRange(1, 600).Draw(t, "window"), Used: rapid.IntRange(0, 300).Draw(t, "used"), Budget: rapid.IntRange(0, 100).Draw(t, "budget"),
		}
		for i, s := range texts {
			o.Sources = append(o.Sources, Source{N: i + 1, Text: s})
		}
		if rapid.Bool().Draw(t, "examples") {
			o.Examples = []Example{{"one two", "three four five"}}
		}
		got := Render(o)
		if n := o.Used + words(got.System) + words(got.User); len(got.Sources) > 0 && n > o.Window {
			t.Fatalf("%d tokens in a window of %d", n, o.Window)
		}
		if again := Render(o); !cmp.Equal(again, got) {
			t.Fatal("two renderings differ")
		}
		o.Window += rapid.IntRange(0, 100).Draw(t, "more")
		if more := Render(o); len(more.Sources) < len(got.Sources) && strings.Contains(got.User, "<<<example") == strings.Contains(more.User, "<<<example") {
			t.Fatalf("%d sources in a larger window, %d in a smaller", len(more.Sources), len(got.Sources))
		}
		if lost := len(got.Sources) == 0 && len(texts) > 0; lost && got.Note == "" {
			t.Fatal("no note of what was lost")
		}
	})
}
