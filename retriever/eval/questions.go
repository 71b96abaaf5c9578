package eval

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Question is a query with what is known to answer it: Grades, or where there are none, a
// Passage.
type Question struct {
	ID      string
	Text    string
	Grades  Grades // by document ID, see Result.ID, or by URI
	Passage string // a result that holds this text, white space aside, is relevant
}

// ReadBEIR reads queries.jsonl and qrels/test.tsv of a folder in BEIR's layout and returns
// the judged queries, in the order of queries.jsonl. Those judged to have no relevant
// document are among them, since they count in trec_eval's means and BEIR's. A judged
// query that queries.jsonl lacks is an error: without it a mean would be over other
// queries than those published. The corpus is not needed.
func ReadBEIR(dir string) ([]Question, error) {
	judgments := filepath.Join(dir, "qrels", "test.tsv")
	qrels, err := readFile(judgments, ReadQrels)
	if err != nil {
		return nil, err
	}
	queries, err := readFile(filepath.Join(dir, "queries.jsonl"), readQueries)
	if err != nil {
		return nil, err
	}
	var out []Question
	relevant := 0
	for _, q := range queries {
		grades, judged := qrels[q.ID]
		if !judged {
			continue
		}
		q.Grades = grades
		relevant += grades.relevant()
		out = append(out, q)
		delete(qrels, q.ID)
	}
	for _, query := range slices.Sorted(maps.Keys(qrels)) {
		return nil, fmt.Errorf("%s: query %q is not in queries.jsonl", judgments, query)
	}
	if relevant == 0 {
		return nil, fmt.Errorf("%s: no query has a relevant document", dir)
	}
	return out, nil
}

func readFile[T any](name string, read func(io.Reader) (T, error)) (out T, err error) {
	f, err := os.Open(name)
	if err != nil {
		return out, err
	}
	defer f.Close()
	if out, err = read(f); err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

func readQueries(r io.Reader) ([]Question, error) {
	var out []Question
	named := names{}
	err := eachLine(r, func(n int, line []byte) error {
		var q struct {
			ID   string `json:"_id"`
			Text string `json:"text"`
		}
		if err := json.Unmarshal(line, &q); err != nil {
			return err
		}
		if q.ID == "" {
			return errors.New(`no "_id"`)
		}
		out = append(out, Question{ID: q.ID, Text: q.Text})
		return named.add(q.ID, n)
	})
	return out, err
}

// ReadQuestions reads one JSON object a line: "question", and what answers it: "record_id"
// or "uri" of a document, or the "text" of a passage. The first of these that is there
// counts, so that a passage may stand beside its document. "id" is optional; without it a
// question is named by the number of its line. Other keys are skipped. No question at all,
// and an ID given twice, are errors.
func ReadQuestions(r io.Reader) ([]Question, error) {
	var out []Question
	named := names{}
	err := eachLine(r, func(n int, line []byte) error {
		q, err := parseQuestion(line)
		if err != nil {
			return err
		}
		if q.ID == "" {
			q.ID = strconv.Itoa(n)
		}
		out = append(out, q)
		return named.add(q.ID, n)
	})
	if err == nil && len(out) == 0 {
		err = errors.New("no questions")
	}
	return out, err
}

func parseQuestion(line []byte) (Question, error) {
	var q struct {
		ID       string `json:"id"`
		Question string `json:"question"`
		URI      string `json:"uri"`
		RecordID string `json:"record_id"`
		Text     string `json:"text"`
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return Question{}, err
	}
	out := Question{ID: q.ID, Text: q.Question, Passage: q.Text}
	if id := cmp.Or(q.RecordID, q.URI); id != "" {
		out.Grades = Grades{id: 1}
	}
	switch {
	case strings.TrimSpace(q.Question) == "":
		return Question{}, errors.New(`no "question"`)
	case out.Grades == nil && strings.TrimSpace(q.Text) == "":
		return Question{}, errors.New(`no "uri", "record_id" or "text" that answers it`)
	}
	return out, nil
}

// names holds the line that gave each ID of a file.
type names map[string]int

func (s names) add(id string, line int) error {
	if first, twice := s[id]; twice {
		return fmt.Errorf("ID %q is that of line %d as well", id, first)
	}
	s[id] = line
	return nil
}

// maxLine bounds one line of a file.
const maxLine = 16 << 20

// eachLine calls f with each line of r that is not blank, and its number from 1.
func eachLine(r io.Reader, f func(n int, line []byte) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	n := 0
	for sc.Scan() {
		n++
		line := sc.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := f(n, line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}
