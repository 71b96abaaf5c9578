package eval

import (
	"maps"
	"strings"
	"time"
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

// Run gathers the queries of one evaluation. The zero value is ready. Not safe for
// concurrent use.
type Run struct {
	scores    Scores
	latencies []time.Duration
}

// Add measures the ranking that answered q, best first, and counts how long it took. The
// order of results is taken as it is, also where scores are equal: it is what a reader
// sees, and what WriteRun hands to trec_eval.
func (r *Run) Add(q Question, results []Result, took time.Duration) {
	if r.scores.Measures == nil {
		r.scores.Measures = Reported()
	}
	ranked, grades := q.Judge(results)
	r.scores.add(q.ID, ranked, grades)
	r.latencies = append(r.latencies, took)
}

// Scores are the figures of the measures of Reported for each query so far, in the order
// of Add. They share memory with the run.
func (r *Run) Scores() Scores { return r.scores }

// unfound is the ID of a passage that no result holds. No document has it: IDs from files
// hold no NUL, and an ID of its own is never in a ranking.
const unfound = "\x00passage"

// Judge returns the ranking as document IDs, and q's grades under the same IDs: a grade
// given to the URI of a document that has a record ID moves to that. Where a passage is
// what answers q, the first result that holds it is the only relevant document, and where
// none does, a document that was not found.
func (q Question) Judge(results []Result) ([]string, Grades) {
	ids := make([]string, len(results))
	for i, r := range results {
		ids[i] = r.ID()
	}
	if len(q.Grades) == 0 {
		return ids, q.judgePassage(results)
	}
	grades := maps.Clone(q.Grades)
	for i, r := range results {
		if g, ok := grades[r.URI]; ok && ids[i] != r.URI {
			delete(grades, r.URI)
			grades[ids[i]] = max(g, grades[ids[i]])
		}
	}
	return ids, grades
}

func (q Question) judgePassage(results []Result) Grades {
	passage := words(q.Passage)
	if passage == "" {
		return Grades{}
	}
	for _, r := range results {
		if strings.Contains(words(r.Text), passage) {
			return Grades{r.ID(): 1}
		}
	}
	return Grades{unfound: 1}
}

// words is s with one space for each run of white space.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }
