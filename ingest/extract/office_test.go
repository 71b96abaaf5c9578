package extract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"ragway/ingest"
	"ragway/ingest/extract"
)

func officeText(t *testing.T, name, data string) string {
	t.Helper()
	got, err := newRegistry(t, extract.Options{}).Extract(t.Context(), ingest.Input{Name: name, Data: []byte(data)})
	if err != nil {
		t.Fatal(err)
	}
	checkForm(t, got)
	return got.Text
}

func TestRichText(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"unicode with its fallback": {`{\rtf1\uc1 caf\u233 ?, \u-10179 ?\u-8704 ?.}`, "café, 😀."},
		"two signs of fallback":     {`{\rtf1\uc2 a\u8364 EUb}`, "a€b"},
		"fallback in another group": {`{\rtf1\uc1 a\u8364 {\b b}c}`, "a€bc"},
		"code page of the document": {`{\rtf1\ansicpg1251 \'cf\'f0\'e8}`, "При"},
		"code page of the font":     {`{\rtf1{\fonttbl{\f0 A;}{\f1\fcharset128 B;}}\f1 \'93\'fa\'96\'7b\f0  x}`, "日本 x"},
		"signs":                     {`{\rtf1 a\~b\_c\-d\{e\}\\ \emdash\ldblquote x\rdblquote}`, `a b-cd{e}\ —“x”`},
		"binary data":               {"{\\rtf1 a{\\pict\\bin5 }{}\\x}b}", "ab"},
		"hidden and deleted":        {`{\rtf1 a{\v b}\v c\v0 d{\deleted e}f}`, "adf"},
		"field":                     {`{\rtf1 see {\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt here}}.}`, "see here."},
		"unknown group":             {`{\rtf1 a{\*\strange b}c{\header d}e}`, "ace"},
		"heading by style":          {`{\rtf1{\stylesheet{\s1 heading 2;}}\pard\s1 A\par\pard b\par}`, "## A\n\nb"},
		"heading by level":          {`{\rtf1\pard\outlinelevel0 A\par\pard b\par}`, "# A\n\nb"},
		"list":                      {`{\rtf1{\listtext\'b7\tab}a\par{\listtext 2.\tab}b\par\pard c\par}`, "- a\n2. b\n\nc"},
		"table":                     {`{\rtf1\trowd\intbl a\par b\cell c\cell\row\intbl d\cell e\cell\row\pard f\par}`, "| a b | c |\n| --- | --- |\n| d | e |\n\nf"},
		"footnote":                  {`{\rtf1 a{\super{\footnote\pard b}}c\par d}`, "a[^1]c\n\n[^1]: b\n\nd"},
		"text twice":                {`{\rtf1 a{\upr{x}{\*\ud{y}}}b}`, "ayb"},
		"unbalanced":                {`{\rtf1 a}}} b{{{`, "a b"},
		"cut off":                   {`{\rtf1 a\'f`, "af"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, officeText(t, "a.rtf", tt.in)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRichTextSaysWhatItIs(t *testing.T) {
	in := `{\rtf1{\info{\title A {\b B}}{\author Ann}{\creatim\yr2024\mo3\dy8}}text}`
	got, err := newRegistry(t, extract.Options{}).Extract(t.Context(), ingest.Input{Name: "a.rtf", Data: []byte(in)})
	if err != nil || got.Title != "A B" || got.Metadata["author"] != "Ann" || got.Metadata["date"] != "2024-03-08" {
		t.Errorf("title %q, fields %v, %v", got.Title, got.Metadata, err)
	}
}

func openDocument(t testing.TB, kind, body string) string {
	return zipOf(t, entry{"mimetype", "application/vnd.oasis.opendocument." + kind},
		entry{"content.xml", `<document-content xmlns:text="t" xmlns:table="a" xmlns:draw="d" xmlns:office="o"><office:body>` + body + `</office:body></document-content>`})
}

func TestOpenDocument(t *testing.T) {
	tests := map[string]struct{ kind, in, want string }{
		"text": {"text", `<office:text><text:h text:outline-level="2">A<text:s text:c="2"/>b</text:h><text:p>c
			<text:span>d</text:span><text:line-break/>e<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>f</text:p></text:note-body></text:note></text:p>
			<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:p>g<office:annotation><text:p>remark</text:p></office:annotation></text:p></office:text>`,
			"## A b\n\nc d\ne[^1]\n\n[^1]: f\n\ng"},
		"list": {"text", `<office:text><text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item></text:list></text:list-item>
			<text:list-item><text:p>c</text:p></text:list-item></text:list><text:p>d</text:p></office:text>`, "- a\n- b\n- c\n\nd"},
		"table": {"text", `<office:text><table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell/></table:table-row></table:table-header-rows>
			<table:table-row><table:covered-table-cell/><table:table-cell table:number-columns-repeated="99999"><text:p>b</text:p></table:table-cell></table:table-row></table:table></office:text>`,
			"| a | |\n| --- | --- |\n| |" + strings.Repeat(" b |", 256)},
		"sheet": {"spreadsheet", `<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell><text:p>cap</text:p></table:table-cell></table:table-row>
			<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
			<table:table-row><table:table-cell/><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`,
			"# S\n\ncap\n\n| a | b |\n| --- | --- |"},
		"slides": {"presentation", `<office:presentation><draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>T</text:p></draw:text-box></draw:frame>
			<draw:frame presentation:class="page-number"><draw:text-box><text:p>1</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box><text:p>x</text:p></draw:text-box></draw:frame></draw:page></office:presentation>`,
			"# T\n\nx"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, officeText(t, "a.bin", openDocument(t, tt.kind, tt.in))); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

const rel = `<Relationships><Relationship Id="r1" Type="x/slide" Target="slides/b.xml"/><Relationship Id="r2" Type="x/slide" Target="/ppt/slides/a.xml"/></Relationships>`

// presentation shows slide b and then slide a.
func presentation(t testing.TB, a, b string) string {
	slide := func(s string) string {
		return `<p:sld xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree>` + s + `</p:spTree></p:cSld></p:sld>`
	}
	return zipOf(t, entry{"ppt/presentation.xml", `<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId id="9" r:id="r1"/><p:sldId id="r2" r:id="r2"/></p:sldIdLst></p:presentation>`},
		entry{"ppt/_rels/presentation.xml.rels", rel}, entry{"ppt/slides/a.xml", slide(a)}, entry{"ppt/slides/b.xml", slide(b)})
}

func box(x, y, text string) string {
	return `<p:sp><p:spPr><a:xfrm><a:off x="` + x + `" y="` + y + `"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>` + text + `</a:t></a:r></a:p></p:txBody></p:sp>`
}

func TestSlidesReadInOrder(t *testing.T) {
	title := `<p:sp><p:nvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>T</a:t></a:r></a:p></p:txBody></p:sp>`
	number := `<p:sp><p:nvSpPr><p:nvPr><p:ph type="sldNum"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:fld><a:t>7</a:t></a:fld></a:p></p:txBody></p:sp>`
	group := `<p:grpSp><p:grpSpPr><a:xfrm><a:off x="0" y="5000000"/></a:xfrm></p:grpSpPr>` + box("9", "9", "g1") + box("1", "1", "g2") + `</p:grpSp>`
	got := officeText(t, "a.pptx", presentation(t, box("0", "0", "second"), group+box("5000000", "1000000", "right")+box("0", "1010000", "left")+number+title))
	want := "# T\n\nleft\n\nright\n\ng1\n\ng2\n\nsecond"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestWorkbookShowsWhatCellsShow(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	percent, err := f.NewStyle(&excelize.Style{NumFmt: 10})
	if err != nil {
		t.Fatal(err)
	}
	for cell, v := range map[string]any{"B2": "caption", "B3": "name", "D3": "share", "B4": "x", "D4": 0.125, "B6": "other", "C6": true} {
		if err := f.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellStyle("Sheet1", "D4", "D4", percent); err != nil {
		t.Fatal(err)
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	want := "# Sheet1\n\ncaption\n\n| name | share |\n| --- | --- |\n| x | 12.50% |\n\n| other | TRUE |\n| --- | --- |"
	if diff := cmp.Diff(want, officeText(t, "a.xlsx", b.String())); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestOldNamesOfWhatIsReadHere(t *testing.T) {
	for in, want := range map[string]string{`{\rtf1 text}`: "text", "<html><body><p>text</p></body></html>": "text"} {
		if got := officeText(t, "a.doc", in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestOldFormatsSayWhatToDo(t *testing.T) {
	old := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + string(wide("WordDocument"))
	_, err := newRegistry(t, extract.Options{}).Extract(t.Context(), ingest.Input{Name: "a.doc", Data: []byte(old)})
	if ingest.ReasonOf(err) != ingest.Unsupported || !strings.Contains(err.Error(), "ingest.extractors") {
		t.Errorf("error %v", err)
	}
}

func FuzzRTF(f *testing.F) {
	fuzz(f, "a.rtf", `{\rtf1\ansicpg1251{\fonttbl{\f1\fcharset128 x;}}\f1\'93\'fa\uc2\u-10179 ??{\*\x y}\trowd\intbl a\cell\row\pard b{\footnote c}\par}`,
		`{\rtf1{\stylesheet{\s1 heading 1;}}{\info{\title t}}\s1 a\par{\listtext 1.\tab}b\bin3 }}`, `{\rtf1\u1`)
}

func FuzzOpenDocument(f *testing.F) {
	for _, s := range []string{`<office:text><text:h text:outline-level="9">a</text:h><text:list><text:list-item><text:p>b</text:p></text:list-item></text:list></office:text>`,
		`<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell table:number-columns-repeated="3"><text:p>a</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`,
		`<office:presentation><draw:page><draw:frame presentation:class="title"><text:p>b</text:p></draw:frame></draw:page></office:presentation>`} {
		f.Add(s)
	}
	fuzzPart(f, "a.odt", func(t *testing.T, part string) string { return openDocument(t, "text", part) })
}

func FuzzPPTX(f *testing.F) {
	f.Add(box("1", "2", "text"))
	f.Add(`<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`)
	fuzzPart(f, "a.pptx", func(t *testing.T, part string) string { return presentation(t, part, "") })
}

// fuzzPart mutates one part of a package: mutated zip files hardly ever open.
func fuzzPart(f *testing.F, name string, pack func(*testing.T, string) string) {
	r, err := extract.New(extract.Options{MaxRunes: 1 << 20, MaxPart: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	f.Fuzz(func(t *testing.T, part string) {
		got, err := r.Extract(t.Context(), ingest.Input{Name: name, Data: []byte(pack(t, part))})
		if err == nil {
			checkForm(t, got)
		} else if ingest.ReasonOf(err) == ingest.Internal {
			t.Fatal(err)
		}
	})
}
