package eval

import (
	"math"
	"slices"
	"time"
)

// Summary is the mean of the measures over all queries of a run. Its JSON is what
// `ragway eval --json` prints.
type Summary struct {
	Queries   int     `json:"queries"`
	NDCG10    float64 `json:"ndcg@10"`
	Recall100 float64 `json:"recall@100"`
	MRR10     float64 `json:"mrr@10"`
	Hit1      float64 `json:"hit@1"`
	Hit10     float64 `json:"hit@10"`
	Latency   Latency `json:"latency_ms"`
}

// Latency holds percentiles in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Run gathers the queries of one evaluation. The zero value is ready. Not safe for
// concurrent use.
type Run struct {
	sum       Summary
	latencies []time.Duration
}

// Add counts the ranking that answered q, best first, and how long it took.
func (r *Run) Add(q Question, results []Result, took time.Duration) {
	ids, grades := q.judge(results)
	r.sum.Queries++
	r.sum.NDCG10 += NDCG(ids, grades, 10)
	r.sum.Recall100 += Recall(ids, grades, 100)
	r.sum.MRR10 += MRR(ids, grades, 10)
	r.sum.Hit1 += Hit(ids, grades, 1)
	r.sum.Hit10 += Hit(ids, grades, 10)
	r.latencies = append(r.latencies, took)
}

// Summary returns the means so far; all zero before the first query.
func (r *Run) Summary() Summary {
	s := r.sum
	if s.Queries == 0 {
		return s
	}
	for _, m := range []*float64{&s.NDCG10, &s.Recall100, &s.MRR10, &s.Hit1, &s.Hit10} {
		*m /= float64(s.Queries)
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
