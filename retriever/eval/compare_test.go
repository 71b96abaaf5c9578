package eval

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var ndcg10 = Measure{LinearNDCG, 10}

// scored makes a run of the figures, its queries named by their index.
func scored(figures ...float64) Scores {
	s := Scores{Measures: []Measure{ndcg10}}
	for i, f := range figures {
		s.Rows = append(s.Rows, Row{Query: fmt.Sprintf("q%d", i), Figures: []float64{f}})
	}
	return s
}

func compare(t *testing.T, a, b Scores, r Resampling) Comparison {
	t.Helper()
	c, err := Compare(a, b, ndcg10, r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComparisonCountsAndMeans(t *testing.T) {
	got := compare(t, scored(.1, .5, .3, 1), scored(.2, .5, .1+.2, .4), Resampling{})
	got.A, got.B, got.Diff = math.Round(got.A*1e9)/1e9, math.Round(got.B*1e9)/1e9, math.Round(got.Diff*1e9)/1e9
	want := Comparison{Measure: "ndcg@10", Queries: 4, A: .475, B: .35, Diff: -.125, Level: .95,
		Wins: 1, Ties: 2, Losses: 1, Low: got.Low, High: got.High, P: got.P}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Low >= got.Diff || got.High <= got.Diff {
		t.Errorf("interval %v to %v does not hold %v", got.Low, got.High, got.Diff)
	}
}

func TestEqualRunsDoNotDiffer(t *testing.T) {
	s := scored(.1, .9, .4)
	got := compare(t, s, s, Resampling{})
	if got.Low != 0 || got.High != 0 || got.P != 1 || got.Ties != 3 {
		t.Errorf("%+v", got)
	}
}

func TestComparisonIsTheSameInAnyOrderAndChangesWithTheSeed(t *testing.T) {
	a, b := scored(.1, .5, .3, 1, .7, .2), scored(.2, .4, .9, 1, .75, .6)
	want := compare(t, a, b, Resampling{Seed: 3})
	slices.Reverse(a.Rows)
	got := compare(t, a, b, Resampling{Seed: 3})
	got.A = want.A // a sum, in the order of rows
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if other := compare(t, a, b, Resampling{Seed: 4}); other.P == want.P {
		t.Errorf("p %v for both seeds", other.P)
	}
	b, a = a, b
	if back := compare(t, a, b, Resampling{Seed: 3}); back.Diff != -want.Diff || back.P != want.P || back.Wins != want.Losses {
		t.Errorf("turned round: %+v, from %+v", back, want)
	}
}

// For many queries the percentile interval is the mean ± z standard errors.
func TestIntervalIsNormalForManyQueries(t *testing.T) {
	const n = 500
	var a, b []float64
	var sum, squares float64
	for i := range n {
		d := math.Mod(float64(i)*.6180339887, 1) - .45 // uniform, mean .05
		a, b = append(a, .5), append(b, .5+d)
		sum, squares = sum+d, squares+d*d
	}
	m := sum / n
	se := math.Sqrt((squares/n - m*m) / n)
	for level, z := range map[float64]float64{.95: 1.96, .8: 1.2816} {
		got := compare(t, scored(a...), scored(b...), Resampling{Level: level})
		if math.Abs(got.Low-(m-z*se)) > .1*se || math.Abs(got.High-(m+z*se)) > .1*se {
			t.Errorf("level %v: %v to %v, want about %v to %v", level, got.Low, got.High, m-z*se, m+z*se)
		}
	}
}

func TestRandomisationComesCloseToAllSigns(t *testing.T) {
	diffs := []float64{.1, -.05, .3, .2, 0, .15, -.1, .25}
	extreme := 0
	for signs := range 1 << len(diffs) {
		total := 0.0
		for i, d := range diffs {
			total += d * float64(1-2*(signs>>i&1))
		}
		if math.Abs(total) >= .85-1e-9 {
			extreme++
		}
	}
	want := float64(extreme) / 256
	got := compare(t, scored(make([]float64, len(diffs))...), scored(diffs...), Resampling{Samples: 50_000})
	if math.Abs(got.P-want) > .005 {
		t.Errorf("p %v, all %d assignments give %v", got.P, 256, want)
	}
}

func TestComparisonRefusesRunsThatDoNotPair(t *testing.T) {
	two := scored(.1, .2)
	twice := scored(.1, .2)
	twice.Rows[1].Query = "q0"
	for _, tt := range []struct {
		a, b Scores
		m    Measure
		r    Resampling
		want string
	}{
		{two, scored(.1), ndcg10, Resampling{}, `run B lacks query "q1"`},
		{scored(.1), two, ndcg10, Resampling{}, `run A lacks query "q1"`},
		{two, twice, ndcg10, Resampling{}, `run B: query "q0" is there twice`},
		{two, two, Measure{HitAt, 3}, Resampling{}, "compare by hit@3: run A: not measured"},
		{Scores{Measures: []Measure{ndcg10}}, two, ndcg10, Resampling{}, "run A: no queries"},
		{two, two, ndcg10, Resampling{Level: 95}, "level 95"},
		{two, two, ndcg10, Resampling{Level: math.NaN()}, "level NaN"},
		{two, two, ndcg10, Resampling{Samples: -1}, "-1 samples"},
	} {
		if _, err := Compare(tt.a, tt.b, tt.m, tt.r); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}

func TestOneSampleIsEnoughForAnInterval(t *testing.T) {
	got := compare(t, scored(.1, .2), scored(.2, .2), Resampling{Samples: 1})
	if got.Low != got.High {
		t.Errorf("%+v", got)
	}
}
