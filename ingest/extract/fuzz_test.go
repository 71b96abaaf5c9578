package extract_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ragway/ingest"
	"ragway/ingest/extract"
)

// fuzz holds, for any bytes under a name: no panic, a typed reason or a text in the form
// that Extracted promises.
func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	r, err := extract.New(extract.Options{MaxRunes: 1 << 20, MaxPart: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := r.Extract(context.Background(), ingest.Input{Name: name, Data: data})
		if err == nil {
			checkForm(t, got)
			return
		}
		var failure *ingest.Failure
		if !errors.As(err, &failure) || failure.Reason == ingest.Internal {
			t.Fatal(err)
		}
	})
}

func FuzzMarkdown(f *testing.F) {
	fuzz(f, "a.md", "# A\n\n- b\n  - c\n\n| d | e |\n|--|--|\n| f | g |\n", "```\ncode", "[a](b) ![c](d) <br> &amp; \\*",
		"[^1]\n\n[^1]: note\n", "> > - 1. x\n\ty", "<div>\n\n<!-- x")
}

func FuzzFrontMatter(f *testing.F) {
	fuzz(f, "a.md", "---\ntitle: a\nlist: [1, b]\n---\ntext", "+++\ntitle = \"a\"\ndate = 2024-01-02\n+++\ntext",
		"---\na: &x [1]\nb: *x\n---\ntext", "---\n: :\n---\ntext")
}

func FuzzCSV(f *testing.F) {
	fuzz(f, "a.csv", "a,b\n1,\"2\n3\"\n", "sep=;\na;b\n", "a|b\n\"unclosed", "\"\n", "sep=\"\na\"b")
}

func FuzzText(f *testing.F) {
	fuzz(f, "a.txt", "a \r\n\r\n\r\n b\x1b[31m\u202ec", "\xff\xfea\x00b\x00", "\xe9t\xe9", "a\u2028b\u00a0 \n")
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "a.json", `{"a": [1, {"b": null}], "c": "d"}`, `[[[]]]`, `"s"`, `{"a":`)
}

func FuzzJSONLines(f *testing.F) { fuzz(f, "a.jsonl", "{\"a\":1}\n{\"b\":\"c\"}\n", "1\n\n2", "{}\n{") }

func FuzzHTML(f *testing.F) {
	fuzz(f, "a.html", "<p>a<table><tr><td>b<td>c</table><pre>d\n\n\ne</pre>", "<title>x</title><h1>y</h1>", "<meta charset=koi8-r>\xc1")
}

func FuzzXML(f *testing.F) {
	fuzz(f, "a.xml", `<article><title>t</title><sec><title>u</title><p>a<b>c</b>&amp;&nbsp;</p><li>i</li></sec></article>`,
		`<?xml version="1.0" encoding="koi8-r"?><r><a>1</a><table><tr><td><table><tr><td/></tr></table></td></tr></table></r>`,
		`<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>`, `<html><p>x`, "<a xmlns:b='c'><b:p>t</b:p></a>")
}

func FuzzSubtitles(f *testing.F) {
	fuzz(f, "a.vtt", "WEBVTT\n\nNOTE x\n\nid\n00:01.000 --> 00:02.000 align:left\n<v Ann>Hello <i>you</i> &amp; me\n- dash\n",
		"1\r\n00:00:01,000 --> 00:00:03,500\r\n{\\an8}Text\r\n", "0 --> 1\n<v", "9:9:9:9e9 --> -1\n<<v a>>")
}

func FuzzNotebook(f *testing.F) {
	fuzz(f, "a.ipynb", `{"cells":[{"cell_type":"markdown","source":["# a\n","b"]},{"cell_type":"code","source":"x","outputs":[{"text":["y\n"]},{"data":{"text/plain":"z"}},{"ename":"E","evalue":"v"}]}]}`,
		`{"worksheets":[{"cells":[{"cell_type":"heading","level":9,"source":"h"},{"cell_type":"code","input":"i"}]}]}`, `{"cells":[{}]}`, `{}`)
}

