package retriever

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A question that is said to stand alone is completed with nothing when the conversation is
// read after all.
func TestAQuestionThatStandsAloneIsCompletedWithNothing(t *testing.T) {
	alone, all := 0, 0
	check := func(turns []Turn) {
		last := lastUser(turns)
		if last < 1 {
			return
		}
		from := max(last-turnsBack, 0)
		tongue := tongueOf(turns[from : last+1])
		question := tongue.read(strings.TrimSpace(turns[last].Text))
		if question.isSmallTalk() || len(question.words) > longestFollowUp {
			return
		}
		all++
		if !question.standsAlone() {
			return
		}
		alone++
		topics := topics{tongue: tongue}
		for i := from; i < last; i++ {
			topics.hear(i, turns[i])
		}
		if c := topics.complete(question); len(c.fills) > 0 || c.text != question.text {
			t.Errorf("%q becomes %q after %v", question.text, c.text, turns[:last])
		}
	}
	for _, turns := range conversationsOf(t, filepath.Join("testdata", "conversations.jsonl")) {
		for n := range turns {
			check(turns[:n+1])
		}
	}
	if alone == 0 || alone == all {
		t.Errorf("%d of %d questions stand alone: the test shows nothing", alone, all)
	}
	t.Logf("%d of %d questions stand alone", alone, all)
}

func conversationsOf(t *testing.T, path string) [][]Turn {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out [][]Turn
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c struct{ Turns []string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		var turns []Turn
		for _, s := range c.Turns {
			who, text, _ := strings.Cut(s, ":")
			turns = append(turns, Turn{User: who == "u", Text: text})
		}
		out = append(out, turns)
	}
	return out
}
