package retriever_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever"
)

func user(text string) retriever.Turn  { return retriever.Turn{User: true, Text: text} }
func model(text string) retriever.Turn { return retriever.Turn{Text: text} }

func TestAskCompletesWhatDependsOnEarlierTurns(t *testing.T) {
	for name, tc := range map[string]struct {
		turns []retriever.Turn
		want  string
	}{
		"complete question stays":       {[]retriever.Turn{user("What is lung cancer?"), model("A disease."), user("How does the Danish parental leave law work?")}, "How does the Danish parental leave law work?"},
		"pronoun":                       {[]retriever.Turn{user("Tell me about lung cancer."), model("…"), user("What are its most common symptoms?")}, "What are its most common symptoms? lung cancer"},
		"very short":                    {[]retriever.Turn{user("How many vacation days do new employees get?"), user("And contractors?")}, "And contractors? vacation days new employees get"},
		"first turn":                    {[]retriever.Turn{user("What is it?")}, "What is it?"},
		"greeting asks nothing":         {[]retriever.Turn{user("How many vacation days?"), model("30"), user("Thanks!")}, ""},
		"no text asks nothing":          {[]retriever.Turn{user("  ")}, ""},
		"nobody asked":                  {[]retriever.Turn{model("Hello")}, ""},
		"assistant after last question": {[]retriever.Turn{user("What is the notice period for tenants?"), model("Let me look")}, "What is the notice period for tenants?"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := retriever.Ask(tc.turns).Text; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAskIsDeterministicAndBounded(t *testing.T) {
	var turns []retriever.Turn
	for range 50 {
		turns = append(turns, user(strings.Repeat("alpha beta gamma delta epsilon ", 100)))
	}
	turns = append(turns, user("What about it?"))
	a, b := retriever.Ask(turns), retriever.Ask(turns)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
	if len(a.Completed) > 8 {
		t.Errorf("took over %d terms", len(a.Completed))
	}
}

// What people resolved a question to holds words that the question lacks; completion must
// find some of them, since a search cannot. (Each word taken over in vain costs word F1,
// and a search little: its IDF decides.)
func TestAskFindsWordsOfTheResolvedQuestion(t *testing.T) {
	for _, set := range []string{"cast2019", "cast2020", "cast2021", "canard"} {
		t.Run(set, func(t *testing.T) {
			f, err := os.Open(filepath.Join(testData(t), "conversation", set+".jsonl"))
			if err != nil {
				t.Skip("no conversation data: ", err)
			}
			defer f.Close()
			var before, after, f1, n float64
			for sc := bufio.NewScanner(f); sc.Scan(); n++ {
				var row struct {
					History            []struct{ User, Assistant string }
					Question, Resolved string
				}
				if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
					t.Fatal(err)
				}
				var turns []retriever.Turn
				for _, h := range row.History {
					turns = append(turns, user(h.User), model(h.Assistant))
				}
				asked := retriever.Ask(append(turns, user(row.Question))).Text
				before += recall(row.Question, row.Resolved)
				after += recall(asked, row.Resolved)
				f1 += wordF1(asked, row.Resolved)
			}
			t.Logf("recall of the resolved words: unchanged %.3f, completed %.3f (word F1 %.3f)", before/n, after/n, f1/n)
			if after < before+0.02*n {
				t.Errorf("completion finds too little: %.3f after %.3f", after/n, before/n)
			}
		})
	}
}

func testData(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("RAGWAY_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no test data: set RAGWAY_TEST_DATA")
	}
	return dir
}

func wordF1(got, want string) float64 {
	shared, ng, nw := sharedWords(got, want)
	if shared == 0 {
		return 0
	}
	return 2 * float64(shared) / float64(ng+nw)
}

func recall(got, want string) float64 {
	shared, _, nw := sharedWords(got, want)
	if nw == 0 {
		return 1
	}
	return float64(shared) / float64(nw)
}

func sharedWords(got, want string) (shared, inGot, inWant int) {
	split := func(s string) map[string]int {
		m := map[string]int{}
		for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
			m[w]++
		}
		return m
	}
	g, w := split(got), split(want)
	for k, n := range g {
		shared += min(n, w[k])
		inGot += n
	}
	for _, n := range w {
		inWant += n
	}
	return shared, inGot, inWant
}
