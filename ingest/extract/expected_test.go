package extract_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"

	"ragway/ingest"
	"ragway/ingest/extract"
)

// expectation is a line of formats/expected.jsonl.
type expectation struct {
	File           string   `json:"file"`
	Format         string   `json:"format"`
	Expect         string   `json:"expect"`
	MustContain    []string `json:"must_contain"`
	MustNotContain []string `json:"must_not_contain"`
	Title          string   `json:"title"`
	Pages          int      `json:"pages"`
	CharsMin       int      `json:"chars_min"`
	Soft           bool     `json:"soft"`
	Sheets         []string `json:"sheets"`
	Messages       int      `json:"messages"`
	Entries        int      `json:"entries"`
}

// misses are non-soft phrases that are not found, each with its reason.
var misses = map[string]string{}

func dataFolder(t testing.TB) string {
	dir := os.Getenv("RAGWAY_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "formats", "expected.jsonl")); err != nil {
		t.Skipf("no test documents in %s; RAGWAY_TEST_DATA names the folder", dir)
	}
	return filepath.Join(dir, "formats")
}

func expectations(t testing.TB, dir string) []expectation {
	f, err := os.Open(filepath.Join(dir, "expected.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []expectation
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var e expectation
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// tally is what is found in the documents of one format, and what that took.
type tally struct {
	files, found, total, softFound, softTotal int
	bytes                                     int
	took                                      time.Duration
}

func TestRealDocumentsGiveTheirText(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector slows the PDF engine tenfold, past the time a document gets; make test runs this")
	}
	dir := dataFolder(t)
	r := newRegistry(t, extract.Options{Timeout: 5 * time.Second})
	score := map[string]*tally{}
	for _, e := range expectations(t, dir) {
		t.Run(e.File, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, e.File))
			if err != nil {
				t.Fatal(err)
			}
			if score[e.Format] == nil {
				score[e.Format] = &tally{}
			}
			began := time.Now()
			got, err := r.Extract(context.Background(), ingest.Input{Name: filepath.Base(e.File), Data: data})
			took := time.Since(began)
			if took > time.Second {
				t.Logf("%v", took)
			}
			s := score[e.Format]
			s.files, s.bytes, s.took = s.files+1, s.bytes+len(data), s.took+took
			check(t, e, score[e.Format], got, err)
		})
	}
	var names []string
	for f := range score {
		names = append(names, f)
	}
	sort.Strings(names)
	var all tally
	for _, f := range names {
		s := score[f]
		t.Logf("| %s | %d | %d of %d | %d of %d | %.1f |", f, s.files, s.found, s.total, s.softFound, s.softTotal, float64(s.bytes)/1e6/s.took.Seconds())
		all.files, all.found, all.total = all.files+s.files, all.found+s.found, all.total+s.total
		all.softFound, all.softTotal, all.bytes, all.took = all.softFound+s.softFound, all.softTotal+s.softTotal, all.bytes+s.bytes, all.took+s.took
	}
	t.Logf("| all | %d | %d of %d | %d of %d | %.1f |", all.files, all.found, all.total, all.softFound, all.softTotal, float64(all.bytes)/1e6/all.took.Seconds())
}

func check(t *testing.T, e expectation, s *tally, got ingest.Extracted, err error) {
	fail := t.Errorf
	found, total := &s.found, &s.total
	if e.Soft {
		found, total = &s.softFound, &s.softTotal
		fail = func(f string, a ...any) { t.Logf("soft: "+f, a...) }
	}
	*total += len(e.MustContain)
	if want := wantReason(e.Expect); want != "" || err != nil {
		if err == nil || ingest.ReasonOf(err) != want {
			fail("got error %v, want reason %q", err, want)
		}
		return
	}
	checkForm(t, got)
	text := clean(got.Text)
	for _, p := range e.MustContain {
		if holds(text, p) {
			*found++
		} else if misses[e.File+"\t"+p] == "" {
			fail("lacks %q", p)
		}
	}
	for _, p := range e.MustNotContain {
		if holds(text, p) {
			fail("has %q", p)
		}
	}
	if n := utf8.RuneCountInString(text); n < e.CharsMin {
		fail("%d runes, want at least %d", n, e.CharsMin)
	}
	if a, b := clean(got.Title), clean(e.Title); e.Title != "" && (a == "" || !strings.Contains(a, b) && !strings.Contains(b, a)) {
		fail("title %q, want %q", got.Title, e.Title)
	}
	if diff := cmp.Diff(e.Sheets, got.Sheets); e.Sheets != nil && diff != "" {
		fail("sheets (-want +got):\n%s", diff)
	}
	if e.Messages != 0 && got.Messages != e.Messages || e.Entries != 0 && got.Entries != e.Entries {
		fail("%d messages and %d entries, want %d and %d", got.Messages, got.Entries, e.Messages, e.Entries)
	}
	if e.Pages != 0 && got.Pages != e.Pages {
		fail("%d pages, want %d", got.Pages, e.Pages)
	}
}

func wantReason(expect string) ingest.Reason {
	if expect == "empty" {
		return ingest.EmptyText
	}
	reason, _ := strings.CutPrefix(expect, "error:")
	if reason == expect {
		return ""
	}
	return ingest.Reason(reason)
}

// checkForm holds what Extracted promises of its text.
func checkForm(t *testing.T, got ingest.Extracted) {
	t.Helper()
	if !utf8.ValidString(got.Text) {
		t.Error("text is not valid UTF-8")
	}
	if strings.Contains(got.Text, "\r") || strings.Contains(got.Text, "\x00") || regexp.MustCompile(`(?m)[ \t]+$`).MatchString(got.Text) {
		t.Error("text has carriage returns, zeros or trailing blanks")
	}
	runes := []rune(got.Text)
	end := 0
	for i, b := range got.Blocks {
		if b.Start < end || b.End <= b.Start || b.End > len(runes) {
			t.Fatalf("block %d [%d:%d] after %d in %d runes", i, b.Start, b.End, end, len(runes))
		}
		if gap := string(runes[end:b.Start]); strings.TrimSpace(gap) != "" {
			t.Errorf("%q before block %d is in no block", gap, i)
		}
		if text := string(runes[b.Start:b.End]); b.Kind != ingest.Code && strings.Contains(text, "\n\n\n") {
			t.Errorf("block %d has two empty lines in a row", i)
		}
		end = b.End
	}
	if rest := string(runes[end:]); strings.TrimSpace(rest) != "" {
		t.Errorf("%q is in no block", rest)
	}
}

var (
	invisible = regexp.MustCompile(`[\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{FEFF}]`)
	marks     = strings.NewReplacer("*", "", "_", "", "`", "", "~", "", `\`, "")
)

func clean(s string) string {
	return strings.Join(strings.Fields(invisible.ReplaceAllString(norm.NFKC.String(s), "")), " ")
}

// holds compares as the data's README says.
func holds(text, phrase string) bool {
	p := clean(phrase)
	if strings.Contains(text, p) || strings.Contains(marks.Replace(text), marks.Replace(p)) {
		return true
	}
	if !strings.ContainsFunc(p, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
	}) {
		return false
	}
	return strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(p, " ", ""))
}

func newRegistry(t testing.TB, o extract.Options) *extract.Registry {
	t.Helper()
	o.CacheDir = cacheDir
	r, err := extract.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}
