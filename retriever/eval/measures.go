package eval

import (
	"iter"
	"math"
	"slices"
)

// Grades are the judgments of one query: document ID ▶ grade. A grade above zero is
// relevant; what was not judged is not relevant.
type Grades map[string]int

// relevant is the number of relevant documents.
func (g Grades) relevant() int {
	n := 0
	for _, grade := range g {
		if grade > 0 {
			n++
		}
	}
	return n
}

// The measures take a ranking as document IDs, best first, and look at the first k of it.
// A k below 1 measures nothing, and is 0; so is a query with nothing relevant. A document
// ranked twice counts once, where it first is.

// NDCG is the discounted cumulative gain of the first k, divided by that of the best
// possible ranking of the judged documents, cut at k as well: Σ grade/log₂(rank+1), the
// linear gain of trec_eval's ndcg_cut, of pytrec_eval and of BEIR.
func NDCG(ranked []string, grades Grades, k int) float64 {
	return ndcg(ranked, grades, k, func(grade int) float64 { return float64(grade) })
}

// NDCGExp is NDCG with the exponential gain, Σ (2^grade - 1)/log₂(rank+1), that learning to
// rank and web search use. It weighs the highest grades more; with grades of 0 and 1 alone
// it equals NDCG. trec_eval gives it when the grades in the judgments are replaced by the
// gains.
func NDCGExp(ranked []string, grades Grades, k int) float64 {
	return ndcg(ranked, grades, k, func(grade int) float64 { return math.Exp2(float64(min(grade, maxGrade))) - 1 })
}

func ndcg(ranked []string, grades Grades, k int, gain func(int) float64) float64 {
	var ideal []int
	for _, g := range grades {
		if g > 0 {
			ideal = append(ideal, g)
		}
	}
	slices.SortFunc(ideal, func(a, b int) int { return b - a })
	var best, got float64
	for i, g := range ideal[:min(max(k, 0), len(ideal))] {
		best += gain(g) / math.Log2(float64(i+2))
	}
	for rank, g := range found(ranked, grades, k) {
		got += gain(g) / math.Log2(float64(rank+1))
	}
	if best == 0 {
		return 0
	}
	return got / best
}

// Recall is the share of the relevant documents that is among the first k: trec_eval's
// recall.
func Recall(ranked []string, grades Grades, k int) float64 {
	return over(count(ranked, grades, k), grades.relevant())
}

// Precision is the share of relevant documents among the first k. As in trec_eval's P, a
// ranking shorter than k is divided by k all the same.
func Precision(ranked []string, grades Grades, k int) float64 {
	return over(count(ranked, grades, k), max(k, 0))
}

// AP is the average precision of the first k: the precision at the rank of each relevant
// document there, summed and divided by the number of all relevant documents, found or
// not. It is trec_eval's map_cut, and its map where k is no less than len(ranked). The
// mean over queries is MAP.
func AP(ranked []string, grades Grades, k int) float64 {
	n, sum := 0, 0.0
	for rank := range found(ranked, grades, k) {
		n++
		sum += float64(n) / float64(rank)
	}
	if n == 0 {
		return 0
	}
	return sum / float64(grades.relevant())
}

// MRR is 1/rank of the first relevant document, 0 when none is among the first k:
// trec_eval's recip_rank with -M k. The mean over queries is the mean reciprocal rank.
func MRR(ranked []string, grades Grades, k int) float64 {
	for rank := range found(ranked, grades, k) {
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

// found yields rank, from 1, and grade of the relevant documents among the first k.
func found(ranked []string, grades Grades, k int) iter.Seq2[int, int] {
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

func count(ranked []string, grades Grades, k int) int {
	n := 0
	for range found(ranked, grades, k) {
		n++
	}
	return n
}

func over(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
