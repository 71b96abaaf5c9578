package eval

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Question is a query with what is known to answer it: Grades, Passage, or both.
type Question struct {
	ID      string
	Text    string
	Grades  Grades // by document ID, see Result.ID
	Passage string // a result that holds this text, white space aside, is relevant
}

// ReadBEIR reads queries.jsonl and qrels/test.tsv of a folder in BEIR's layout and returns
// the queries with at least one relevant document, in the order of queries.jsonl.
// The corpus is not needed.
func ReadBEIR(dir string) ([]Question, error) {
	grades, err := readFile(filepath.Join(dir, "qrels", "test.tsv"), readQrels)
	if err != nil {
		return nil, err
	}
	queries, err := readFile(filepath.Join(dir, "queries.jsonl"), readQueries)
	if err != nil {
		return nil, err
	}
	var out []Question
	for _, q := range queries {
		if q.Grades = grades[q.ID]; q.Grades != nil {
			out = append(out, q)
		}
	}
	if len(out) == 0 {
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

// readQrels reads "query-id \t corpus-id \t score" lines below an optional header.
func readQrels(r io.Reader) (map[string]Grades, error) {
	out := map[string]Grades{}
	return out, eachLine(r, func(n int, line []byte) error {
		fields := strings.Split(string(line), "\t")
		if len(fields) != 3 {
			return fmt.Errorf("%d fields, want query, document and score", len(fields))
		}
		grade, err := strconv.Atoi(fields[2])
		switch {
		case err != nil && n == 1:
			return nil
		case err != nil:
			return fmt.Errorf("score %q: %w", fields[2], errors.Unwrap(err))
		case grade <= 0:
			return nil
		}
		if out[fields[0]] == nil {
			out[fields[0]] = Grades{}
		}
		out[fields[0]][fields[1]] = grade
		return nil
	})
}

func readQueries(r io.Reader) ([]Question, error) {
	var out []Question
	return out, eachLine(r, func(_ int, line []byte) error {
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
		return nil
	})
}

// ReadQuestions reads one JSON object a line: "question", and what answers it: "uri" or
// "record_id" of a document, or the "text" of a passage. "id" is optional; without it a
// question is named by its line. None at all is an error.
func ReadQuestions(r io.Reader) ([]Question, error) {
	var out []Question
	err := eachLine(r, func(n int, line []byte) error {
		var q struct {
			ID       string `json:"id"`
			Question string `json:"question"`
			URI      string `json:"uri"`
			RecordID string `json:"record_id"`
			Text     string `json:"text"`
		}
		if err := json.Unmarshal(line, &q); err != nil {
			return err
		}
		question := Question{ID: q.ID, Text: q.Question, Passage: q.Text}
		for _, id := range []string{q.URI, q.RecordID} {
			if id != "" {
				question.Grades = Grades{id: 1}
			}
		}
		switch {
		case strings.TrimSpace(q.Question) == "":
			return errors.New(`no "question"`)
		case question.Grades == nil && strings.TrimSpace(q.Text) == "":
			return errors.New(`no "uri", "record_id" or "text" that answers it`)
		case q.ID == "":
			question.ID = strconv.Itoa(n)
		}
		out = append(out, question)
		return nil
	})
	if err == nil && len(out) == 0 {
		err = errors.New("no questions")
	}
	return out, err
}

// maxLine bounds one line of a questions file.
const maxLine = 16 << 20

// eachLine calls f with each line of r that is not blank, and its number from 1.
func eachLine(r io.Reader, f func(n int, line []byte) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, maxLine)
	n := 0
	for sc.Scan() {
		n++
		line := bytes.TrimPrefix(sc.Bytes(), []byte("\xef\xbb\xbf"))
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
