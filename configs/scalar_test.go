package configs

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		text string
		want Size
		ok   bool
	}{
		{"20MiB", 20 << 20, true},
		{"1.5GiB", 3 << 29, true},
		{"512 KiB", 512 << 10, true},
		{"10MB", 10_000_000, true},
		{"7B", 7, true},
		{"4096", 4096, true},
		{"0", 0, true},
		{"-1MiB", -1 << 20, true}, // Validate says it is not above zero
		{"", 0, false},
		{"MiB", 0, false},
		{"20mib", 0, false},
		{"0.3B", 0, false},
		{"NaN", 0, false},
		{"Inf", 0, false},
		{"99999999999GiB", 0, false},
	}
	for _, tt := range tests {
		got, err := ParseSize(tt.text)
		if (err == nil) != tt.ok || got != tt.want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d, ok %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}

func TestSizeReadsBackWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// float64 holds every integer up to here; larger sizes are multiples of a unit in practice
		want := Size(rapid.Int64Range(0, 1<<53).Draw(t, "bytes"))
		got, err := ParseSize(want.String())
		if err != nil || got != want {
			t.Fatalf("%v reads back as %d, %v", want, got, err)
		}
	})
}

func TestDurationReadsBackWhatPrintWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Duration(rapid.Int64Range(0, math.MaxInt64).Draw(t, "ns"))
		if rapid.Bool().Draw(t, "whole seconds") {
			want = want.Truncate(time.Second)
		}
		var got time.Duration
		if err := setDuration(&got, formatDuration(want)); err != nil || got != want {
			t.Fatalf("%v prints as %s and reads back as %v, %v", want, formatDuration(want), got, err)
		}
	})
}
