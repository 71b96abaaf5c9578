package text_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ragway/retriever/text"
)

// spanQuestion is a question with the runes of a corpus that answer it.
type spanQuestion struct {
	Question, Corpus string
	Spans            [][2]int
}

// passage is a piece of a corpus under its headings, as runes of the whole.
type passage struct {
	record
	start, end int
}

func (p passage) answers(q spanQuestion) bool {
	for _, s := range q.Spans {
		if s[0] < p.end && p.start < s[1] {
			return true
		}
	}
	return false
}

const passageBytes = 800

// passages cuts a corpus into pieces of whole sentences; headings are = so = or # so.
func passages(s string) []passage {
	var out []passage
	var headings []string
	at := 0
	for line := range strings.Lines(s) {
		trimmed := strings.TrimSpace(line)
		level := max(strings.Count(trimmed, "=")/2, len(trimmed)-len(strings.TrimLeft(trimmed, "#")))
		switch {
		case trimmed == "":
		case level > 0 && (trimmed[0] == '=' || trimmed[0] == '#'):
			headings = append(headings[:min(level-1, len(headings))], strings.Trim(trimmed, "=# "))
		default:
			for _, r := range joined(text.Sentences(line)) {
				start := at + len([]rune(line[:r.Start]))
				out = append(out, passage{record{Title: strings.Join(headings, "\n"), Text: line[r.Start:r.End]}, start, start + len([]rune(line[r.Start:r.End]))})
			}
		}
		at += len([]rune(line))
	}
	return out
}

// joined joins sentences up to passageBytes.
func joined(sentences []text.Range) []text.Range {
	var out []text.Range
	for _, r := range sentences {
		if n := len(out) - 1; n >= 0 && r.End-out[n].Start <= passageBytes {
			out[n].End = r.End
		} else {
			out = append(out, r)
		}
	}
	return out
}

// readSpans reads the questions to a corpus and its passages.
func readSpans(t *testing.T, corpus string) ([]spanQuestion, []passage) {
	t.Helper()
	dir := dataDir(t, "spans")
	questions, err := os.ReadFile(filepath.Join(dir, "questions.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(dir, "corpora", corpus))
	if err != nil {
		t.Fatal(err)
	}
	var out []spanQuestion
	for dec := json.NewDecoder(strings.NewReader(string(questions))); dec.More(); {
		var q spanQuestion
		if err := dec.Decode(&q); err != nil {
			t.Fatal(err)
		}
		if q.Corpus == corpus {
			out = append(out, q)
		}
	}
	return out, passages(string(body))
}

// spanNDCG is the mean nDCG@10 of the passages that answer.
func spanNDCG(a *text.Analyzer, questions []spanQuestion, ps []passage, titles int) float64 {
	docs := make([]record, len(ps))
	for i, p := range ps {
		docs[i] = p.record
	}
	x := index(a, docs, titles)
	sum := 0.0
	for _, q := range questions {
		gain, ideal, found := 0.0, 0.0, 0
		for _, p := range ps {
			if p.answers(q) && found < 10 {
				found++
				ideal += 1 / math.Log2(float64(found+1))
			}
		}
		for rank, d := range x.search(a.QueryTerms(q.Question), 10) {
			if ps[d].answers(q) {
				gain += 1 / math.Log2(float64(rank+2))
			}
		}
		if ideal > 0 {
			sum += gain / ideal
		}
	}
	return sum / float64(len(questions))
}

// TestQuestionsReachReference holds the analysis to what it reaches on questions as people
// ask them, and logs what repeating titles and headings brings.
func TestQuestionsReachReference(t *testing.T) {
	for _, tt := range []struct {
		corpus   string
		headings int // how often to index them at most
		ndcg     float64
	}{{"wikitexts.md", 3, .83}, {"state_of_the_union.md", 1, .79}, {"finance.md", 1, .615}} {
		questions, ps := readSpans(t, tt.corpus)
		for titles := 1; titles <= tt.headings; titles++ {
			got := spanNDCG(text.For("en"), questions, ps, titles)
			t.Logf("%s, headings %d times: nDCG@10 %.4f", tt.corpus, titles, got)
			if titles == 1 && got < tt.ndcg {
				t.Errorf("%s: nDCG@10 %.4f, want at least %v", tt.corpus, got, tt.ndcg)
			}
		}
	}
}

// TestTitlesHelp logs what repeating titles brings on SciFact.
func TestTitlesHelp(t *testing.T) {
	var ndcg [4]float64
	for titles := range ndcg {
		s := measure(t, text.For("en"), dataDir(t, "scifact"), titles)
		ndcg[titles] = s.NDCG10
		t.Logf("titles %d times: nDCG@10 %.4f, hit@1 %.4f, hit@10 %.4f", titles, s.NDCG10, s.Hit1, s.Hit10)
	}
	if ndcg[0] >= ndcg[1] || ndcg[1] >= ndcg[2] {
		t.Errorf("nDCG@10 by times of the title: %.4f; want once better than not at all, and twice better than once", ndcg)
	}
}