func FuzzCode(f *testing.F) { fuzz(f, "a.go", "package a\n\n\nfunc b() {\n\n\tc()\n}\n\nvar d\n") }

func FuzzMail(f *testing.F) {
	fuzzContainer(f, "a.eml", mailWithTwo, "From: =?koi8-r?B?wQ==?=\nContent-Type: multipart/alternative; boundary=\"b\"\n\n--b\nContent-Type: text/html\n\n<p>x\n--b--",
		"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\nit\n--b--\n", "Subject: a\n b\n\n> q \ntext \nflows\n-- \nme")
}

func FuzzMailbox(f *testing.F) {
	fuzzContainer(f, "a.mbox", "From a Thu Mar 14 09:15:00 2024\nMessage-ID: <a@b>\n\n>From x\n\nFrom b Thu Mar 14 09:15:00 2024\n\ny", "From \n")
}

func FuzzArchive(f *testing.F) {
	fuzzContainer(f, "a.zip", zipOf(f, entry{"a.txt", "x"}, entry{"b.zip", zipOf(f, entry{"c.txt", "y"})}), tarOf(f, entry{"a.txt", "x"}), gzipOf("x"))
}

func FuzzOutlook(f *testing.F) { fuzzContainer(f, "a.msg", outlook(f)) }

// fuzzContainer holds for the members as well that each is a typed reason or can be read,
// and that both passes agree on what there is.
func fuzzContainer(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	r, err := extract.New(extract.Options{MaxRunes: 1 << 20, MaxPart: 1 << 20, MaxUnpacked: 1 << 22, MaxMembers: 1000})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := r.Extract(t.Context(), ingest.Input{Name: name, Data: data})
		if err == nil {
			checkForm(t, got)
		} else if ingest.ReasonOf(err) == ingest.Internal {
			t.Fatal(err)
		}
		for path, content := range expanded(t, r, name, opener(string(data))) {
			if content == "error: "+string(ingest.Internal) {
				t.Errorf("%s: an error without a reason", path)
			}
			if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "../") || strings.Contains(path, "/../") {
				t.Errorf("%s leads out", path)
			}
		}
	})
}

// FuzzDOCX mutates the document part alone: mutated zip files hardly ever open.
func FuzzDOCX(f *testing.F) {
	f.Add(`<w:document xmlns:w="w"><w:body><w:p><w:pPr><w:pStyle w:val="Kop1"/><w:numPr><w:ilvl w:val="9"/><w:numId w:val="7"/></w:numPr></w:pPr><w:r><w:t>a</w:t></w:r></w:p></w:body></w:document>`)
	f.Add(`<document><body><tbl><tr><tc><tbl><tr><tc><p><r><t>x</t></r></p></tc></tr></tbl></tc></tr></tbl></body></document>`)
	r, err := extract.New(extract.Options{MaxRunes: 1 << 20, MaxPart: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, part string) {
		got, err := r.Extract(context.Background(), ingest.Input{Name: "a.docx", Data: []byte(docx(t, part))})
		if err == nil {
			checkForm(t, got)
			return
		}
		if ingest.ReasonOf(err) == ingest.Internal {
			t.Fatal(err)
		}
	})
}

// FuzzEPUB mutates the package document and a chapter.
func FuzzEPUB(f *testing.F) {
	f.Add(`<package><metadata><title>t</title></metadata><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="a"/></spine></package>`,
		`<?xml version="1.0" encoding="utf-16"?><html><head><title/></head><body><a id="x"/><p>text</p></body></html>`)
	f.Add(`<package><manifest><item id="a" href="../../a%2exhtml#f" media-type="text/html"/></manifest><spine><itemref idref="a"/></spine></package>`, `<script/>x<table><tr><td>`)
	r, err := extract.New(extract.Options{MaxRunes: 1 << 20, MaxPart: 1 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, opf, chapter string) {
		got, err := r.Extract(context.Background(), ingest.Input{Name: "a.epub", Data: []byte(epub(t, opf, chapter, nil))})
		if err == nil {
			checkForm(t, got)
			return
		}
		if ingest.ReasonOf(err) == ingest.Internal {
			t.Fatal(err)
		}
	})
}
