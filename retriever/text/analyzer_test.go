package text_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ragway/retriever/text"
)

func TestTerms(t *testing.T) {
	for _, tt := range []struct{ name, language, in, want string }{
		// Words.
		{"stems", "en", "running houses", "run hous"},
		{"stop words stay in documents", "en", "The cats are running to the houses", "the cat are run to the hous"},
		{"repeats stay", "en", "dog dogs Dog", "dog dog dog"},
		{"unknown language", "xx", "The Cats Running", "the cats running"},
		{"region", "en-GB", "cats", "cat"},
		{"English in a Russian collection", "ru", "running города", "run город"},
		{"Russian in an English collection", "en", "Russian: больших городах", "russian больш город"},
		{"marks on blanks", "en", "a ั (́ b", "a b"},
		{"low lines", "en", "_id __init__ _", "id init"},
		{"punctuation and symbols", "en", "!? — € ∑ ...", ""},
		{"very short words", "en", "a I x", "a i x"},

		// Identifiers.
		{"underscores", "en", "ERR_CONN_RESET a_b__c", "err_conn_reset err conn reset a_b__c a b c"},
		{"camel case", "en", "HttpServer parseURL HTTPServer", "httpserver http server parseurl pars url httpserver http server"},
		{"inner capitals", "en", "mRNA IgG iPhone pH", "mrna igg iphon ph"},
		{"standard", "en", "ISO-27001 ISO27001", "iso-27001 iso27001 iso 27001 iso27001 iso 27001"},
		{"part numbers", "en", "AB-1234/5 X-200B", "ab-1234/5 ab-1234 ab1234 ab 1234 5 x-200b x200b x 200b 200"},
		{"genes", "en", "IL-6 IL6 TNFα TNF-α CD4+ p53", "il-6 il6 il 6 il6 il tnfα tnf tnf α cd4 cd p53 53"},
		{"units", "en", "10km 3D 5G", "10km 10 km 3d 5g"},
		{"hash", "en", "9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c7d659a2feaa0c55ad015"},
		{"version", "en", "v1.2.3 1.2.4 v2 Go1.22", "v1.2.3 1.2.3 1.2.4 v2 go1.22 go1 go 22"},
		{"hyphens", "en", "state-of-the-art e-mail Wi-Fi -foo- bar- ‑x", "state of the art email e mail wifi wi fi foo bar x"},
		{"slashes", "en", "and/or TCP/IP km/h", "and or tcp ip km h"},
		{"signs of languages", "en", "C/C++, C#, F#, go#, C++17, .NET, ASP.NET, Node.js, .gitignore", "c c++ c c# c f# f go# go c++ c 17 .net net asp.net asp net node.js node js .gitignore gitignor"},
		{"ampersand", "en", "R&D AT&T", "r&d r d at&t at t"},
		{"host name", "en", "see api.example.com", "see api.example.com api exampl com"},
		{"mail address", "en", "jane.doe@example.co.uk", "jane.doe@example.co.uk jane.doe jane doe example.co.uk exampl co uk"},
		{"address", "en", "https://example.com/docs/page.html?id=3#top.", "https example.com/docs/page.html example.com exampl com doc page.html page html id 3 top"},
		{"path", "en", "/usr/local/bin/foo.sh src/main.go", "usr/local/bin/foo.sh usr local bin foo.sh foo sh src/main.go src main.go main go"},
		{"Windows path", "en", "C:\\Users\\jdoe\\file.txt", "c users\\jdoe\\file.txt user jdoe file.txt file txt"},
		{"code", "en", "foo.bar() std::vector x->y --force $HOME #golang @user", "foo.bar foo bar std vector x y forc home golang user"},
		{"acronyms", "en", "U.S.A. and e.g. Ph.D.", "usa and eg ph.d ph d"},

		// Numbers.
		{"grouped", "en", "1,000 1,234,567.89 1'000 1.000.000 1,234.56 1.234,56", "1000 1234567.89 1000 1000000 1234.56 1234.56"},
		{"either reading", "de", "1.234", "1.234 1234"},
		{"grouped by blanks", "fr", "1 234 567,89 €", "1234567.89 1 234 567.89"},
		{"grouped by no-break blanks", "fr", "1 234 et 5 000", "1234 1 234 et 5000 5 000"},
		{"row of a table", "en", "100 200 300 400 500", "100 200 300 400 500"},
		{"numbers side by side", "en", "in 2020 300 people, 555 123 4567", "in 2020 300 peopl 555 123 4567"},
		{"decimals", "en", "3.14 2,5 0.5 .5", "3.14 2.5 0.5 5"},
		{"list of numbers", "en", "2,5,7", "2,5,7 2 5 7"},
		{"addresses of machines", "en", "192.168.1.10", "192.168.1.10"},
		{"dates", "en", "2024-05-01 01/05/2024 01.05.2024 2024.5.1", "2024-05-01 2024 05 01 01/05/2024 01 05 2024 01.05.2024 01 05 2024 2024.5.1 2024 5 1"},
		{"times", "en", "10:30:15 2024-05-01T10:30:00Z", "10:30:15 10 30 15 2024-05-01t10:30:00z 2024-05-01 2024 05 01 10:30:00z 10 30 00z 00"},
		{"other digits", "ar", "١٢٣ ۱۲۳ १२३ １２３ ١٬٢٣٤٫٥", "123 123 123 123 1234.5"},
		{"raised and lowered", "en", "12½ m² 10⁹ word¹ CO₂", "12 1⁄2 1 2 m 2 10 9 word 1 co2 co"},
		{"trade mark and number sign", "en", "Windows™ №5", "window no 5"},

		// Apostrophes.
		{"possessive", "en", "the child's toys, Marie’s, dogs'", "the child toy mari dog"},
		{"contraction", "en", "don't dont don’t", "dont dont dont"},
		{"Irish name", "en", "O'Neill O’Neill ONeill", "oneil neill oneil neill oneil"},
		{"French in English", "en", "l'eau L'Oréal", "leau eau loreal oreal"},
		{"French elision", "fr", "l'eau d’Égypte qu'elle aujourd'hui jusqu’à", "eau egypt elle aujourdhui a"},
		{"Italian elision", "it", "dell'arte un po' c'è", "arte un po e"},
		{"Dutch plural", "nl", "foto's", "foto"},
		{"Turkish ending", "tr", "İstanbul'da", "istanbul"},
		{"Ukrainian", "uk", "п'ять п’ять", "пять пять"},
		{"Hebrew acronym", "he", "צה\"ל צה״ל", "צהל צהל"},

		// Signs that are not seen.
		{"soft hyphen", "en", "data\u00adbase", "databas"},
		{"zero width", "en", "foo\u200bbar a\u200db x\u2060y \u200eleft", "foobar ab xy left"},
		{"byte order mark", "en", "\ufeffstart", "start"},
		{"variation selector", "ja", "葛󠄀飾", "葛飾 葛 飾"},
		{"Persian joiner", "fa", "می\u200cخواهم", "ميخواهم"},
		{"full width", "en", "ＡＢＣ－１２３ ﬁle Ⅻ", "abc-123 abc123 abc 123 file xii"},
		{"decomposed", "de", "Müller Müller", "mull mull"},
		{"broken UTF-8", "en", "ab\xffcd", "ab cd"},

		// Languages.
		{"accents in English", "en", "résumés, naïve, Zürich, Łódź, Søren", "resum naiv zurich lodz soren"},
		{"German", "de", "Die Häuser und STRASSEN, Straße", "die haus und strass strass"},
		{"German without umlauts", "de", "Mueller Müller Quelle neue", "mull mull quell neu"},
		{"French without accents", "fr", "qualité qualite œuvre", "qualit qualit oeuvr"},
		{"Spanish", "es", "las canciones nacionales, año", "las cancion nacional año"},
		{"Portuguese", "pt", "não são", "nao sao"},
		{"Turkish i", "tr", "İSTANBUL ILIK ılık HTTP_ID http_id", "istanbul ilik ilik http_id http id http_id http id"},
		{"Turkish city in English", "en", "İstanbul Istanbul", "istanbul istanbul"},
		{"Polish keeps its letters", "pl", "Łódź ŁÓDŹ", "łódź łódź"},
		{"Vietnamese", "vi", "Việt Nam", "việt nam"},
		{"Greek capitals have no accents", "el", "ΑΘΗΝΑ Αθήνα ΣΊΣΥΦΟΣ Σίσυφος", "αθηνα αθηνα σισυφοσ σισυφοσ"},
		{"Russian", "ru", "в больших городах ёлка елка за́мок замок", "в больш город елк елк замок замок"},
		{"Mixed in one word", "ru", "USB-порт Windowsом", "usb порт windowsом window ом"},
		{"Arabic", "ar", "الكتاب والمدرسة في مدرسه", "كتاب مدرس في مدرس"},
		{"Arabic marks", "ar", "مُحَمَّدٌ محمـــد", "محمد محمد"},
		{"Arabic hamza", "ar", "إسلام أسلام اسلام آثار", "اسلام اسلام اسلام اثار"},
		{"Arabic with Latin", "ar", "الـGPS", "الgps ال gps"},
		{"Persian letters", "fa", "کتاب كتاب", "كتاب كتاب"},
		{"Hebrew points", "he", "שָׁלוֹם שלום", "שלום שלום"},
		{"Hindi keeps its vowels", "hi", "हिन्दी में क़लम", "हिन्दी में क़लम"},
		{"Tamil", "ta", "மரங்கள்", "மரங்"},

		// Scripts without blanks.
		{"Chinese pairs and singles", "zh", "战国无双3是游戏", "战国 国无 无双 战 国 无 双 3 是游 游戏 是 游 戏"},
		{"one ideograph", "en", "猫", "猫"},
		{"Chinese zero", "zh", "二〇二四年", "二〇 〇二 二四 四年 二 〇 二 四 年"},
		{"Chinese with Latin", "zh", "iPhone手机", "iphon 手机 手 机"},
		{"Japanese", "ja", "コンピューター、です ネコの国", "コン ンピ ピュ ュー ータ ター です ネコ コの の国 国"},
		{"half-width kana", "ja", "ｺﾝﾋﾟｭｰﾀ", "コン ンピ ピュ ュー ータ"},
		{"squared words", "ja", "㍿", "株式 式会 会社 株 式 会 社"},
		{"Korean", "ko", "서울에서 왔다", "서울 울에 에서 왔다"},
		{"Korean noun of one syllable", "ko", "집에서 집 물을", "집에 에서 집 집 물을 물"},
		{"Korean with Latin and digits", "ko", "CPU는 2024년 3월", "cpu 는 2024 년 3 월"},
		{"Thai", "th", "สวัสดี งู", "สวั วัส ัสด สดี สว วั ัส สด ดี งู"},
		{"Thai with joints", "th", "กิน\u200bแล้ว CPUครับ ๒๕๖๗", "กิน ินแ นแล แล้ ล้ว กิ ิน นแ แล ล้ ้ว cpu ครั รับ คร รั ับ 2567"},
		{"Lao", "lo", "ສະບາຍ", "ສະບ ະບາ ບາຍ ສະ ະບ ບາ າຍ"},
		{"Khmer", "km", "សួស្តី", "សួស ួស្ ស្ត ្តី សួ ួស ស្ ្ត តី"},
		{"Burmese", "my", "မြန်မာ", "မြန ြန် န်မ ်မာ မြ ြန န် ်မ မာ"},
		{"emoji", "en", "thanks 😀 👍🏽 🇩🇪 👩\u200d👩\u200d👧 ❤️", "thank 😀 👍 🇩🇪 👩\u200d👩\u200d👧 ❤"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := text.For(tt.language).Terms(tt.in)
			if diff := cmp.Diff(strings.Fields(tt.want), slices.Clip(got)); diff != "" {
				t.Errorf("%q (-want +got)\n%s", tt.in, diff)
			}
		})
	}
}

