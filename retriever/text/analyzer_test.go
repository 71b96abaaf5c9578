package text_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"ragway/retriever/text"
)

func TestTerms(t *testing.T) {
	for _, tt := range []struct{ name, language, in, want string }{
		{"stems and stop words", "", "The cats are running to the houses", "cat run hous"},
		{"repeats stay", "", "dog dogs Dog", "dog dog dog"},
		{"possessive", "", "the child's toys, Marie’s toys", "child toy mari toy"},
		{"code with underscores", "", "got ERR_CONN_RESET", "got err_conn_reset err conn reset"},
		{"camel case", "", "HttpServer parseURL HTTPServer", "httpserver http server parseurl pars url httpserver http server"},
		{"words with inner capitals", "", "mRNA IgG iPhone pH", "mrna igg iphon ph"},
		{"standard number", "", "ISO-27001 certified", "iso-27001 iso 27001 certifi"},
		{"version", "", "since v1.2.3, not 1.2.4", "sinc v1.2.3 1.2.3 1.2.4"},
		{"hyphenated words", "", "state-of-the-art well-known", "state art well known"},
		{"hyphen at the edge", "", "-foo- bar-", "foo bar"},
		{"grouped numbers", "", "1,000 1,234,567.89 1'000 1.000.000", "1000 1234567.89 1000 1000000"},
		{"decimals", "", "3.14 2,5", "3.14 2,5"},
		{"host name", "", "see api.example.com", "see api.example.com api exampl com"},
		{"acronym", "", "U.S.A. and e.g. this", "usa eg"},
		{"languages of programmers", "", "C++ and C# or F#, not go#", "c++ c c# c f# f go# go"},
		{"accents in English", "", "résumés, naïve, Zürich", "resum naiv zurich"},
		{"ligature and full width", "", "ﬁle ＡＢＣ Ⅻ", "file abc xii"},
		{"soft hyphen", "", "data\u00adbase", "databas"},
		{"decomposed", "de", "Mu\u0308ller", "mull"},
		{"German", "de", "Die Häuser und Straßen", "haus strass"},
		{"French elision", "fr", "l'eau d’Égypte qu'elle", "eau égypt"},
		{"Spanish", "es", "las canciones nacionales", "cancion nacional"},
		{"Russian", "ru", "в больших городах", "больш город"},
		{"Russian in an English collection", "", "Russian: больших городах", "russian больш город"},
		{"English in a Russian collection", "ru", "running города", "run город"},
		{"Arabic", "ar", "الكتاب في المدرسة", "كتاب مدرس"},
		{"Turkish dotted I", "tr", "İSTANBUL ILIK", "istanbul ılık"},
		{"unknown language", "xx", "The Cats Running", "the cats running"},
		{"region", "en-GB", "cats", "cat"},
		{"Chinese pairs", "zh", "战国无双3是游戏", "战国 国无 无双 战 国 无 双 3 是游 游戏 是 游 戏"},
		{"single Han", "", "猫", "猫"},
		{"kana has no singles", "ja", "ネコの国", "ネコ コの の国 国"},
		{"Japanese pairs", "ja", "コンピューター、です", "コン ンピ ピュ ュー ータ ター です"},
		{"Hangul pairs", "ko", "서울에서 왔다 집", "서울 울에 에서 왔다 집"},
		{"Thai triples", "th", "สวัสดี", "สวั วัส ัสด สดี"},
		{"Hindi keeps its vowels", "hi", "हिन्दी में", "हिन्दी में"},
		{"Greek", "", "ΣΊΣΥΦΟΣ", "σίσυφοσ"},
		{"punctuation and symbols", "", "!? — € 😀 ...", ""},
		{"marks on blanks", "", "a \u0e31 (\u0301 b", "b"},
		{"low lines", "", "_id __init__ _", "id init"},
		{"broken UTF-8", "", "ab\xffcd", "ab cd"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := text.For(tt.language).Terms(tt.in)
			if diff := cmp.Diff(strings.Fields(tt.want), slices.Clip(got)); diff != "" {
				t.Errorf("%q (-want +got)\n%s", tt.in, diff)
			}
		})
	}
}

