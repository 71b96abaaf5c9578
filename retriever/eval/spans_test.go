package eval

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCover(t *testing.T) {
	want := Marked{"a", []Span{{10, 20}, {15, 30}, {40, 50}}} // 30 runes
	tests := map[string]struct {
		got   []Passage
		limit int
		cover Coverage
	}{
		"all and nothing else":  {[]Passage{{"a", Span{10, 30}}, {"a", Span{40, 50}}}, 100, Coverage{1, 1, 1}},
		"half beside as much":   {[]Passage{{"a", Span{0, 25}}, {"b", Span{0, 5}}}, 100, Coverage{.5, .5, 15.0 / 45}},
		"cut at the limit":      {[]Passage{{"a", Span{10, 30}}}, 10, Coverage{10.0 / 30, 1, 10.0 / 30}},
		"nothing beyond it":     {[]Passage{{"b", Span{0, 10}}, {"a", Span{10, 30}}}, 10, Coverage{0, 0, 0}},
		"twice is not better":   {[]Passage{{"a", Span{40, 50}}, {"a", Span{40, 50}}}, 100, Coverage{10.0 / 30, .5, 10.0 / 40}},
		"nothing retrieved":     {nil, 100, Coverage{}},
		"of another document":   {[]Passage{{"b", Span{10, 50}}}, 100, Coverage{}},
		"overlapping retrieved": {[]Passage{{"a", Span{10, 30}}, {"a", Span{20, 50}}}, 100, Coverage{1, 30.0 / 50, 30.0 / 50}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.cover, Cover(want, tt.got, tt.limit)); diff != "" {
				t.Errorf("coverage (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMeanIntervalHoldsTheMean(t *testing.T) {
	mid, low, high := MeanInterval([]float64{0, 1, 0, 1, 1, 1, 0, 1}, Resampling{})
	if mid != 5.0/8 || low >= mid || high <= mid || low < 0 || high > 1 {
		t.Errorf("%v in [%v, %v]", mid, low, high)
	}
}
