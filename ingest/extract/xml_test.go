package extract_test

import (
	"strings"
	"testing"

	"ragway/ingest"
	"ragway/ingest/extract"
)

func TestXMLIsReadByItsVocabulary(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"an article": {
			`<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE article SYSTEM "http://localhost/x.dtd"><article><front><article-title>On <i>Knots</i></article-title></front>
			<body><sec><title>Bends</title><p>A sheet&nbsp;bend<xref>1</xref> joins two ropes.</p><sec><title>Deep</title><list><list-item><p>one</p></list-item><list-item><p>two</p></list-item></list></sec></sec></body></article>`,
			"# On Knots\n\n## Bends\n\nA sheet bend1 joins two ropes.\n\n### Deep\n\n- one\n- two",
		},
		"tables of both kinds": {
			`<d><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><p>1</p></td><td>2</td></tr></tbody></table>
			<informaltable><tgroup cols="2"><tbody><row><entry>x</entry><entry><para>y</para></entry></row></tbody></tgroup></informaltable></d>`,
			"| a | b |\n| --- | --- |\n| 1 | 2 |\n\n| x | y |\n| --- | --- |",
		},
		"data": {
			`<r><row id="1"><name>Ann</name><age>7</age></row><row><name>Bob</name><!-- no --><pets><pet>cat</pet></pets></row></r>`,
			"name: Ann\nage: 7\n\nname: Bob\npet: cat",
		},
		"a feed": {
			`<rss><channel><title>News</title><item><title>Storm</title><description>&lt;p&gt;Ferries &lt;b&gt;stay&lt;/b&gt; in.&lt;/p&gt;</description></item></channel></rss>`,
			"# News\n\n## Storm\n\nFerries stay in.",
		},
		"code":        {`<d><para>Run:</para><screen>a   b` + "\n" + `  c</screen></d>`, "Run:\n\n```\na   b\n  c\n```"},
		"a web page":  {`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body><h1>T</h1><p>text</p></body></html>`, "# T\n\ntext"},
		"mixed words": {`<d>before <x>in</x> after</d>`, "x: in\n\nbefore after"},
	}
	for name, tt := range tests {
		if got := textOf(t, "a.xml", tt.in); got.Text != tt.want {
			t.Errorf("%s: %q, want %q", name, got.Text, tt.want)
		}
	}
}

func TestHostileXMLIsRefused(t *testing.T) {
	tests := map[string]struct {
		in   string
		want ingest.Reason
	}{
		"an external entity": {`<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>`, ingest.Corrupt},
		"a bomb":             {`<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><d>&b;</d>`, ingest.Corrupt},
		"deep":               {strings.Repeat("<a>", 2000) + strings.Repeat("</a>", 2000), ingest.TooDeep},
		"never closed":       {"<a><b>text</b>", ingest.Corrupt},
		"a drawing":          {`<svg xmlns="http://www.w3.org/2000/svg"><text>x</text></svg>`, ingest.Unsupported},
		"nothing":            {"<a><b/></a>", ingest.EmptyText},
	}
	r := newRegistry(t, extract.Options{})
	for name, tt := range tests {
		_, err := r.Extract(t.Context(), ingest.Input{Name: "a.xml", Data: []byte(tt.in)})
		if got := ingest.ReasonOf(err); err == nil || got != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}
