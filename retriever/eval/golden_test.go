package eval

import (
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open[T any](t *testing.T, name string, read func(r *os.File) (T, error)) T {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "mini", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, err := read(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

func miniQrels(t *testing.T, name string) Qrels {
	return open(t, name, func(f *os.File) (Qrels, error) { return ReadQrels(f) })
}

func miniRun(t *testing.T, name string) Rankings {
	return open(t, name+".run", func(f *os.File) (Rankings, error) { return ReadRun(f) })
}

// figure is a line of trec_eval.tsv.
type figure struct {
	run, measure, query string
	value               float64
}

func trecEval(t *testing.T) []figure {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "mini", "trec_eval.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var out []figure
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n")[1:] {
		cells := strings.Split(line, "\t")
		value, err := strconv.ParseFloat(cells[3], 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, figure{cells[0], cells[1], cells[2], value})
	}
	return out
}

func TestFiguresAreThoseOfTrecEval(t *testing.T) {
	qrels := miniQrels(t, "qrels.trec")
	runs := map[string]Rankings{"lexical": miniRun(t, "lexical"), "dense": miniRun(t, "dense")}
	kinds, rows := map[Kind]bool{}, 0
	for _, want := range trecEval(t) {
		m, err := ParseMeasure(want.measure)
		if err != nil {
			t.Fatal(err)
		}
		s := Evaluate(qrels, runs[want.run], m)
		got, found := math.NaN(), false
		if want.query == "all" {
			got, found = s.Mean(m)
		}
		for _, row := range s.Rows {
			if row.Query == want.query {
				got, found = row.Figures[0], true
			}
		}
		if !found || math.Abs(got-want.value) > 1e-9 {
			t.Errorf("%s %s of %s: %.10f, trec_eval has %.10f", want.run, m, want.query, got, want.value)
		}
		kinds[m.Kind] = true
		rows++
	}
	if len(kinds) != 7 || rows != 540 {
		t.Errorf("compared %d figures of %d kinds of measure, want 540 of 7", rows, len(kinds))
	}
}

// The folder's questions, asked of a system that returns what the run says, have the
// figures of the run.
func TestAddGivesTheFiguresOfEvaluate(t *testing.T) {
	questions, err := ReadBEIR(filepath.Join("testdata", "mini"))
	if err != nil {
		t.Fatal(err)
	}
	rankings := miniRun(t, "lexical")
	var run Run
	for _, q := range questions {
		var results []Result
		for _, id := range Order(rankings[q.ID]) {
			results = append(results, Result{RecordID: id})
		}
		run.Add(q, results, 0)
	}
	want := Evaluate(miniQrels(t, "qrels.trec"), rankings)
	if diff := cmp.Diff(want, run.Scores()); diff != "" {
		t.Errorf("(-Evaluate +Add)\n%s", diff)
	}
	s := run.Summary()
	if got := strconv.FormatFloat(s.NDCG10, 'f', 10, 64); got != "0.5646463539" {
		t.Errorf("nDCG@10 %s, trec_eval has 0.5646463539", got)
	}
}

func TestBothFormatsOfJudgmentsReadTheSame(t *testing.T) {
	trec, beir := miniQrels(t, "qrels.trec"), miniQrels(t, filepath.Join("qrels", "test.tsv"))
	if diff := cmp.Diff(trec, beir); diff != "" {
		t.Errorf("(-TREC +BEIR)\n%s", diff)
	}
	if len(trec) != 8 || trec["q6"]["d2"] != -2 {
		t.Errorf("%d queries, q6 %v", len(trec), trec["q6"])
	}
}
