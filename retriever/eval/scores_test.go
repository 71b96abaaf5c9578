package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOrderIsByScoreThenByIDBothDescending(t *testing.T) {
	got := Order([]Ranked{{"d10", 1}, {"D2", 1}, {"d9", 1}, {"z", -1}, {"a", 1.0000000001}, {"é", 1}})
	if diff := cmp.Diff(ids("a é d9 d10 D2 z"), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMeasureNamesReadBack(t *testing.T) {
	for _, m := range append(Reported(), Measure{ReciprocalRank, 0}, Measure{MeanAP, 100}) {
		if got, err := ParseMeasure(m.String()); err != nil || got != m {
			t.Errorf("%s reads back as %v, %v", m, got, err)
		}
	}
	for bad, want := range map[string]string{
		"":         "there are ndcg",
		"err@10":   "there are ndcg",
		"NDCG@10":  "there are ndcg",
		"ndcg@":    `cutoff "" is no number`,
		"ndcg@0":   `cutoff "0"`,
		"ndcg@-1":  `cutoff "-1"`,
		"ndcg@1@2": `cutoff "1@2"`,
		"p":        "it needs a cutoff",
	} {
		if _, err := ParseMeasure(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", bad, err, want)
		}
	}
	if got := (Measure{Kind: "none"}).Of(ids("a"), Grades{"a": 1}); got != 0 {
		t.Errorf("a kind that does not exist gives %v", got)
	}
}

func TestJudgedQueriesCountAndOthersDoNot(t *testing.T) {
	qrels := Qrels{"found": {"a": 1}, "none": {"a": 0}, "missing": {"a": 1}}
	rankings := Rankings{"found": {{"a", 1}}, "none": {{"a", 1}}, "other": {{"a", 1}}}
	m := Measure{MeanAP, 0}
	got := Evaluate(qrels, rankings, m)
	want := Scores{Measures: []Measure{m}, Rows: []Row{{"found", []float64{1}}, {"missing", []float64{0}}, {"none", []float64{0}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if mean, ok := got.Mean(m); !ok || mean != 1.0/3 {
		t.Errorf("mean %v, %v", mean, ok)
	}
	if _, ok := got.Mean(ndcg10); ok {
		t.Error("a mean of what was not measured")
	}
}

func TestTableHasALineAQuery(t *testing.T) {
	s := Scores{Measures: []Measure{ndcg10, {MeanAP, 0}}, Rows: []Row{{"q 1", []float64{1, 1.0 / 3}}, {"q2", []float64{0, .5}}}}
	var b strings.Builder
	if err := s.WriteTSV(&b); err != nil {
		t.Fatal(err)
	}
	want := "query\tndcg@10\tmap\nq_1\t1.000000\t0.333333\nq2\t0.000000\t0.500000\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if err := s.WriteTSV(full{}); err == nil {
		t.Error("no error from a full disk")
	}
}
