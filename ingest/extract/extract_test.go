package extract_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"ragway/ingest"
	"ragway/ingest/extract"
	"ragway/retriever"
)

// cacheDir holds the compiled PDF engine: without it each Registry compiles its own.
var cacheDir string

func TestMain(m *testing.M) {
	var err error
	if cacheDir, err = os.MkdirTemp("", "ragway-extract"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(cacheDir)
		os.Exit(code)
	}))
}

func extractText(t *testing.T, name, data string) ingest.Extracted {
	t.Helper()
	got, err := newRegistry(t, extract.Options{}).Extract(t.Context(), ingest.Input{Name: name, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, got)
	return got
}

// outline is the kind and text of each block.
func outline(d ingest.Extracted) []string {
	runes := []rune(d.Text)
	var out []string
	for _, b := range d.Blocks {
		out = append(out, string(b.Kind)+": "+string(runes[b.Start:b.End]))
	}
	return out
}

func TestMarkdownKeepsStructureAndDropsInlineMarks(t *testing.T) {
	got := extractText(t, "a.md", "---\ntitle: Berths\ntags: [a, b]\nnumber: 3\n---\n"+
		"Setext\n======\n\nA **bold** [link](https://example.org \"t\") with `code`, 5 \\* 3 &amp; a\nsecond line.<!-- hidden -->\n\n"+
		"<!-- a comment -->\n\n- one\n- two\n  - nested\n\n1. first\n2. second\n\n"+
		"| A | B |\n|---|:-:|\n| 1 | 2\\|3 |\n\n```go\nx := 1\n\n\ny := 2\n```\n\n> quoted\n")
	want := []string{
		"heading: # Setext",
		"paragraph: A bold link with `code`, 5 * 3 & a\nsecond line.",
		"list: - one", "list: - two\n  - nested", "list: 1. first", "list: 2. second",
		"table: | A | B |\n| --- | --- |\n| 1 | 2\\|3 |",
		"code: ```go\nx := 1\n\n\ny := 2\n```",
		"paragraph: quoted",
	}
	if diff := cmp.Diff(want, outline(got)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(retriever.Metadata{"tags": []any{"a", "b"}, "number": 3.0}, got.Metadata); diff != "" {
		t.Error(diff)
	}
	if got.Title != "Berths" || got.Format != "markdown" {
		t.Errorf("title %q, format %q", got.Title, got.Format)
	}
}

func TestWebPageGivesItsArticle(t *testing.T) {
	long := strings.Repeat("<p>The harbour master counts each ship that comes in, and writes its name in the book.</p>", 12)
	got := extractText(t, "a.html", `<!doctype html><html lang="en"><head><title>Ships - Port</title>
		<link rel="canonical" href="https://port.example/ships"><meta property="article:published_time" content="2024-05-06">
		<script>var secret</script></head><body><nav><a href="/">Home</a><a href="/shop">Shop basket</a></nav>
		<article><h1>Ships</h1>`+long+`<table><tr><th>Name</th><th>Tons</th></tr><tr><td>Lapwing</td><td>40</td></tr></table></article>
		<footer>Privacy notice</footer></body></html>`)
	for _, p := range []string{"# Ships", "harbour master", "Lapwing"} {
		if !strings.Contains(got.Text, p) {
			t.Errorf("lacks %q", p)
		}
	}
	for _, p := range []string{"secret", "Shop basket", "Privacy"} {
		if strings.Contains(got.Text, p) {
			t.Errorf("has %q", p)
		}
	}
	want := retriever.Metadata{"url": "https://port.example/ships", "date": "2024-05-06", "lang": "en"}
	if diff := cmp.Diff(want, got.Metadata); diff != "" {
		t.Error(diff)
	}
	if got.Title != "Ships" {
		t.Errorf("title %q", got.Title)
	}
}

func TestTablesOfValues(t *testing.T) {
	for name, c := range map[string]struct{ file, data, want string }{
		"semicolons":        {"a.csv", "a;b\n1,5;2\n", "| a | b |\n| --- | --- |\n| 1,5 | 2 |"},
		"quoted line end":   {"a.csv", "a,b\n\"x\ny\",\"p|q\"\n", "| a | b |\n| --- | --- |\n| x y | p\\|q |"},
		"Excel's hint":      {"a.csv", "sep=|\na|b\n1|2\n", "| a | b |\n| --- | --- |\n| 1 | 2 |"},
		"tabs":              {"a.tsv", "a\tb\n1\t2, 3\n", "| a | b |\n| --- | --- |\n| 1 | 2, 3 |"},
		"rows of any width": {"a.csv", "a,b\n1\n2,3,4\n", "| a | b |\n| --- | --- |\n| 1 |\n| 2 | 3 | 4 |"},
	} {
		t.Run(name, func(t *testing.T) {
			got := extractText(t, c.file, c.data)
			if diff := cmp.Diff(c.want, got.Text); diff != "" {
				t.Error(diff)
			}
			if h := got.Blocks[0].Header; h != "| a | b |\n| --- | --- |" {
				t.Errorf("header %q", h)
			}
		})
	}
}

func TestJSONKeepsNamesAndOrder(t *testing.T) {
	got := extractText(t, "a.json", `{"z": "last", "a": {"n": 12345678901234567890, "list": [true, {"k": null}]}}`)
	if diff := cmp.Diff([]string{"paragraph: z: last", "paragraph: a:\n  n: 12345678901234567890\n  list:\n    - true\n    -\n      k:"}, outline(got)); diff != "" {
		t.Error(diff)
	}
}

func TestReasonsSayWhatIsWrong(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	for name, c := range map[string]struct {
		file, data string
		want       ingest.Reason
	}{
		"empty":               {"a.txt", "", ingest.EmptyText},
		"white space":         {"a.md", " \n\t\n", ingest.EmptyText},
		"front matter alone":  {"a.md", "---\ntitle: x\n---\n", ingest.EmptyText},
		"binary as text":      {"a.txt", "\x00\x01\x02\x03abc\x00\x05", ingest.Unsupported},
		"image as PDF":        {"a.pdf", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ingest.Unsupported},
		"text as PDF":         {"a.pdf", "not a document", ingest.Corrupt},
		"broken PDF":          {"a.pdf", "%PDF-1.7\nnothing", ingest.Corrupt},
		"unknown extension":   {"a.xyz", "some text", ingest.Unsupported},
		"old Word document":   {"a.doc", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00", ingest.Unsupported},
		"encrypted package":   {"a.docx", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00", ingest.Encrypted},
		"nested JSON":         {"a.json", deep, ingest.TooDeep},
		"half a JSON value":   {"a.json", `{"a": [1, 2`, ingest.Corrupt},
		"half a package":      {"a.docx", "PK\x03\x04half", ingest.Corrupt},
		"more than the bound": {"a.txt", strings.Repeat("x", 5000), ingest.TooLarge},
		"more runes":          {"a.txt", strings.Repeat("word ", 300), ingest.TooLarge},
		"undefined entity": {"a.docx", docx(t, `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:document xmlns:w="w"><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>`),
			ingest.Corrupt},
		"nested elements": {"a.docx", docx(t, `<document><body>`+strings.Repeat("<sdt>", 70)+strings.Repeat("</sdt>", 70)+`</body></document>`), ingest.TooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			o := extract.Options{MaxDepth: 60}
			if c.want == ingest.TooLarge {
				o.MaxBytes, o.MaxRunes = 4000, 1000
			}
			got, err := newRegistry(t, o).Extract(t.Context(), ingest.Input{Name: c.file, Data: []byte(c.data)})
			var f *ingest.Failure
			if !errors.As(err, &f) || f.Reason != c.want {
				t.Errorf("got %v and %q, want reason %s", err, got.Text, c.want)
			}
		})
	}
}

func TestUnclaimedTypesAreNotOpened(t *testing.T) {
	r := newRegistry(t, extract.Options{})
	for name, want := range map[string]bool{
		"a.md": true, "A.PDF": true, "x/y.Docx": true, "a.jsonl": true, "main.go": true, "a.doc": true,
		"a.png": false, "a.exe": false, "Makefile": false, ".gitignore": false, "a": false,
	} {
		if got := r.Claims(name); got != want {
			t.Errorf("Claims(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestDeclaredTypeDecidesWhereTheNameDoesNot(t *testing.T) {
	r := newRegistry(t, extract.Options{})
	got, err := r.Extract(t.Context(), ingest.Input{Name: "page", MIME: "text/html; charset=iso-8859-2",
		Data: []byte("<p>Wn\xeatrze \xb6wiata</p>")})
	if err != nil || got.Format != "html" || got.Text != "Wnętrze świata" {
		t.Errorf("got %s %q, %v", got.Format, got.Text, err)
	}
}

func TestWordDocumentGivesWhatIsReadOnPaper(t *testing.T) {
	got := extractText(t, "a.docx", docx(t, `<w:document xmlns:w="w" xmlns:mc="mc"><w:body>
		<w:p><w:pPr><w:pStyle w:val="Kop1"/></w:pPr><w:r><w:t>Lease</w:t></w:r></w:p>
		<w:p><w:r><w:t xml:space="preserve">The rent is </w:t></w:r><w:del><w:r><w:delText>four</w:delText></w:r></w:del><w:ins><w:r><w:t>five</w:t></w:r></w:ins>
			<w:r><w:t> crowns</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>
			<w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice>
			<mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>
		<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="7"/></w:numPr></w:pPr><w:hyperlink><w:r><w:t>one</w:t></w:r></w:hyperlink></w:p>
		<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>below</w:t></w:r></w:p>
		<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>two</w:t></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>Wide</w:t></w:r></w:p></w:tc></w:tr>
			<w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
		</w:body></w:document>`))
	want := []string{
		"heading: # Lease",
		"paragraph: The rent is five crowns[^2]", "paragraph: In a box",
		"list: I. one", "list: - below", "list: II. two",
		"table: | Wide | |\n| --- | --- |\n| a | b |",
		"paragraph: [^2]: A note.",
	}
	if diff := cmp.Diff(want, outline(got)); diff != "" {
		t.Error(diff)
	}
	if got.Title != "The lease" {
		t.Errorf("title %q", got.Title)
	}
}

// docx packs a document part with the other parts that the tests need.
func docx(t testing.TB, document string) string {
	return packed(t, map[string]string{
		"word/document.xml": document,
		"docProps/core.xml": `<cp:coreProperties xmlns:cp="cp" xmlns:dc="dc"><dc:title>The lease</dc:title></cp:coreProperties>`,
		"word/styles.xml": `<w:styles xmlns:w="w"><w:style w:styleId="Base"><w:name w:val="heading 1"/></w:style>
			<w:style w:styleId="Kop1"><w:name w:val="Kop"/><w:basedOn w:val="Base"/></w:style></w:styles>`,
		"word/numbering.xml": `<w:numbering xmlns:w="w"><w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/></w:lvl>
			<w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum><w:num w:numId="7"><w:abstractNumId w:val="1"/></w:num></w:numbering>`,
		"word/footnotes.xml": `<w:footnotes xmlns:w="w"><w:footnote w:id="0" w:type="separator"><w:p><w:r><w:t>rule</w:t></w:r></w:p></w:footnote>
			<w:footnote w:id="2"><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
	})
}

// packed is a zip package of parts.
func packed(t testing.TB, parts map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range parts {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInterruptedPDFLeavesTheNextOneWhole(t *testing.T) {
	pdf, err := os.ReadFile(filepath.Join("testdata", "two-pages.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	r := newRegistry(t, extract.Options{PDFEngines: 1})
	in := ingest.Input{Name: "a.pdf", Data: pdf}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Extract(cancelled, in); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	hasty := newRegistry(t, extract.Options{Timeout: time.Nanosecond})
	if _, err := hasty.Extract(t.Context(), in); ingest.ReasonOf(err) != ingest.Timeout {
		t.Errorf("hasty: %v, want %s", err, ingest.Timeout)
	}
	for range 2 {
		got, err := r.Extract(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		var pages []int
		for _, b := range got.Blocks {
			pages = append(pages, b.Page)
		}
		if diff := cmp.Diff([]int{1, 2}, pages); diff != "" || got.Pages != 2 || got.Title != "Two pages" {
			t.Errorf("title %q, %d pages: %s", got.Title, got.Pages, diff)
		}
	}
}
