package text

import (
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What normalize passes over is what it would not have changed, whatever stands before.
func TestRunesPassedOverAreNormal(t *testing.T) {
	for r := rune(utf8.RuneSelf); r < utf8.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		s := string(r)
		if isNormal(r) && (norm.NFKC.String(clean(s)) != s || !norm.NFKC.PropertiesString(s).BoundaryBefore()) {
			t.Errorf("%U is passed over and becomes %q", r, norm.NFKC.String(clean(s)))
		}
		if isWidePunctuation(r) && norm.NFKC.String(s) != string(r-0xFEE0) {
			t.Errorf("%U is %q", r, norm.NFKC.String(s))
		}
		if _, ok := replacement(r, ""); ok && !mayBeReplaced[s[0]] {
			t.Errorf("%U is passed over and has a replacement", r)
		}
	}
}

func TestNormalizePiecewiseIsNormalizeWhole(t *testing.T) {
	for _, s := range []string{"e\u0301", "ae\u0301b", "é\u0301 x", "が", "か\u3099", "x가\u11a8", "ا\u0653ب", "α\u0301", "й\u0306", "1\ufe0f\u20e3", "ﬁé\u0323\u0301", "（a，e\u0301）ｅ\u0301！", "中，か\u3099"} {
		if got, want := normalize(s), norm.NFKC.String(clean(s)); got != want {
			t.Errorf("%+q becomes %+q, want %+q", s, got, want)
		}
	}
}
