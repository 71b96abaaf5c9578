package eval

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// Result is one document of a ranking, with the best of its passages.
type Result struct {
	RecordID string
	URI      string
	Text     string // of the passage
	Score    float64
}

// ID is what judgments and runs call the document: its record ID, else its URI.
func (r Result) ID() string {
	if r.RecordID != "" {
		return r.RecordID
	}
	return r.URI
}

// judge returns the ranking as document IDs, and q's grades under the same IDs. The first
// result that holds q.Passage is relevant.
func (q Question) judge(results []Result) ([]string, Grades) {
	grades := Grades{}
	for id, g := range q.Grades {
		grades[id] = g
	}
	ids := make([]string, len(results))
	passage := strings.Join(strings.Fields(q.Passage), " ")
	found := passage == ""
	for i, r := range results {
		ids[i] = r.ID()
		if g, ok := q.Grades[r.URI]; ok && ids[i] != r.URI {
			delete(grades, r.URI)
			grades[ids[i]] = g
		}
		if !found && strings.Contains(strings.Join(strings.Fields(r.Text), " "), passage) {
			found = true
			grades[ids[i]] = max(1, grades[ids[i]])
		}
	}
	if !found && len(q.Grades) == 0 {
		grades[""] = 1 // it exists, and was not found
	}
	return ids, grades
}

// WriteRun writes the ranking of one query in TREC's format, "query Q0 document rank
// score tag". trec_eval ignores the rank and sorts by score as a float32, so a score that
// does not fall below the one before is lowered by the least step. White space in an ID
// becomes "_".
func WriteRun(w io.Writer, query string, results []Result, tag string) error {
	last := float32(math.Inf(1))
	for i, r := range results {
		score := min(float32(r.Score), math.Nextafter32(last, float32(math.Inf(-1))))
		last = score
		if _, err := fmt.Fprintf(w, "%s Q0 %s %d %v %s\n", field(query), field(r.ID()), i+1, score, field(tag)); err != nil {
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
