package eval

import (
	"math"
	"slices"
	"time"
)

// Summary is the mean of the measures of Reported over all queries of a run; ndcg is the
// one with linear gain. Its JSON is part of what `ragway eval --json` prints.
type Summary struct {
	Queries   int     `json:"queries"`
	NDCG10    float64 `json:"ndcg@10"`
	Recall100 float64 `json:"recall@100"`
	MRR10     float64 `json:"mrr@10"`
	Hit1      float64 `json:"hit@1"`
	Hit10     float64 `json:"hit@10"`
	NDCGExp10 float64 `json:"ndcg_exp@10"`
	MAP       float64 `json:"map"`
	P10       float64 `json:"p@10"`
	Latency   Latency `json:"latency_ms"`
}

// Latency holds percentiles in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Summary returns the means so far; all zero before the first query.
func (r *Run) Summary() Summary {
	s := Summary{Queries: len(r.scores.Rows)}
	for m, to := range map[Measure]*float64{
		{LinearNDCG, 10}: &s.NDCG10, {RecallAt, 100}: &s.Recall100, {ReciprocalRank, 10}: &s.MRR10,
		{HitAt, 1}: &s.Hit1, {HitAt, 10}: &s.Hit10,
		{ExponentialNDCG, 10}: &s.NDCGExp10, {MeanAP, 0}: &s.MAP, {PrecisionAt, 10}: &s.P10,
	} {
		*to, _ = r.scores.Mean(m)
	}
	s.Latency = Latency{P50: milliseconds(Percentile(r.latencies, 50)), P99: milliseconds(Percentile(r.latencies, 99))}
	return s
}

// Percentile is the nearest-rank percentile, p in (0, 100]: the least of the durations
// that at least p % of them do not exceed. It is 0 when there are none.
func Percentile(durations []time.Duration, p float64) time.Duration {
	if len(durations) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(durations))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