func TestQueryTermsAreDistinctAndInOrder(t *testing.T) {
	got := text.For("").QueryTerms("Is the HttpServer a server of http?")
	if diff := cmp.Diff([]string{"httpserver", "http", "server"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestVeryLongWordIsCutAlikeInQueries(t *testing.T) {
	word := strings.Repeat("ä", 100_000)
	d, q := text.For("xx").Terms(word), text.For("xx").QueryTerms(word)
	if len(d) != 1 || !utf8.ValidString(d[0]) || !cmp.Equal(d, q) || len(d[0]) > 200 {
		t.Errorf("%d terms of at least %d bytes", len(d), len(d[0]))
	}
}

func TestAnalyzerIsSharedAndSafe(t *testing.T) {
	in := strings.Repeat("Quick brown foxes jumped over ISO-27001 fences in 北京. ", 50)
	want := text.For("en").Terms(in)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if !cmp.Equal(want, text.For("").Terms(in)) {
				t.Error("other terms on another goroutine")
			}
		})
	}
	wg.Wait()
}

// FuzzTerms: terms are valid, never empty or with white space, the same each time, and a
// document's own text as a query finds its terms and no others.
func FuzzTerms(f *testing.F) {
	for _, s := range []string{"", "The cats", "ERR_X-1.2.3", "a-b-c-9", "C++", "C#", "--", "v1.", "战国3", "ก\u0e31", "e\u0301", "l'", "'s", "’", "\xff\xfe", "İ", "ΑΣ", "1,000,00", "ﷺ", "a\u200d\u200d", "\u00ad", "ー"} {
		for _, language := range []string{"", "fr", "tr", "ru", "ar", "zh", "xx", "hu", "fi"} {
			f.Add(language, s)
		}
	}
	f.Fuzz(func(t *testing.T, language, s string) {
		a := text.For(language)
		terms := a.Terms(s)
		for _, term := range terms {
			if term == "" || !utf8.ValidString(term) || strings.ContainsAny(term, " \t\n") {
				t.Fatalf("term %q of %q", term, s)
			}
		}
		if again := a.Terms(s); !slices.Equal(terms, again) {
			t.Fatalf("%q gives %q, then %q", s, terms, again)
		}
		distinct := map[string]bool{}
		for _, term := range terms {
			distinct[term] = true
		}
		query := a.QueryTerms(s)
		for _, term := range query {
			if !distinct[term] {
				t.Fatalf("query term %q of %q is no term of the document", term, s)
			}
		}
		if len(query) != len(distinct) {
			t.Fatalf("%d query terms of %q, want %d", len(query), s, len(distinct))
		}
	})
}

const benchText = `Alterations of the architecture of cerebral white matter in the developing human brain can
affect cortical development and result in functional disabilities. A line scan diffusion-weighted magnetic resonance
imaging (MRI) sequence with diffusion tensor analysis was applied to measure the apparent diffusion coefficient, to
calculate relative anisotropy, and to delineate three-dimensional fiber architecture in cerebral white matter in
preterm (n = 17) and full-term infants (n = 7). `

func BenchmarkTerms(b *testing.B) {
	for _, bb := range []struct{ name, language, in string }{
		{"English", "en", benchText},
		{"Russian", "ru", strings.Repeat("Изменения архитектуры белого вещества мозга влияют на развитие коры. ", 6)},
		{"Chinese", "zh", strings.Repeat("《战国无双3》是由光荣和ω-force开发的战国无双系列的正统第三续作。", 8)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			a := text.For(bb.language)
			b.SetBytes(int64(len(bb.in)))
			b.ReportAllocs()
			for b.Loop() {
				a.Terms(bb.in)
			}
		})
	}
}

func BenchmarkSentences(b *testing.B) {
	b.SetBytes(int64(len(benchText)))
	for b.Loop() {
		text.Sentences(benchText)
	}
}
