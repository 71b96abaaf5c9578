package rerank

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCutsWhereAReaderWould(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    string
		most int
		want string
	}{
		{"short enough", "one two", 7, "one two"},
		{"between words", "one two three", 7, "one two"},
		{"within a word", "one two three", 9, "one two"},
		{"several spaces", "one two \n three", 9, "one two"},
		{"no space near", "one twothreefour", 12, "one twothree"},
		{"no spaces", "日本国憲法第九条", 5, "日本国憲法"},
		{"more bytes than characters", "ééé", 3, "ééé"},
		{"a combining accent", "aaaae\u0301b", 5, "aaaa"},
		{"a vowel sign", "कककि", 3, "कक"},
		{"joined emoji", "xxxx👩‍🔬", 6, "xxxx"},
		{"joined emoji, before the joiner", "xxxx👩‍🔬", 5, "xxxx"},
		{"marks without end", "e" + strings.Repeat("\u0301", 100), 50, "e" + strings.Repeat("\u0301", 49)},
		{"not UTF-8", "ab\xff\xfe\xfd", 4, "ab\xff\xfe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := cut(tt.s, tt.most); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCutKeepsABeginningOfTheText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("ab 日\u0301\u200d👩\n"))).Draw(t, "s")
		most := rapid.IntRange(1, 40).Draw(t, "most")
		got := cut(s, most)
		switch n := utf8.RuneCountInString(got); {
		case !strings.HasPrefix(s, got):
			t.Fatalf("%q does not begin %q", got, s)
		case n > most:
			t.Fatalf("%d characters, want %d at most", n, most)
		case utf8.RuneCountInString(s) <= most && got != s:
			t.Fatalf("%q was cut to %q", s, got)
		case got != s && got != "" && unicode.IsSpace([]rune(got)[n-1]):
			t.Fatalf("%q ends in a space", got)
		}
	})
}
