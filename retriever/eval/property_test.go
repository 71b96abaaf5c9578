package eval

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var documents = []string{"a", "B", "c", "d1", "d10", "d2", "é", "h", "i", "j", "k", "l"}

func drawGrades(t *rapid.T) Grades {
	return rapid.MapOf(rapid.SampledFrom(documents), rapid.IntRange(-1, 4)).Draw(t, "grades")
}

func drawRanking(t *rapid.T) []string {
	all := rapid.Permutation(documents).Draw(t, "ranking")
	return all[:rapid.IntRange(0, len(all)).Draw(t, "length")]
}

// drawScored draws a ranking with ties.
func drawScored(t *rapid.T) []Ranked {
	var out []Ranked
	for _, id := range drawRanking(t) {
		out = append(out, Ranked{ID: id, Score: float64(rapid.IntRange(-2, 2).Draw(t, "score")) / 2})
	}
	return out
}

func drawMeasure(t *rapid.T) Measure {
	kinds := []Kind{LinearNDCG, ExponentialNDCG, RecallAt, PrecisionAt, MeanAP, ReciprocalRank, HitAt}
	m := Measure{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), K: rapid.IntRange(0, 14).Draw(t, "k")}
	if m.Kind == PrecisionAt {
		m.K++
	}
	return m
}

func TestMeasuresStayBetweenZeroAndOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, ranked, grades := drawMeasure(t), drawRanking(t), drawGrades(t)
		got := m.Of(ranked, grades)
		if !(got >= 0 && got <= 1+1e-12) {
			t.Errorf("%s is %v", m, got)
		}
		if grades.relevant() == 0 && got != 0 {
			t.Errorf("%s is %v with nothing relevant", m, got)
		}
	})
}

func TestPerfectRankingHasOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grades := drawGrades(t)
		if grades.relevant() == 0 {
			return
		}
		ranked := slices.SortedFunc(maps.Keys(grades), func(a, b string) int { return grades[b] - grades[a] })
		k := rapid.IntRange(1, 14).Draw(t, "k")
		for _, m := range []Measure{{LinearNDCG, k}, {ExponentialNDCG, k}, {LinearNDCG, 0}, {ReciprocalRank, k}, {HitAt, k},
			{MeanAP, 0}, {RecallAt, 0}, {RecallAt, grades.relevant()}, {PrecisionAt, min(k, grades.relevant())}} {
			if got := m.Of(ranked, grades); got < 1-1e-12 || got > 1+1e-12 {
				t.Errorf("%s is %v", m, got)
			}
		}
	})
}

func TestRaisingABetterDocumentLowersNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, ranked, grades := drawMeasure(t), drawRanking(t), drawGrades(t)
		if len(ranked) < 2 {
			return
		}
		i := rapid.IntRange(0, len(ranked)-2).Draw(t, "at")
		if grades[ranked[i]] >= grades[ranked[i+1]] {
			return
		}
		before := m.Of(ranked, grades)
		ranked[i], ranked[i+1] = ranked[i+1], ranked[i]
		if after := m.Of(ranked, grades); after < before-1e-12 {
			t.Errorf("%s fell from %v to %v", m, before, after)
		}
	})
}

func TestGainsAgreeOnBinaryGrades(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranked, k := drawRanking(t), rapid.IntRange(0, 14).Draw(t, "k")
		grades := rapid.MapOf(rapid.SampledFrom(documents), rapid.IntRange(0, 1)).Draw(t, "grades")
		if linear, exponential := NDCG(ranked, grades, k), NDCGExp(ranked, grades, k); linear != exponential {
			t.Errorf("linear %v, exponential %v", linear, exponential)
		}
	})
}

func TestOrderOfLinesMeansNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranking, qrels := drawScored(t), Qrels{"q": drawGrades(t)}
		want := Evaluate(qrels, Rankings{"q": ranking})
		shuffled := rapid.Permutation(ranking).Draw(t, "shuffled")
		if diff := cmp.Diff(want, Evaluate(qrels, Rankings{"q": shuffled})); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

// What ragway reports is what trec_eval makes of the files that it writes.
func TestWrittenRunHasTheFiguresReported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Question{ID: "q 1", Grades: drawGrades(t)}
		var results []Result
		for _, r := range drawScored(t) {
			results = append(results, Result{RecordID: r.ID, Score: r.Score})
		}
		if len(results) == 0 || len(q.Grades) == 0 {
			return
		}
		var run Run
		run.Add(q, results, 0)
		var rankings, judgments bytes.Buffer
		_, grades := q.Judge(results)
		if err := WriteRun(&rankings, q.ID, results, "t"); err != nil {
			t.Fatal(err)
		}
		if err := WriteQrels(&judgments, q.ID, grades); err != nil {
			t.Fatal(err)
		}
		read, err := ReadRun(&rankings)
		if err != nil {
			t.Fatal(err)
		}
		qrels, err := ReadQrels(&judgments)
		if err != nil {
			t.Fatal(err)
		}
		want := run.Scores()
		want.Rows[0].Query = "q_1"
		if diff := cmp.Diff(want, Evaluate(qrels, read)); diff != "" {
			t.Errorf("(-reported +read back)\n%s", diff)
		}
	})
}
