package eval

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{ID: "4", Text: "judged irrelevant", Grades: Grades{"d1": 0}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBrokenBEIRFilesAreNamedWithTheLine(t *testing.T) {
	const query = `{"_id":"1","text":"q"}`
	for want, files := range map[string][2]string{
		"test.tsv: line 2: 2 fields":                              {query, "query-id\tc\ts\n1\td1\n"},
		"test.tsv: line 2: 2 fields, want query, document":        {query, "1\td1\t1\n1 0 d1\t1\n"},
		"test.tsv: line 2: score \"high\" is no whole number":     {query, "query-id\tc\ts\n1\td1\thigh\n"},
		"test.tsv: line 1: score \"high\"":                        {query, "1\td1\thigh\n"},
		"test.tsv: line 1: score \"1.5\"":                         {query, "1\td1\t1.5\n"},
		"test.tsv: line 1: score \"128\"":                         {query, "1\td1\t128\n"},
		"test.tsv: line 2: the query or the document is empty":    {query, "1\td1\t1\n\td1\t1\n"},
		"test.tsv: line 3: query \"1\" judges document \"d1\" ag": {query, "1\td1\t1\n1\td2\t1\n1\td1\t1\n"},
		"test.tsv: no judgments":                                  {query, "query-id\tc\ts\n"},
		"queries.jsonl: line 1: ":                                 {`{"_id":`, "1\td1\t1\n"},
		"queries.jsonl: line 1: no \"_id\"":                       {`{"text":"q"}`, "1\td1\t1\n"},
		"queries.jsonl: line 3: ID \"1\" is that of line 1":       {query + "\n\n" + query, "1\td1\t1\n"},
		"test.tsv: query \"8\" is not in queries.jsonl":           {query, "1\td1\t1\n8\td1\t1\n"},
		"no query has a relevant document":                        {query, "1\td1\t0\n"},
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
{"question":"why?","text":"because  of it"}
{"question":"all?","text":"because","uri":"n/f#7","record_id":"7","lang":"en"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []Question{
		{ID: "1", Text: "who?", Grades: Grades{"docs/a.md": 1}},
		{ID: "x", Text: "what?", Grades: Grades{"7": 1}},
		{ID: "4", Text: "why?", Passage: "because  of it"},
		{ID: "5", Text: "all?", Grades: Grades{"7": 1}, Passage: "because"},
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
		`{"id":"2","question":"q","uri":"a"}` + "\n" + `{"question":"r","uri":"a"}`: `line 2: ID "2" is that of line 1 as well`,
	} {
		if _, err := ReadQuestions(strings.NewReader(bad)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", bad, err, want)
		}
	}
}
