package eval

import (
	"bufio"
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Scores are the figures of one run: a row a query, a column a measure.
type Scores struct {
	Measures []Measure
	Rows     []Row
}

// Row holds the figures of one query, in the order of Scores.Measures.
type Row struct {
	Query   string
	Figures []float64
}

// Evaluate measures the rankings of a run by the judgments, in the order of query IDs.
// Every judged query has a row, see the package comment; without measures, those of
// Reported.
func Evaluate(qrels Qrels, rankings Rankings, measures ...Measure) Scores {
	if len(measures) == 0 {
		measures = Reported()
	}
	s := Scores{Measures: measures}
	for _, query := range slices.Sorted(maps.Keys(qrels)) {
		s.add(query, Order(rankings[query]), qrels[query])
	}
	return s
}

func (s *Scores) add(query string, ranked []string, grades Grades) {
	row := Row{Query: query, Figures: make([]float64, len(s.Measures))}
	for i, m := range s.Measures {
		row.Figures[i] = m.Of(ranked, grades)
	}
	s.Rows = append(s.Rows, row)
}

// Order returns the documents as trec_eval ranks them: by score, highest first, and equal
// scores by ID, highest first in byte order.
func Order(ranking []Ranked) []string {
	sorted := slices.SortedFunc(slices.Values(ranking), func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.ID, a.ID))
	})
	ids := make([]string, len(sorted))
	for i, r := range sorted {
		ids[i] = r.ID
	}
	return ids
}

// Mean is the mean of m over all rows. It is 0 without rows, and false where m was not
// measured.
func (s Scores) Mean(m Measure) (float64, bool) {
	column := slices.Index(s.Measures, m)
	if column < 0 {
		return 0, false
	}
	sum := 0.0
	for _, row := range s.Rows {
		sum += row.Figures[column]
	}
	return sum / float64(max(1, len(s.Rows))), true
}

// WriteTSV writes a table under a header: "query", then the names of the measures; a line
// a query, its figures with six decimals. White space in a query ID becomes "_", as in a
// run.
func (s Scores) WriteTSV(w io.Writer) error {
	out := bufio.NewWriter(w)
	cells := []string{"query"}
	for _, m := range s.Measures {
		cells = append(cells, m.String())
	}
	writeCells(out, cells)
	for _, row := range s.Rows {
		cells = append(cells[:0], field(row.Query))
		for _, f := range row.Figures {
			cells = append(cells, strconv.FormatFloat(f, 'f', 6, 64))
		}
		writeCells(out, cells)
	}
	return out.Flush()
}

// writeCells leaves its errors to w's Flush.
func writeCells(w *bufio.Writer, cells []string) {
	_, _ = w.WriteString(strings.Join(cells, "\t") + "\n")
}
