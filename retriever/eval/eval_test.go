package eval

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var ids = strings.Fields

// The figures are worked out by hand from trec_eval's definitions.
func TestMeasures(t *testing.T) {
	three := Grades{"a": 3, "b": 1, "c": 2, "x": 0, "y": -1}
	log3 := math.Log2(3)
	for _, tt := range []struct {
		name              string
		ranked            string
		grades            Grades
		k                 int
		ndcg, recall, mrr float64
	}{
		{"perfect", "a c b", three, 10, 1, 1, 1},
		{"graded gain is linear", "b x a", three, 10, (1 + 3.0/2) / (3 + 2/log3 + 1.0/2), 2.0 / 3, 1},
		{"found at 3", "x y a", three, 10, (3.0 / 2) / (3 + 2/log3 + 1.0/2), 1.0 / 3, 1.0 / 3},
		{"cut before it", "x y a", three, 2, 0, 0, 0},
		{"the ideal is cut as well", "a x", three, 1, 1, 1.0 / 3, 1},
		{"twice counts once", "a a", Grades{"a": 1, "b": 1}, 10, 1 / (1 + 1/log3), .5, 1},
		{"not judged", "p q r", three, 10, 0, 0, 0},
		{"nothing relevant", "x y", Grades{"x": 0}, 10, 0, 0, 0},
		{"nothing ranked", "", three, 10, 0, 0, 0},
		{"no depth", "a", three, 0, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ids(tt.ranked)
			got := []float64{NDCG(r, tt.grades, tt.k), Recall(r, tt.grades, tt.k), MRR(r, tt.grades, tt.k), Hit(r, tt.grades, tt.k)}
			want := []float64{tt.ndcg, tt.recall, tt.mrr, math.Ceil(tt.mrr)}
			if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("nDCG, recall, MRR, hit (-want +got)\n%s", diff)
			}
		})
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBEIRFolderGivesJudgedQueriesInOrder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "queries.jsonl", `{"_id":"2","text":"second"}
{"_id":"1","text":"first","metadata":{"x":1}}

{"_id":"3","text":"no judgment"}
{"_id":"4","text":"judged irrelevant"}
`)
	write(t, dir, "qrels/test.tsv", "query-id\tcorpus-id\tscore\n1\td1\t1\n1\td2\t2\n2\td1\t1\r\n4\td1\t0\n")
	got, err := ReadBEIR(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Question{
		{ID: "2", Text: "second", Grades: Grades{"d1": 1}},
		{ID: "1", Text: "first", Grades: Grades{"d1": 1, "d2": 2}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBrokenBEIRFilesAreNamedWithTheLine(t *testing.T) {
	for want, files := range map[string][2]string{
		"test.tsv: line 2: 2 fields":        {`{"_id":"1","text":"q"}`, "q\tc\ts\n1\td1\n"},
		"test.tsv: line 2: score \"high\"":  {`{"_id":"1","text":"q"}`, "q\tc\ts\n1\td1\thigh\n"},
		"queries.jsonl: line 1: ":           {`{"_id":`, "1\td1\t1\n"},
		"queries.jsonl: line 1: no \"_id\"": {`{"text":"q"}`, "1\td1\t1\n"},
		"no query has a relevant document":  {`{"_id":"9","text":"q"}`, "1\td1\t1\n"},
	} {
		dir := t.TempDir()
		write(t, dir, "queries.jsonl", files[0])
		write(t, dir, "qrels/test.tsv", files[1])
		if _, err := ReadBEIR(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestQuestions(t *testing.T) {
	got, err := ReadQuestions(strings.NewReader("\ufeff" + `{"question":"who?","uri":"docs/a.md"}

{"id":"x","question":"what?","record_id":"7"}
{"question":"why?","text":"because  of it"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Question{
		{ID: "1", Text: "who?", Grades: Grades{"docs/a.md": 1}},
		{ID: "x", Text: "what?", Grades: Grades{"7": 1}},
		{ID: "4", Text: "why?", Passage: "because  of it"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for bad, want := range map[string]string{
		`{"uri":"a"}`:                 `line 1: no "question"`,
		`{"question":"q"}`:            `line 1: no "uri", "record_id" or "text"`,
		`{"question":"q","text":" "}`: `line 1: no "uri", "record_id" or "text"`,
		"{}\n{":                       "line 1",
		`[1]`:                         "line 1: ",
		" \n\n":                       "no questions",
	} {
		if _, err := ReadQuestions(strings.NewReader(bad)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", bad, err, want)
		}
	}
}

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
	const want = `{"queries":4,"ndcg@10":0.625,"recall@100":0.75,"mrr@10":0.5833333333333333,"hit@1":0.5,"hit@10":0.75,"latency_ms":{"p50":1.5,"p99":7}}`
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

func TestRunFileKeepsTheOrderForTrecEval(t *testing.T) {
	var b strings.Builder
	results := []Result{{RecordID: "a", Score: 2}, {URI: "my docs/b.md", Score: 2}, {RecordID: "c", Score: 3}, {RecordID: "d", Score: -1}}
	if err := WriteRun(&b, "q1", results, "ragway"); err != nil {
		t.Fatal(err)
	}
	want := `q1 Q0 a 1 2 ragway
q1 Q0 my_docs/b.md 2 1.9999999 ragway
q1 Q0 c 3 1.9999998 ragway
q1 Q0 d 4 -1 ragway
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
