package eval

import (
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestRunFileRefusesWhatTrecEvalWould(t *testing.T) {
	nan := math.NaN()
	for want, results := range map[string][]Result{
		`documents "a b" and "a_b" are both "a_b"`: {{RecordID: "a b"}, {RecordID: "a_b"}},
		`documents "a" and "a" are both "a"`:       {{RecordID: "a"}, {URI: "a"}},
		`document "a" has score NaN`:               {{RecordID: "a", Score: nan}},
		`document "b" has score -Inf`:              {{RecordID: "a"}, {RecordID: "b", Score: math.Inf(-1)}},
		`document "b" has score -3.4`:              {{RecordID: "a", Score: -math.MaxFloat32}, {RecordID: "b", Score: -math.MaxFloat32}},
	} {
		if err := WriteRun(io.Discard, "q", results, "t"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := WriteRun(full{}, "q", []Result{{URI: "a"}}, "t"); err == nil {
		t.Error("no error from a full disk")
	}
}

func TestReadRun(t *testing.T) {
	got, err := ReadRun(strings.NewReader("\ufeff# a comment\nq1 Q0 b 1 2e-1 t\r\n\n  # another\nq2\tQ0\tb\t9\t-1\tt\nq1 0 a 1 .5 t"))
	if err != nil {
		t.Fatal(err)
	}
	want := Rankings{"q1": {{"b", .2}, {"a", .5}}, "q2": {{"b", -1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const line = "q Q0 d 1 1 t\n"
	for bad, want := range map[string]string{
		line + "q Q0 e 1 t":              "line 2: 5 fields, want query, Q0, document, rank, score and tag",
		"q Q0 my d 1 1 t":                "line 1: 7 fields",
		"q Q0 d 1 high t":                `line 1: score "high" is no finite number`,
		"q Q0 d 1 NaN t":                 `line 1: score "NaN"`,
		"q Q0 d 1 1e999 t":               `line 1: score "1e999"`,
		"q Q0 d 1 -inf t":                `line 1: score "-inf"`,
		line + "r Q0 d 1 1 t\n\n" + line: `line 4: query "q" ranks document "d" again, after line 1`,
		"# nothing\n":                    "the run ranks nothing",
		strings.Repeat("x", maxLine+1):   "line 1: ",
	} {
		if got, err := ReadRun(strings.NewReader(bad)); got != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, error %v, want %q", bad, got, err, want)
		}
	}
}

func TestReadQrels(t *testing.T) {
	for name, text := range map[string]string{
		"TREC":        "# comment\nq1 0 a 2\r\nq1\t0\tb\t-1\n\nq2  Q0 a 0",
		"BEIR":        "query-id\tcorpus-id\tscore\nq1\ta\t2\r\nq1\tb\t-1\nq2\ta\t0\n",
		"BEIR, plain": "q1\ta\t2\nq1\tb\t-1\nq2\ta\t0\n",
	} {
		got, err := ReadQrels(strings.NewReader(text))
		if diff := cmp.Diff(Qrels{"q1": {"a": 2, "b": -1}, "q2": {"a": 0}}, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got)\n%s", name, err, diff)
		}
	}
	for bad, want := range map[string]string{
		"q 0 d":              "line 1: 3 fields, want query, iteration, document and grade",
		"q 0 d 1\nq 0 e 1 x": "line 2: 5 fields",
		"q 0 d 1\nq\te\t1":   "line 2: 3 fields",
		"q 0 d 1.0":          `line 1: score "1.0" is no whole number from -127 to 127`,
		"q 0 d -128":         `line 1: score "-128"`,
		"q 0 d 1\nq 0 d 2":   `line 2: query "q" judges document "d" again`,
		"# only\n":           "no judgments",
		"":                   "no judgments",
	} {
		if got, err := ReadQrels(strings.NewReader(bad)); got != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, error %v, want %q", bad, got, err, want)
		}
	}
}

func TestQrelsFileIsInTheOrderOfIDs(t *testing.T) {
	var b strings.Builder
	if err := WriteQrels(&b, "q 1", Grades{"b": 1, "my docs/a.md": 2, "c": -1}); err != nil {
		t.Fatal(err)
	}
	if want := "q_1 0 b 1\nq_1 0 c -1\nq_1 0 my_docs/a.md 2\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	if err := WriteQrels(io.Discard, "q", Grades{"a b": 1, "a_b": 1}); err == nil || !strings.Contains(err.Error(), `are both "a_b"`) {
		t.Errorf("error %v", err)
	}
	if err := WriteQrels(full{}, "q", Grades{"a": 1}); err == nil {
		t.Error("no error from a full disk")
	}
}

func FuzzReadRun(f *testing.F) {
	f.Add("q1 Q0 b 1 2e-1 t\n# c\nq1 0 a 1 .5 t")
	f.Add("\ufeff\x00 \u00a0 . 1 0x1p-2 \u2003t")
	f.Fuzz(func(t *testing.T, text string) {
		rankings, err := ReadRun(strings.NewReader(text))
		if (err == nil) != (len(rankings) > 0) {
			t.Fatalf("error %v with %d queries", err, len(rankings))
		}
		for query, ranking := range rankings {
			if order := Order(ranking); query == "" || len(order) != len(ranking) {
				t.Fatalf("query %q: %d of %d documents", query, len(order), len(ranking))
			}
		}
	})
}

func FuzzReadQrels(f *testing.F) {
	f.Add("query-id\tcorpus-id\tscore\nq1\ta\t2\n")
	f.Add("q1 0 a 2\n# c\nq1 0 b -1")
	f.Fuzz(func(t *testing.T, text string) {
		qrels, err := ReadQrels(strings.NewReader(text))
		if (err == nil) != (len(qrels) > 0) {
			t.Fatalf("error %v with %d queries", err, len(qrels))
		}
		for query, grades := range qrels {
			for doc, grade := range grades {
				if query == "" || doc == "" || grade < -maxGrade || grade > maxGrade {
					t.Fatalf("query %q, document %q, grade %d", query, doc, grade)
				}
			}
		}
	})
}
