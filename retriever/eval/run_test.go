package eval

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRunJudgesByRecordURIAndPassage(t *testing.T) {
	results := []Result{
		{RecordID: "r1", URI: "n/f#r1", Text: "nothing here"},
		{URI: "n/b.md", Text: "it was\nso because of it, they said"},
		{RecordID: "r3", URI: "n/f#r3", Text: "because of it again"},
	}
	for _, tt := range []struct {
		name string
		q    Question
		mrr  float64
	}{
		{"record", Question{Grades: Grades{"r3": 1}}, 1.0 / 3},
		{"URI of a record", Question{Grades: Grades{"n/f#r3": 1}}, 1.0 / 3},
		{"URI", Question{Grades: Grades{"n/b.md": 1}}, 1.0 / 2},
		{"passage over a line end", Question{Passage: "because of  it"}, 1.0 / 2},
		{"passage nowhere", Question{Passage: "elsewhere"}, 0},
		{"the document counts, not the passage", Question{Grades: Grades{"r3": 1}, Passage: "because of it"}, 1.0 / 3},
		{"nothing that answers", Question{}, 0},
	} {
		var run Run
		run.Add(tt.q, results, time.Millisecond)
		s := run.Summary()
		if s.MRR10 != tt.mrr || s.Recall100 != math.Ceil(tt.mrr) {
			t.Errorf("%s: MRR %v, recall %v; want %v, %v", tt.name, s.MRR10, s.Recall100, tt.mrr, math.Ceil(tt.mrr))
		}
	}
}

func TestSummaryIsTheMeanAndItsJSON(t *testing.T) {
	var run Run
	q := Question{Grades: Grades{"a": 1}}
	run.Add(q, []Result{{RecordID: "a"}}, 2*time.Millisecond)
	run.Add(q, []Result{{RecordID: "b"}, {RecordID: "x"}, {RecordID: "a"}}, 1500*time.Microsecond)
	run.Add(q, nil, 7*time.Millisecond)
	run.Add(q, []Result{{RecordID: "a"}}, time.Millisecond)
	got, err := json.Marshal(run.Summary())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"queries":4,"ndcg@10":0.625,"recall@100":0.75,"mrr@10":0.5833333333333333,"hit@1":0.5,"hit@10":0.75,"ndcg_exp@10":0.625,"map":0.5833333333333333,"p@10":0.07500000000000001,"latency_ms":{"p50":1.5,"p99":7}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(Summary{}, new(Run).Summary()); diff != "" {
		t.Errorf("summary of nothing (-want +got)\n%s", diff)
	}
}

func TestPercentileIsTheNearestRank(t *testing.T) {
	d := []time.Duration{50, 15, 40, 20, 35}
	for p, want := range map[float64]time.Duration{5: 15, 30: 20, 40: 20, 50: 35, 99: 50, 100: 50} {
		if got := Percentile(d, p); got != want {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
	if got := Percentile(nil, 50); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestPassageNotFoundIsNoDocumentWithoutAnID(t *testing.T) {
	var run Run
	run.Add(Question{Passage: "elsewhere"}, []Result{{Text: "here"}}, 0)
	if s := run.Summary(); s.MRR10 != 0 {
		t.Errorf("MRR %v", s.MRR10)
	}
}

func TestScoresNameTheQuestionsInTheOrderAsked(t *testing.T) {
	var run Run
	run.Add(Question{ID: "z", Grades: Grades{"a": 3, "b": 1}}, []Result{{RecordID: "b"}, {URI: "a"}}, 0)
	run.Add(Question{ID: "a", Passage: "x"}, nil, 0)
	s := run.Scores()
	if diff := cmp.Diff(Reported(), s.Measures); diff != "" {
		t.Errorf("measures (-want +got)\n%s", diff)
	}
	grades, ranked := Grades{"a": 3, "b": 1}, []string{"b", "a"}
	first := []float64{NDCG(ranked, grades, 10), NDCGExp(ranked, grades, 10), 1, 1, 1, .2, 1, 1}
	if diff := cmp.Diff([]Row{{"z", first}, {"a", make([]float64, 8)}}, s.Rows); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestJudgeMovesGradesToRecordIDsAndLeavesTheQuestion(t *testing.T) {
	q := Question{Grades: Grades{"f#1": 1, "r1": 2, "f#9": 3}}
	ranked, grades := q.Judge([]Result{{RecordID: "r1", URI: "f#1"}, {URI: "g.md"}})
	if diff := cmp.Diff([]string{"r1", "g.md"}, ranked); diff != "" {
		t.Errorf("ranking (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(Grades{"r1": 2, "f#9": 3}, grades); diff != "" {
		t.Errorf("grades (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(Grades{"f#1": 1, "r1": 2, "f#9": 3}, q.Grades); diff != "" {
		t.Errorf("the question's own (-want +got)\n%s", diff)
	}
}
