package eval

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind names a measure without its cutoff.
type Kind string

const (
	LinearNDCG      Kind = "ndcg"
	ExponentialNDCG Kind = "ndcg_exp"
	RecallAt        Kind = "recall"
	PrecisionAt     Kind = "p"
	MeanAP          Kind = "map"
	ReciprocalRank  Kind = "mrr"
	HitAt           Kind = "hit"
)

// Measure is a kind of figure and its cutoff: how many documents of a ranking it looks at,
// 0 for all. Its name is "ndcg@10", or "map" without a cutoff.
type Measure struct {
	Kind Kind
	K    int
}

// Reported are the measures of an evaluation, in the order of its reports.
func Reported() []Measure {
	return []Measure{
		{LinearNDCG, 10}, {ExponentialNDCG, 10}, {RecallAt, 100}, {MeanAP, 0},
		{ReciprocalRank, 10}, {PrecisionAt, 10}, {HitAt, 1}, {HitAt, 10},
	}
}

func (m Measure) String() string {
	if m.K == 0 {
		return string(m.Kind)
	}
	return string(m.Kind) + "@" + strconv.Itoa(m.K)
}

// ParseMeasure reads what String writes. Precision needs a cutoff.
func ParseMeasure(s string) (Measure, error) {
	kind, cutoff, cut := strings.Cut(s, "@")
	m := Measure{Kind: Kind(kind)}
	if m.function() == nil {
		return Measure{}, fmt.Errorf("measure %q: there are ndcg, ndcg_exp, recall, p, map, mrr and hit, each with @ and a cutoff", s)
	}
	if cut {
		k, err := strconv.Atoi(cutoff)
		if err != nil || k < 1 {
			return Measure{}, fmt.Errorf("measure %q: cutoff %q is no number above 0", s, cutoff)
		}
		m.K = k
	}
	if m.Kind == PrecisionAt && m.K == 0 {
		return Measure{}, fmt.Errorf("measure %q: it needs a cutoff, as p@10", s)
	}
	return m, nil
}

// Of measures one ranking: document IDs, best first. It is 0 for a kind that does not exist.
func (m Measure) Of(ranked []string, grades Grades) float64 {
	f, k := m.function(), m.K
	switch {
	case f == nil:
		return 0
	case k == 0:
		k = math.MaxInt
	}
	return f(ranked, grades, k)
}

func (m Measure) function() func([]string, Grades, int) float64 {
	switch m.Kind {
	case LinearNDCG:
		return NDCG
	case ExponentialNDCG:
		return NDCGExp
	case RecallAt:
		return Recall
	case PrecisionAt:
		return Precision
	case MeanAP:
		return AP
	case ReciprocalRank:
		return MRR
	case HitAt:
		return Hit
	}
	return nil
}
