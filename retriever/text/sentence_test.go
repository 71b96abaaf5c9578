package text_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever/text"
)

func sentences(s string) []string {
	var out []string
	for _, r := range text.Sentences(s) {
		out = append(out, s[r.Start:r.End])
	}
	return out
}

func TestSentences(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
	}{
		{"plain", "One here. Two there! Three?", []string{"One here.", "Two there!", "Three?"}},
		{"title", "Dr. Smith met Mrs. Jones. They left.", []string{"Dr. Smith met Mrs. Jones.", "They left."}},
		{"for example", "Use a store, e.g. Qdrant. Done.", []string{"Use a store, e.g. Qdrant.", "Done."}},
		{"that is", "The key (i.e. The secret) is kept. Ok.", []string{"The key (i.e. The secret) is kept.", "Ok."}},
		{"authors", "As Wadden et al. (2020) show. Fine.", []string{"As Wadden et al. (2020) show.", "Fine."}},
		{"figure", "See Fig. 3 and No. 7. Next.", []string{"See Fig. 3 and No. 7.", "Next."}},
		{"no as a word", "The answer is no. He left.", []string{"The answer is no.", "He left."}},
		{"initials", "J. R. R. Tolkien wrote it. Yes.", []string{"J. R. R. Tolkien wrote it.", "Yes."}},
		{"etc ends", "Apples, pears, etc. The rest followed.", []string{"Apples, pears, etc.", "The rest followed."}},
		{"list number", "1. Open the lid.\n2. Close it.", []string{"1. Open the lid.", "2. Close it."}},
		{"dotted name", "Call os.Exit and net.Dial. Then wait.", []string{"Call os.Exit and net.Dial.", "Then wait."}},
		{"decimal", "It costs 3.14 euros. Cheap.", []string{"It costs 3.14 euros.", "Cheap."}},
		{"footnote", "It was built in 1900.[12] It burnt down.", []string{"It was built in 1900.[12]", "It burnt down."}},
		{"quoted", "\"Stop.\" He ran.", []string{"\"Stop.\"", "He ran."}},
		{"soft wrap", "a line that goes on\nin the next one. End.", []string{"a line that goes on\nin the next one.", "End."}},
		{"wrapped at a capital", strings.Repeat("word ", 12) + "of\nBerlin. End.", []string{strings.Repeat("word ", 12) + "of\nBerlin.", "End."}},
		{"heading", "# Install\nrun make. Done.", []string{"# Install", "run make.", "Done."}},
		{"list without stops", "- first item\n- second item", []string{"- first item", "- second item"}},
		{"blank line ends", "no full stop here\n\nnext paragraph", []string{"no full stop here", "next paragraph"}},
		{"Chinese", "今天下雨。明天晴！后天呢？", []string{"今天下雨。", "明天晴！", "后天呢？"}},
		{"Hindi", "यह पहला है। यह दूसरा है।", []string{"यह पहला है।", "यह दूसरा है।"}},
		{"Arabic", "هل وصل؟ نعم وصل.", []string{"هل وصل؟", "نعم وصل."}},
		{"German", "Das gilt z.B. Für alle. Ende.", []string{"Das gilt z.B. Für alle.", "Ende."}},
		{"blank", " \n\t ", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, sentences(tt.in)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// FuzzSentences: ranges are in order, do not overlap, and leave out nothing but white space.
func FuzzSentences(f *testing.F) {
	for _, s := range []string{"Dr. A. B. C.", "x.[1] y", "\n\n.\n", "1. a\n2. b", "。。", "\xff. A", "\u2028a", "(a. “B.” C)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		last := 0
		for _, r := range text.Sentences(s) {
			if r.Start < last || r.End <= r.Start || r.End > len(s) {
				t.Fatalf("range %v after %d in %d bytes", r, last, len(s))
			}
			if gap := s[last:r.Start]; strings.TrimSpace(gap) != "" {
				t.Fatalf("left out %q", gap)
			}
			if first := []rune(s[r.Start:r.End])[0]; unicode.IsSpace(first) {
				t.Fatalf("range %v starts with white space", r)
			}
			last = r.End
		}
		if strings.TrimSpace(s[last:]) != "" {
			t.Fatalf("left out %q at the end", s[last:])
		}
	})
}
