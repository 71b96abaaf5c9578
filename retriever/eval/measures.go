package eval

import (
	"iter"
	"math"
	"slices"
)

// Grades are the judgments of one query: document ID ▶ grade. A grade above zero is
// relevant; what was not judged is not relevant.
type Grades map[string]int

// NDCG is the discounted cumulative gain of the first k of ranked, divided by that of the
// best possible ranking: Σ grade/log₂(rank+1), trec_eval's ndcg_cut. It is 0 when nothing
// is relevant. A document ranked twice counts once, here and below.
func NDCG(ranked []string, grades Grades, k int) float64 {
	var ideal []int
	for _, g := range grades {
		if g > 0 {
			ideal = append(ideal, g)
		}
	}
	if len(ideal) == 0 {
		return 0
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	var best, got float64
	for i, g := range ideal[:min(max(k, 0), len(ideal))] {
		best += float64(g) / math.Log2(float64(i+2))
	}
	for rank, g := range relevant(ranked, grades, k) {
		got += float64(g) / math.Log2(float64(rank+1))
	}
	if best == 0 {
		return 0
	}
	return got / best
}

// Recall is the share of the relevant documents that is among the first k.
func Recall(ranked []string, grades Grades, k int) float64 {
	total, found := 0, 0
	for _, g := range grades {
		if g > 0 {
			total++
		}
	}
	for range relevant(ranked, grades, k) {
		found++
	}
	if total == 0 {
		return 0
	}
	return float64(found) / float64(total)
}

// MRR is 1/rank of the first relevant document, 0 when none is among the first k.
// Its mean over queries is the mean reciprocal rank.
func MRR(ranked []string, grades Grades, k int) float64 {
	for rank := range relevant(ranked, grades, k) {
		return 1 / float64(rank)
	}
	return 0
}

// Hit is 1 when a relevant document is among the first k, else 0: trec_eval's success.
func Hit(ranked []string, grades Grades, k int) float64 {
	if MRR(ranked, grades, k) > 0 {
		return 1
	}
	return 0
}

// relevant yields rank, from 1, and grade of the relevant documents among the first k.
func relevant(ranked []string, grades Grades, k int) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		seen := map[string]bool{}
		for i, id := range ranked[:min(max(k, 0), len(ranked))] {
			g := grades[id]
			if g <= 0 || seen[id] {
				continue
			}
			seen[id] = true
			if !yield(i+1, g) {
				return
			}
		}
	}
}
