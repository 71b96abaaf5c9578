package retriever_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ragway/retriever"
)

func user(text string) retriever.Turn  { return retriever.Turn{User: true, Text: text} }
func model(text string) retriever.Turn { return retriever.Turn{Text: text} }

// conversation is a line of testdata/conversations.jsonl. A turn begins with who speaks,
// "u:" or "m:".
type conversation struct {
	Name      string
	Turns     []string
	Text      string
	Completed []retriever.Completion
}

func (c conversation) turns() []retriever.Turn {
	var out []retriever.Turn
	for _, s := range c.Turns {
		who, text, _ := strings.Cut(s, ":")
		out = append(out, retriever.Turn{User: who == "u", Text: text})
	}
	return out
}

func TestQuestionsOfConversations(t *testing.T) {
	for _, c := range readLines[conversation](t, filepath.Join("testdata", "conversations.jsonl")) {
		t.Run(c.Name, func(t *testing.T) {
			q := retriever.Ask(c.turns())
			if q.Text != c.Text {
				t.Errorf("got %q, want %q", q.Text, c.Text)
			}
			if diff := cmp.Diff(c.Completed, q.Completed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("completed (-want +got)\n%s", diff)
			}
		})
	}
}

// Whatever people paste, a question is what they asked with a bounded rest of phrases that
// earlier turns really have.
func TestQuestionsAreDeterministicAndBounded(t *testing.T) {
	words := strings.Fields("what is it its they the a of and that's 'There Zappa's Paris US ERR_X 42 running symptoms它肺癌的 症状 نعم هو l'eau? . ! \n — \xff é it's")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.Map(rapid.SliceOfN(rapid.SampledFrom(words), 0, 30), func(w []string) string { return strings.Join(w, " ") })
		var turns []retriever.Turn
		for range rapid.IntRange(1, 30).Draw(t, "turns") {
			turns = append(turns, retriever.Turn{User: rapid.Bool().Draw(t, "user"), Text: text.Draw(t, "text")})
		}
		q := retriever.Ask(turns)
		if diff := cmp.Diff(q, retriever.Ask(turns)); diff != "" {
			t.Fatal(diff)
		}
		if grown := len(q.Text) - len(q.Asked); grown > 200*len(q.Completed) {
			t.Fatalf("%d bytes more with %d phrases", grown, len(q.Completed))
		}
		for _, c := range q.Completed {
			if c.Turn < 0 || c.Turn >= len(turns)-1 || !strings.Contains(turns[c.Turn].Text, c.Text) {
				t.Fatalf("%+v is not in turn %d", c, c.Turn)
			}
		}
	})
}

func TestLongConversationsStayCheap(t *testing.T) {
	var turns []retriever.Turn
	for i := range 400 {
		turns = append(turns, user(strings.Repeat(fmt.Sprintf("alpha%d Beta%d of it, ", i, i), 300)), model(strings.Repeat("Gamma said so. ", 300)))
	}
	if got := len(retriever.Ask(append(turns, user("What about it?"))).Text); got > 400 {
		t.Errorf("the question has %d bytes", got)
	}
}

// score is what completion does to the questions of a set that have a history.
type score struct {
	n, unchanged, completed, peer float64 // word F1 against what people resolved the question to
	alone, kept                   float64 // number of questions that people left unchanged, and their word F1
	lacking, before, after        float64 // number of those that lack content words, and the share of these they have
}

// Parameters were set on cast2019 and the even half of canard. The floors are a little
// below what was measured.
func TestCompletionBeatsUnchangedQuestions(t *testing.T) {
	for _, set := range []struct {
		name, file string
		half       int // of canard's conversations; -1: all
		floor      float64
	}{
		{"cast2019", "cast2019", -1, .862},
		{"canard, set on", "canard", 0, .708},
		{"canard, held out", "canard", 1, .709},
		{"cast2020", "cast2020", -1, .746},
		{"cast2021", "cast2021", -1, .711},
	} {
		t.Run(set.name, func(t *testing.T) {
			s := measure(t, set.file, set.half)
			t.Logf("%.0f questions: word F1 unchanged %.3f, peer %.3f, completed %.3f; independent ones keep %.3f; content words of the others: %.3f, completed %.3f",
				s.n, s.unchanged/s.n, s.peer/s.n, s.completed/s.n, s.kept/s.alone, s.before/s.lacking, s.after/s.lacking)
			if got := s.completed / s.n; got < set.floor || s.completed < s.peer {
				t.Errorf("word F1 %.3f, want at least %.3f and the peer's %.3f", got, set.floor, s.peer/s.n)
			}
			if got := s.kept / s.alone; got < .965 {
				t.Errorf("independent questions keep a word F1 of %.3f", got)
			}
		})
	}
}

type resolvedQuestion struct {
	ID                       string
	History                  []struct{ User, Assistant string }
	Question, Resolved, Peer string
}

func measure(t *testing.T, file string, half int) (s score) {
	for _, row := range readLines[resolvedQuestion](t, filepath.Join(testData(t), "conversation", file+".jsonl")) {
		if len(row.History) == 0 || half >= 0 && halfOf(row.ID) != half {
			continue
		}
		var turns []retriever.Turn
		for _, h := range row.History {
			turns = append(turns, user(h.User))
			if h.Assistant != "" {
				turns = append(turns, model(h.Assistant))
			}
		}
		got := retriever.Ask(append(turns, user(row.Question))).Text
		unchanged, completed := wordF1(row.Question, row.Resolved), wordF1(got, row.Resolved)
		s.n++
		s.unchanged += unchanged
		s.completed += completed
		s.peer += wordF1(row.Peer, row.Resolved)
		if unchanged == 1 {
			s.alone++
			s.kept += completed
		}
		if before := contentRecall(row.Question, row.Resolved); before < 1 {
			s.lacking++
			s.before += before
			s.after += contentRecall(got, row.Resolved)
		}
	}
	return s
}

// halfOf keeps a conversation's questions in one half.
func halfOf(id string) int {
	conversation, _, _ := strings.Cut(id, "#")
	h := fnv.New32()
	h.Write([]byte(conversation))
	return int(h.Sum32() % 2)
}

func readLines[T any](t *testing.T, path string) []T {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Skip("no data: ", err)
	}
	defer f.Close()
	var out []T
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<22)
	for sc.Scan() {
		var row T
		if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if sc.Err() != nil {
		t.Fatal(sc.Err())
	}
	return out
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
	g, w := wordCounts(got), wordCounts(want)
	shared, all := 0, 0
	for word, n := range g {
		shared += min(n, w[word])
		all += n
	}
	for _, n := range w {
		all += n
	}
	if shared == 0 {
		return 0
	}
	return 2 * float64(shared) / float64(all)
}

// contentRecall is the share of want's content words that got has.
func contentRecall(got, want string) float64 {
	g, found, all := wordCounts(got), 0, 0
	for word := range wordCounts(want) {
		if strings.Contains(contentless, " "+word+" ") {
			continue
		}
		all++
		if g[word] > 0 {
			found++
		}
	}
	if all == 0 {
		return 1
	}
	return float64(found) / float64(all)
}

const contentless = ` a an the is are was were be do does did to of in on at by for with from and or what which who when where why how i me my
 you your it s that this there any some about tell can has have had `

func wordCounts(s string) map[string]int {
	m := map[string]int{}
	for _, w := range strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		m[w]++
	}
	return m
}
