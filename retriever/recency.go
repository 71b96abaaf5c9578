package retriever

import (
	"context"
	"math"
	"time"
)

// Recency mixes a document's age into the ranking: of its score, scaled to [0,1] over the
// candidates, 1-Weight counts, and Weight of 2 to the power of -age/HalfLife. A document
// without a date counts as one half-life old, one of the future as new.
type Recency struct {
	Field    string        // metadata field that holds a date, see ParseDate
	HalfLife time.Duration // 0: age plays no part
	Weight   float64       // in [0,1]
}

func (r Recency) on() bool { return r.HalfLife > 0 && r.Weight > 0 }

// of is the value of a document's age.
func (r Recency) of(d Document, now time.Time) float64 {
	text, _ := d.Metadata[r.Field].(string)
	date, ok := ParseDate(text)
	if !ok {
		return 0.5
	}
	return math.Exp2(-max(0, now.Sub(date).Hours()) / r.HalfLife.Hours())
}

// age ranks the lineup anew.
func (l *lineup) age(ctx context.Context, r Recency, now time.Time) error {
	if !r.on() {
		return nil
	}
	if err := l.readTo(ctx, len(l.hits)); err != nil {
		return err
	}
	scaled := scaleScores(l.hits)
	for i := range l.hits {
		h := &l.hits[i]
		h.Signals.Recency = r.of(h.Document, now)
		h.Score = (1-r.Weight)*scaled[i] + r.Weight*h.Signals.Recency
	}
	sortHits(l.hits)
	return nil
}

// scaleScores maps the scores of hits linearly to [0,1]; equal ones to 1.
func scaleScores(hits []Hit) []float64 {
	out := make([]float64, len(hits))
	low, high := math.Inf(1), math.Inf(-1)
	for _, h := range hits {
		low, high = min(low, h.Score), max(high, h.Score)
	}
	for i, h := range hits {
		out[i] = 1
		if high > low {
			out[i] = (h.Score - low) / (high - low)
		}
	}
	return out
}

// validAt reports whether a document may be used at a time, by its metadata valid_from and
// valid_until. A day as valid_until counts to its end; what is no date is no bound.
func validAt(m Metadata, now time.Time) bool {
	if from, ok := dateOf(m, "valid_from"); ok && now.Before(from) {
		return false
	}
	until, ok := dateOf(m, "valid_until")
	if !ok {
		return true
	}
	if text, _ := m["valid_until"].(string); len(text) == len(time.DateOnly) {
		return now.Before(until.AddDate(0, 0, 1))
	}
	return !now.After(until)
}

func dateOf(m Metadata, field string) (time.Time, bool) {
	text, _ := m[field].(string)
	return ParseDate(text)
}
