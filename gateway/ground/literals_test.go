package ground

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLiteralsAreFoundWhereverTheyStand(t *testing.T) {
	var l Literals
	l.Scan("a [7], 【8】 and ［9］; [1, 2] [sic] 【not one [3] ［ [12]")
	for _, want := range []struct {
		form   form
		number int
	}{{square, 1}, {square, 2}, {square, 3}, {square, 7}, {square, 12}, {lenticular, 8}, {fullwidth, 9}} {
		if !l.has(want.form, want.number) {
			t.Errorf("%d in form %d is not there", want.number, want.form)
		}
	}
	if l.has(square, 4) || l.has(square, 8) {
		t.Error("there is more than stands in the text")
	}
}

// scanEverywhere tries every place in turn.
func scanEverywhere(text string) (l Literals) {
	for at := 0; at < len(text); {
		if !strings.HasPrefix(text[at:], "[") && !strings.HasPrefix(text[at:], "【") && !strings.HasPrefix(text[at:], "［") {
			at++
			continue
		}
		at += l.scanAt([]byte(text[at:]))
	}
	return l
}

func TestScanPassesOverNoMarker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOf(rapid.SampledFrom([]string{
			"[", "]", "【", "】", "［", "］", "1", "23", ",", " ", "†", "^", "doc", "-", "text", "。", "\xe3\x80", "\n",
		})).Draw(t, "pieces")
		text := strings.Join(pieces, "")
		var got Literals
		got.Scan(text)
		if want := scanEverywhere(text); got != want {
			t.Errorf("Scan(%q) = %v, want %v", text, got, want)
		}
	})
}

func BenchmarkScanLiterals(b *testing.B) {
	text := strings.Repeat("The report was filed, and “read” by the committee. ", 2000) + "[7]"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var l Literals
		l.Scan(text)
	}
}
