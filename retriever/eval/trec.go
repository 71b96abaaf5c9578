package eval

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Rankings are the documents that a run ranks: query ID ▶ documents, in no order that
// means anything; see Order.
type Rankings map[string][]Ranked

// Ranked is one document of a run.
type Ranked struct {
	ID    string
	Score float64
}

// Qrels are judgments: query ID ▶ grades.
type Qrels map[string]Grades

// maxGrade bounds grades on either side, as trec_eval documents it.
const maxGrade = 127

// ReadRun reads lines of TREC's format, "query Q0 document rank score tag". As in
// trec_eval, the second, fourth and last field mean nothing and a line that begins with
// "#" is a comment. A score that is no finite number, another count of fields, and a
// document ranked twice for one query are errors with the number of the line, and so is a
// run without lines.
func ReadRun(r io.Reader) (Rankings, error) {
	out := Rankings{}
	seen := map[[2]string]int{}
	err := eachLine(r, func(n int, line []byte) error {
		fields := strings.Fields(string(line))
		if fields[0][0] == '#' {
			return nil
		}
		if len(fields) != 6 {
			return fmt.Errorf("%d fields, want query, Q0, document, rank, score and tag", len(fields))
		}
		query, doc := fields[0], fields[2]
		score, err := strconv.ParseFloat(fields[4], 64)
		if err != nil || math.IsInf(score, 0) || math.IsNaN(score) {
			return fmt.Errorf("score %q is no finite number", fields[4])
		}
		if first, twice := seen[[2]string{query, doc}]; twice {
			return fmt.Errorf("query %q ranks document %q again, after line %d", query, doc, first)
		}
		seen[[2]string{query, doc}] = n
		out[query] = append(out[query], Ranked{ID: doc, Score: score})
		return nil
	})
	if err == nil && len(out) == 0 {
		err = errors.New("the run ranks nothing")
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ReadQrels reads judgments: TREC's lines of "query iteration document grade", or BEIR's
// table of query, document and grade between tabs, with or without its header. The first
// line decides. Grades are whole numbers from -127 to 127. Anything else, and a document
// judged twice for one query, is an error with the number of the line; so are judgments
// without lines.
func ReadQrels(r io.Reader) (Qrels, error) {
	out := Qrels{}
	var parse func(string) ([]string, error)
	err := eachLine(r, func(n int, line []byte) error {
		text := string(line)
		if parse == nil && strings.Count(text, "\t") == 2 {
			parse = beirFields
			if isHeader(text) {
				return nil
			}
		}
		if parse == nil {
			parse = trecFields
		}
		fields, err := parse(text)
		if err != nil || fields == nil {
			return err
		}
		return out.add(fields[0], fields[1], fields[2])
	})
	if err == nil && len(out) == 0 {
		err = errors.New("no judgments")
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func isHeader(line string) bool {
	name, _, _ := strings.Cut(strings.ToLower(line), "\t")
	return slices.Contains([]string{"query-id", "query_id", "qid"}, name)
}

// beirFields returns query, document and grade of a line of BEIR's table.
func beirFields(line string) ([]string, error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 3 {
		return nil, fmt.Errorf("%d fields, want query, document and score", len(fields))
	}
	return fields, nil
}

// trecFields returns query, document and grade of a line of TREC's, nil of a comment.
func trecFields(line string) ([]string, error) {
	fields := strings.Fields(line)
	if fields[0][0] == '#' {
		return nil, nil
	}
	if len(fields) != 4 {
		return nil, fmt.Errorf("%d fields, want query, iteration, document and grade", len(fields))
	}
	return []string{fields[0], fields[2], fields[3]}, nil
}

func (q Qrels) add(query, doc, score string) error {
	grade, err := strconv.Atoi(score)
	switch {
	case err != nil || grade < -maxGrade || grade > maxGrade:
		return fmt.Errorf("score %q is no whole number from %d to %d", score, -maxGrade, maxGrade)
	case query == "" || doc == "":
		return errors.New("the query or the document is empty")
	}
	if q[query] == nil {
		q[query] = Grades{}
	}
	if _, twice := q[query][doc]; twice {
		return fmt.Errorf("query %q judges document %q again", query, doc)
	}
	q[query][doc] = grade
	return nil
}

// WriteRun writes the ranking of one query in TREC's format, "query Q0 document rank
// score tag", so that trec_eval and ReadRun see the documents in this order: trec_eval 9
// compares scores as float32, so a score that does not fall below the one before is lowered
// by the least step of a float32. White space in an ID becomes "_", an empty ID is "_"; two
// documents that would be written as one are an error, since trec_eval refuses the file.
func WriteRun(w io.Writer, query string, results []Result, tag string) error {
	last := float32(math.Inf(1))
	seen := map[string]string{}
	for i, r := range results {
		id := field(r.ID())
		if other, twice := seen[id]; twice {
			return fmt.Errorf("query %q: documents %q and %q are both %q in a run", query, other, r.ID(), id)
		}
		seen[id] = r.ID()
		score := min(float32(r.Score), math.Nextafter32(last, float32(math.Inf(-1))))
		if s := float64(score); math.IsNaN(s) || math.IsInf(s, 0) {
			return fmt.Errorf("query %q: document %q has score %v", query, r.ID(), r.Score)
		}
		last = score
		if _, err := fmt.Fprintf(w, "%s Q0 %s %d %v %s\n", field(query), id, i+1, score, field(tag)); err != nil {
			return err
		}
	}
	return nil
}

// WriteQrels writes the judgments of one query in TREC's format, "query 0 document grade",
// in the order of document IDs, which are written as WriteRun does.
func WriteQrels(w io.Writer, query string, grades Grades) error {
	seen := map[string]string{}
	for _, doc := range slices.Sorted(maps.Keys(grades)) {
		id := field(doc)
		if other, twice := seen[id]; twice {
			return fmt.Errorf("query %q: documents %q and %q are both %q in judgments", query, other, doc, id)
		}
		seen[id] = doc
		if _, err := fmt.Fprintf(w, "%s 0 %s %d\n", field(query), id, grades[doc]); err != nil {
			return err
		}
	}
	return nil
}

func field(s string) string {
	if s == "" {
		return "_"
	}
	return strings.Join(strings.Fields(s), "_")
}
