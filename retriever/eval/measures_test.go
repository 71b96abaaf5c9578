package eval

import (
	"math"
	"strings"
	"testing"

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

// With grades 3, 2 and 1 for a, c and b: gains 7, 3 and 1 where they are exponential.
func TestPrecisionAveragePrecisionAndExponentialGain(t *testing.T) {
	three := Grades{"a": 3, "b": 1, "c": 2, "x": 0, "y": -1}
	log3 := math.Log2(3)
	for _, tt := range []struct {
		name       string
		ranked     string
		k          int
		p, ap, exp float64
	}{
		{"perfect", "a c b", 3, 1, 1, 1},
		{"short of the cutoff", "a c b", 10, .3, 1, 1},
		{"with gaps", "b x a y", 4, .5, (1 + 2.0/3) / 3, (1 + 7.0/2) / (7 + 3/log3 + 1.0/2)},
		{"cut", "b x a", 2, .5, 1.0 / 3, 1 / (7 + 3/log3)},
		{"twice counts once", "a a c", 3, 2.0 / 3, (1 + 2.0/3) / 3, (7 + 3.0/2) / (7 + 3/log3 + 1.0/2)},
		{"nothing ranked", "", 3, 0, 0, 0},
		{"no depth", "a", 0, 0, 0, 0},
		{"less than no depth", "a", -1, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := ids(tt.ranked)
			got := []float64{Precision(r, three, tt.k), AP(r, three, tt.k), NDCGExp(r, three, tt.k)}
			if diff := cmp.Diff([]float64{tt.p, tt.ap, tt.exp}, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("P, AP, nDCG (-want +got)\n%s", diff)
			}
		})
	}
	if got := NDCGExp(ids("b a"), Grades{"a": 5000, "b": 1}, 10); !(got > .6 && got < .64) {
		t.Errorf("nDCG %v of a grade beyond what a float64 can hold as a gain", got)
	}
}
