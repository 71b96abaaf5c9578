package eval

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Comparison says how run B did against run A by one measure, query by query.
type Comparison struct {
	Measure string  `json:"measure"`
	Queries int     `json:"queries"`
	A       float64 `json:"a"`    // mean
	B       float64 `json:"b"`    // mean
	Diff    float64 `json:"diff"` // mean of B - A

	// Low and High bound the mean difference at Level: the percentile interval of the
	// paired bootstrap. It reads too narrow where there are few queries, say below 20.
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Level float64 `json:"level"`

	Wins   int `json:"wins"` // queries where B is better
	Ties   int `json:"ties"`
	Losses int `json:"losses"`

	// P is the two-sided p-value of Fisher's paired randomisation test: how often a
	// difference as large comes up when each query's figures are given to A and B by the
	// toss of a coin. It is never 0: the observed outcome is one of those counted.
	P float64 `json:"p"`
}

// Resampling says how a comparison draws. The zero value is the default, and one Seed
// always gives one outcome.
type Resampling struct {
	Seed    uint64
	Samples int     // 10,000 where 0: seeds then move an end of the interval by .7 % of its width (one standard deviation)
	Level   float64 // .95 where 0
}

func (r *Resampling) applyDefaults() {
	if r.Samples == 0 {
		r.Samples = 10_000
	}
	if r.Level == 0 {
		r.Level = .95
	}
}

// tie is the largest difference between figures that come from one value by different
// orders of addition; the least real difference is far above.
const tie = 1e-12

// Compare compares two runs over the same queries, whose order does not matter, by a
// measure that both have.
func Compare(a, b Scores, m Measure, r Resampling) (Comparison, error) {
	r.applyDefaults()
	if r.Samples < 0 || !(r.Level > 0 && r.Level < 1) {
		return Comparison{}, fmt.Errorf("compare by %s: %d samples at level %v", m, r.Samples, r.Level)
	}
	diffs, err := differences(a, b, m)
	if err != nil {
		return Comparison{}, fmt.Errorf("compare by %s: %w", m, err)
	}
	c := Comparison{Measure: m.String(), Queries: len(diffs), Diff: mean(diffs), Level: r.Level}
	c.A, _ = a.Mean(m)
	c.B, _ = b.Mean(m)
	for _, d := range diffs {
		switch {
		case d > tie:
			c.Wins++
		case d < -tie:
			c.Losses++
		default:
			c.Ties++
		}
	}
	c.Low, c.High = bootstrap(diffs, r)
	c.P = randomisation(diffs, r)
	return c, nil
}

// differences returns B - A for each query, in the order of query IDs, so that no outcome
// depends on the order of rows.
func differences(a, b Scores, m Measure) ([]float64, error) {
	left, err := a.column(m)
	if err != nil {
		return nil, fmt.Errorf("run A: %w", err)
	}
	right, err := b.column(m)
	if err != nil {
		return nil, fmt.Errorf("run B: %w", err)
	}
	for query := range right {
		if _, ok := left[query]; !ok {
			return nil, fmt.Errorf("run A lacks query %q", query)
		}
	}
	queries := make([]string, 0, len(left))
	for query := range left {
		if _, ok := right[query]; !ok {
			return nil, fmt.Errorf("run B lacks query %q", query)
		}
		queries = append(queries, query)
	}
	slices.Sort(queries)
	diffs := make([]float64, len(queries))
	for i, query := range queries {
		diffs[i] = right[query] - left[query]
	}
	return diffs, nil
}

func (s Scores) column(m Measure) (map[string]float64, error) {
	i := slices.Index(s.Measures, m)
	if i < 0 {
		return nil, errors.New("not measured")
	}
	if len(s.Rows) == 0 {
		return nil, errors.New("no queries")
	}
	column := make(map[string]float64, len(s.Rows))
	for _, row := range s.Rows {
		if _, twice := column[row.Query]; twice {
			return nil, fmt.Errorf("query %q is there twice", row.Query)
		}
		column[row.Query] = row.Figures[i]
	}
	return column, nil
}

// bootstrap is the percentile interval of the mean (Efron, Tibshirani: An Introduction to
// the Bootstrap, §13.3): means of samples with replacement, cut at both ends.
func bootstrap(diffs []float64, r Resampling) (low, high float64) {
	rng := rand.New(rand.NewPCG(r.Seed, 1))
	means := make([]float64, r.Samples)
	for i := range means {
		sum := 0.0
		for range diffs {
			sum += diffs[rng.IntN(len(diffs))]
		}
		means[i] = sum / float64(len(diffs))
	}
	slices.Sort(means)
	cut := min(int((1-r.Level)/2*float64(r.Samples)), (r.Samples-1)/2)
	return means[cut], means[r.Samples-1-cut]
}

// randomisation flips the sign of each difference at random (Smucker, Allan, Carterette,
// CIKM 2007).
func randomisation(diffs []float64, r Resampling) float64 {
	rng := rand.New(rand.NewPCG(r.Seed, 2))
	observed := math.Abs(sum(diffs)) - tie
	extreme := 1
	for range r.Samples {
		total, bits := 0.0, uint64(0)
		for i, d := range diffs {
			if i%64 == 0 {
				bits = rng.Uint64()
			}
			if bits&1 == 0 {
				d = -d
			}
			bits >>= 1
			total += d
		}
		if math.Abs(total) >= observed {
			extreme++
		}
	}
	return float64(extreme) / float64(r.Samples+1)
}

func mean(xs []float64) float64 { return sum(xs) / float64(len(xs)) }

func sum(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	return total
}