func TestQueryTerms(t *testing.T) {
	for _, tt := range []struct{ name, language, in, want string }{
		{"distinct and in order", "en", "Is the HttpServer a server of http?", "httpserver http server"},
		{"nothing but stop words", "en", "to be or not to be", "to be or not"},
		{"a band", "en", "The Who", "the who"},
		{"names in capitals", "en", "IT department of the WHO in the US", "it depart who us"},
		{"stop word of an identifier", "en", "a_b of AT&T", "a_b b at&t at t"},
		{"emoji beside words", "en", "reset my password 🙏", "reset my password"},
		{"emoji alone", "en", "🙏🏽", "🙏"},
		{"question in Chinese", "zh", "什么是战国", "么是 是战 战国 战 国"},
		{"nothing but question words in Chinese", "zh", "什么", "什么 什 么"},
		{"question in Arabic", "ar", "متى ولد", "ولد"},
		{"particle behind a name", "ko", "CPU는", "cpu"},
		{"Thai has triples", "th", "สวัสดี", "สวั วัส ัสด สดี"},
		{"short Thai word", "th", "งู", "งู"},
		{"nothing", "en", " ?! ", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := text.For(tt.language).QueryTerms(tt.in)
			if diff := cmp.Diff(strings.Fields(tt.want), slices.Clip(got), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%q (-want +got)\n%s", tt.in, diff)
			}
		})
	}
}

// Spellings of one thing meet in at least one term, both ways.
func TestSpellingsMeet(t *testing.T) {
	for _, tt := range []struct{ language, a, b string }{
		{"en", "ISO-27001", "ISO27001"}, {"en", "ISO 27001", "ISO27001"}, {"en", "Wi-Fi", "WiFi"}, {"en", "e-mail", "email"}, {"en", "covid-19", "COVID19"},
		{"en", "HttpServer", "http_server"}, {"en", "v1.2.3", "1.2.3"}, {"en", "10 km", "10km"}, {"en", "O'Neill", "ONeill"}, {"en", "O’Neill", "Neill"},
		{"en", "1,234,567", "1 234 567"}, {"de", "1.234,56", "1234,56"}, {"de", "1.234", "1234"}, {"de", "Mueller", "Müller"}, {"de", "STRASSE", "Straße"},
		{"en", "café", "cafe"}, {"fr", "l’école", "ecole"}, {"tr", "IŞIK", "ışık"}, {"tr", "İstanbul'da", "istanbul"}, {"el", "ΑΘΗΝΑ", "Αθήνα"},
		{"ar", "والمدرسة", "المدرسة"}, {"ar", "مصطفى", "مصطفي"}, {"ar", "١٩٥٨", "1958"}, {"he", "שָׁלוֹם", "שלום"}, {"ru", "ёлка", "елка"},
		{"ko", "집에서", "집"}, {"ko", "CPU는", "CPU"}, {"ja", "ｺﾝﾋﾟｭｰﾀ", "コンピュータ"}, {"zh", "战国无双", "战"},
		{"en", "main.go", "src/main.go"}, {"en", "example.com", "https://example.com/x"}, {"en", "foo\u200bbar", "foobar"}, {"en", "data\u00adbase", "database"},
		{"en", "2024-05-01", "2024-05-01T10:30:00Z"}, {"en", ".NET", "NET"}, {"en", "C++", "C/C++"}, {"en", "👍🏽", "👍"},
	} {
		a := text.For(tt.language)
		for _, pair := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
			terms := a.Terms(pair[1])
			if !slices.ContainsFunc(a.QueryTerms(pair[0]), func(q string) bool { return slices.Contains(terms, q) }) {
				t.Errorf("%s: query %q has %q, document %q has %q", tt.language, pair[0], a.QueryTerms(pair[0]), pair[1], terms)
			}
		}
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

// A word is found in a run of others without blanks.
func TestWordsAreFoundInRuns(t *testing.T) {
	for _, tt := range []struct{ language, word, run string }{
		{"zh", "战", "战国无双"}, {"ja", "猫", "白猫と"}, {"th", "งู", "เป็นงูเห่า"}, {"th", "งูเห่า", "เป็นงูเห่าตัว"}, {"km", "សួ", "សួស្តី"}, {"ko", "대학", "서울대학교에서"},
	} {
		terms := text.For(tt.language).Terms(tt.run)
		for _, q := range text.For(tt.language).QueryTerms(tt.word) {
			if !slices.Contains(terms, q) {
				t.Errorf("query term %q of %q is not among %q", q, tt.word, terms)
			}
		}
	}
}

// A megabyte without blanks costs what other text costs: no term is longer than the bound,
// and their number and size are in proportion.
func TestRunsWithoutBlanksStayInBounds(t *testing.T) {
	for _, unit := range []string{"a", "ä", "a.", "a-", "a/", "a_", "1,", "1 ", "aB", "a1", "'", "a'", "C++/", "中", "の", "서", "ก", "e\u0301", "\u0301", "😀", "👩\u200d", "🇩", "\u00ad", "ﷺ", "．Ａ", "\xff", "٣", "א\"", "-", "@a", "a:/"} {
		size := 0
		terms := text.For("en").Terms(strings.Repeat(unit, (1<<20)/len(unit)))
		for _, term := range terms {
			if size += len(term); len(term) > 160 {
				t.Fatalf("%q repeated gives a term of %d bytes", unit, len(term))
			}
		}
		if len(terms) > 2<<20 || size > 20<<20 {
			t.Errorf("%q repeated gives %d terms of %d bytes", unit, len(terms), size)
		}
	}
}

// FuzzTerms: terms are valid, never empty, long or with white space, and the same each
// time; a document's own text as a query finds terms of it and no others, and finds some
// where there are any; text after a blank line changes nothing in the text before it.
func FuzzTerms(f *testing.F) {
	for _, s := range []string{"", "The cats", "ERR_X-1.2.3", "a-b-c-9", "C++", "C#", "--", "v1.", "战国3", "ก\u0e31", "e\u0301", "l'", "'s", "’", "\xff\xfe", "İ", "ΑΣ", "1,000,00", "." + strings.Repeat("u", 400) + ".v", "ﷺ", "a\u200d\u200d", "\u00ad", "ー",
		"1 234 567,8", "a/b/c.d", "x@y.z", ".NET", "CPU는", "👩\u200d👧", "צה\"ל", "O'Neill", "2024-05-01T10", "TNFα", "½", "™", "to be", "AB-1234/5"} {
		for _, language := range []string{"", "fr", "tr", "ru", "ar", "zh", "xx", "hu", "fi", "de", "ta", "it", "nl", "pt", "ro", "sv", "da", "no", "es", "ga", "auto", "de,fr"} {
			f.Add(language, s, "\u0301x")
		}
	}
	f.Fuzz(func(t *testing.T, language, s, next string) {
		a := text.For(language)
		terms := a.Terms(s)
		for _, term := range terms {
			if term == "" || len(term) > 160 || !utf8.ValidString(term) || strings.ContainsAny(term, " \t\n") {
				t.Fatalf("term %q of %q", term, s)
			}
		}
		if again := a.Terms(s); !slices.Equal(terms, again) {
			t.Fatalf("%q gives %q, then %q", s, terms, again)
		}
		unasked := map[string]bool{}
		for _, term := range terms {
			unasked[term] = true
		}
		query := a.QueryTerms(s)
		for _, term := range query {
			if !unasked[term] {
				t.Fatalf("query term %q of %q is twice there or no term of the document", term, s)
			}
			unasked[term] = false
		}
		if (len(query) == 0) != (len(terms) == 0) {
			t.Fatalf("%q has %d terms and %d as a query", s, len(terms), len(query))
		}
		if len(terms) > 8*len(s) {
			t.Fatalf("%d terms of %d bytes", len(terms), len(s))
		}
		if language = strings.ToLower(language); strings.Contains(language, "auto") || strings.Contains(language, ",") {
			return
		}
		if both := a.Terms(s + "\n\n" + next); !slices.Equal(both, append(terms, a.Terms(next)...)) {
			t.Fatalf("%q, then %q, gives %q", s, next, both)
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
